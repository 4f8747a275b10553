import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import sse, { type FastifySseOptions } from '../../lib/index.js'
import { bareApp, type TestApp, testApp } from '../helpers/app.js'
import { connect } from '../helpers/event-stream-client.js'
import { count, counted, job, tick, ticks } from './ticks.js'

const declared = { schema: { response: { 200: ticks } } }
const completes = { schema: { response: { 200: job } } }
const DONE = 'event: done\nid: stream-end\ndata: null\n\n'

/** An answer of a server, whichever way it was asked. */
interface Answer { status: number, type: string | null | undefined, body: string }
type Ask = (path: string, options?: { method?: 'GET' | 'HEAD', headers?: Record<string, string> }) => Promise<Answer>

const ways: Record<string, (server: TestApp) => Promise<Ask>> = {
  inject: async ({ app }) => async (url, options = {}) => {
    const { statusCode, headers, body } = await app.inject({ url, ...options } as InjectOptions)
    return { status: statusCode, type: headers['content-type'] as string | undefined, body }
  },
  'a real server': async ({ listen }) => {
    const { url } = await listen()
    return async (path, options = {}) => {
      const response = await fetch(url + path, options)
      return { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
    }
  }
}

for (const [way, asker] of Object.entries(ways)) {
  t.test(`a root route right after register() without await, by ${way},`, async t => {
    t.test('is validated where it is declared', async t => {
      const server = testApp(t)
      let caught: unknown
      server.app.get('/right', declared, async function * () { yield tick({ n: 1 }) })
      server.app.get('/wrong', declared, async function * () { yield { event: 'tick', data: { n: 'one' } } })
      server.app.get('/caught', declared, async function * () {
        try {
          yield { event: 'tick', data: { n: 'one' } }
        } catch (error) {
          caught = error
        }
        yield { event: 'tick', data: { n: 1, secret: 'x' } }
      })
      const ask = await asker(server)
      t.strictSame(await ask('/right'), { status: 200, type: 'text/event-stream', body: counted(1) })
      const { status, type, body } = await ask('/wrong')
      t.equal(status, 500)
      t.equal(type, 'application/json; charset=utf-8')
      t.equal(JSON.parse(body).code, 'FST_ERR_SSE_INVALID_EVENT')
      t.equal((await ask('/caught')).body, counted(1), 'what is not declared is dropped')
      t.match(caught, { code: 'FST_ERR_SSE_INVALID_EVENT' })
    })

    t.test('streams where it is not declared', async t => {
      const server = testApp(t)
      server.app.get('/', async function * () {
        yield { data: 'one' }
        yield { event: 'two', data: { n: 2 }, id: 2 }
      })
      const ask = await asker(server)
      t.strictSame(await ask('/'), {
        status: 200, type: 'text/event-stream', body: 'retry: 2000\ndata: one\n\nevent: two\nid: 2\ndata: {"n":2}\n\n'
      })
    })

    t.test('takes its options from config.sse', async t => {
      const server = testApp(t, { retryMs: 1 })
      server.app.get('/', { ...declared, config: { sse: { retryMs: 7 } } }, () => count(1))
      server.app.get('/stop', { config: { sse: { onComplete: 'stop' } } }, async function * () { yield { data: 'all' } })
      server.app.get('/wrong', { config: { sse: { retryMs: -1 } } }, () => count(1))
      const ask = await asker(server)
      t.equal((await ask('/')).body, counted(1).replace('2000', '7'))
      t.equal((await ask('/stop')).body, 'retry: 1\ndata: all\n\nevent: stream-end\nid: stream-end\ndata: \n\n')
      t.equal((await ask('/stop', { headers: { 'last-event-id': 'stream-end' } })).status, 204)
      const { status, body } = await ask('/wrong')
      t.equal(status, 500)
      t.match(JSON.parse(body), { code: 'FST_ERR_SSE_OPTION_INVALID', message: /^GET \/wrong: option retryMs should be/ })
    })

    for (const [what, handler] of Object.entries({
      'a generator': async function * () {
        yield tick({ n: 1 })
        yield job.event.done()
      },
      'reply.sse': (_request: unknown, reply: { sse: { send: (event: unknown) => unknown } }) => {
        reply.sse.send(tick({ n: 1 }))
        reply.sse.send(job.event.done())
        return reply.sse
      },
      'reply.sse that it does not return': async (_request: unknown, reply: { sse: { send: (event: unknown) => unknown } }) => {
        reply.sse.send(tick({ n: 1 }))
        reply.sse.send(job.event.done())
      },
      'reply.sse.sendAll': (_request: unknown, reply: { sse: { sendAll: (source: unknown) => unknown } }) => {
        reply.sse.sendAll((async function * () {
          yield tick({ n: 1 })
          yield job.event.done()
        })())
        return reply.sse
      }
    })) {
      t.test(`with ${what} answers HEAD, a refused media type and the end marker as any other`, async t => {
        const server = testApp(t)
        server.app.get('/', completes, handler as () => unknown)
        const ask = await asker(server)
        t.strictSame(await ask('/'), { status: 200, type: 'text/event-stream', body: counted(1) + DONE })
        t.strictSame(await ask('/', { method: 'HEAD' }), { status: 200, type: 'text/event-stream', body: '' })
        t.equal((await ask('/', { headers: { accept: 'application/json' } })).status, 406)
        t.equal((await ask('/', { method: 'HEAD', headers: { accept: 'application/json' } })).status, 406)
        const { status, body } = await ask('/', { headers: { 'last-event-id': 'stream-end' } })
        t.equal(status, 204)
        t.equal(body, '')
        t.strictSame(server.logs.filter(({ level }) => level >= 40), [], 'nothing is answered twice')
      })
    }
  })
}

t.test('registrations of sibling scopes do not touch each other', async t => {
  const server = bareApp(t)
  const { app, closed } = server
  app.get('/outside', async function * () { yield tick({ n: 1 }) })
  for (const [name, options] of Object.entries({ a: { retryMs: 1 }, b: { retryMs: 2, commitAfterMs: 0 }, c: { heartbeatMs: 20 } })) {
    app.register(async scope => {
      scope.register(sse, options)
      scope.get('/early', declared, () => count(1))
      await scope.after()
      scope.get('/late', declared, () => count(1))
      scope.get('/own', { ...declared, sse: { retryMs: 9 } }, () => count(1))
      if (name === 'c') {
        scope.get('/quiet', declared, async function * (_request, reply) {
          yield tick({ n: 1 })
          await once(reply.sse.signal, 'abort')
        })
      }
    }, { prefix: `/${name}` })
  }
  for (const [url, retryMs] of Object.entries({
    '/a/early': 1, '/a/late': 1, '/a/own': 9, '/b/early': 2, '/b/late': 2, '/b/own': 9, '/c/late': 2000
  })) {
    t.equal((await app.inject(url)).body, counted(1).replace('2000', String(retryMs)), url)
  }
  t.equal((await app.inject('/outside')).body, '{}', 'the plugin is not there')

  // All of them end their streams when the server closes.
  const { url } = await server.listen()
  const response = await connect(t, `${url}/c/quiet`)
  const [body] = await Promise.all([text(response), app.close()])
  t.match(body, /^retry: 2000\nevent: tick\ndata: {"n":1}\n\n(:\n)*retry: \d{4}\n$/)
  t.match(await closed(7), { reason: 'shutdown', route: 'GET /c/quiet' })
})

t.test('a registration in a child scope overrides the options there, whole', async t => {
  const { app } = bareApp(t)
  app.register(sse, { retryMs: 1, onComplete: 'stop' })
  app.get('/early', () => count(1))
  app.register(async child => {
    child.register(sse, { retryMs: 2 })
    child.get('/early', () => count(1))
    child.register(async grandchild => {
      grandchild.get('/', () => count(1))
      grandchild.register(async last => {
        last.register(sse, { retryMs: 3 })
        last.get('/last', () => count(1))
      })
    }, { prefix: '/grandchild' })
  }, { prefix: '/child' })
  app.after(() => { app.get('/late', () => count(1)) })

  const END = 'event: stream-end\nid: stream-end\ndata: \n\n'
  for (const [url, retryMs, end] of [
    ['/early', 1, END], ['/late', 1, END], ['/child/early', 2, ''], ['/child/grandchild', 2, ''], ['/child/grandchild/last', 3, '']
  ] as const) {
    t.equal((await app.inject(url)).body, counted(1).replace('2000', String(retryMs)) + end, url)
  }
})

t.test('a registration in a child scope works before the one of the root', async t => {
  for (const awaited of [true, false]) {
    const { app, closed } = bareApp(t)
    const child = app.register(async child => {
      child.register(sse, { retryMs: 1 })
      child.get('/child', declared, () => count(1))
    })
    if (awaited) await child
    const root = app.register(sse, { retryMs: 2 })
    if (awaited) await root
    app.get('/root', declared, () => count(1))
    t.equal((await app.inject('/child')).body, counted(1).replace('2000', '1'))
    t.equal((await app.inject('/root')).body, counted(1).replace('2000', '2'))
    t.match(await closed(1), { reason: 'complete' })
  }
})

t.test('a second registration in one scope is refused', async t => {
  const scopes: Record<string, (t: Test, options: FastifySseOptions) => TestApp> = {
    'the root': (t, options) => {
      const server = testApp(t)
      server.app.register(sse, options)
      return server
    },
    'a child scope': (t, options) => {
      const server = bareApp(t)
      server.app.register(async child => {
        child.register(sse)
        child.register(sse, options)
      })
      return server
    }
  }
  for (const [where, register] of Object.entries(scopes)) {
    for (const options of [{}, { retryMs: 1 }]) {
      await t.rejects(async () => { await register(t, options).app.ready() }, { code: 'FST_ERR_SSE_ALREADY_REGISTERED' }, where)
    }
  }
})
