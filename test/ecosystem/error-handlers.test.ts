import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import sse from '../../lib/index.js'
import { loadedApp, type TestApp, testApp } from '../helpers/app.js'
import { connect, eventsOf } from '../helpers/event-stream-client.js'
import { count, counted, job, tick, ticks } from './ticks.js'

const declared = { schema: { response: { 200: ticks } } }
const JSON_TYPE = 'application/json; charset=utf-8'

// A route may be declared before the plugin has loaded, right after a register() without await, or after it.
const moments: Record<string, (t: Test) => TestApp | Promise<TestApp>> = { before: testApp, after: loadedApp }

for (const [moment, makeApp] of Object.entries(moments)) {
  t.test(`setErrorHandler answers with an object for a route declared ${moment} the plugin has loaded`, async t => {
    const handlers: Record<string, (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => unknown> = {
      'that sends': (error, _request, reply) => { reply.code(error.statusCode ?? 500).send({ told: error.message }) },
      'that returns': (error, _request, reply) => {
        reply.code(error.statusCode ?? 500)
        return { told: error.message }
      },
      'that waits and returns': async (error, _request, reply) => {
        await turn()
        reply.code(error.statusCode ?? 500)
        return { told: error.message }
      },
      'that waits, sends and returns the reply': async (error, _request, reply) => {
        await turn()
        return reply.code(error.statusCode ?? 500).send({ told: error.message })
      }
    }
    for (const [kind, handler] of Object.entries(handlers)) {
      t.test(kind, async t => {
        const { app, logs } = await makeApp(t)
        app.setErrorHandler(handler)
        const failure = Object.assign(new Error('no upstream'), { statusCode: 502 })
        app.get('/generator', declared, async function * () { throw failure })
        app.get('/later', declared, async function * () {
          await turn()
          throw failure
        })
        app.get('/handler', declared, async () => { throw failure })
        app.get('/sync', declared, () => { throw failure })
        app.get('/sent', declared, (_request, reply) => { reply.send(failure) })
        app.get('/inside', declared, async function * (_request, reply) { reply.send(failure) })
        app.get('/sink', declared, async (_request, reply) => {
          await reply.sse.sendAll((async function * () { throw failure })())
        })
        app.get('/typed', declared, async function * (_request, reply) {
          reply.type('text/event-stream').header('x-kept', 'yes')
          throw failure
        })
        for (const url of ['/generator', '/later', '/handler', '/sync', '/sent', '/inside', '/sink', '/typed']) {
          const { statusCode, headers, body } = await app.inject(url)
          t.equal(statusCode, 502, url)
          t.equal(headers['content-type'], JSON_TYPE, url)
          t.notOk('x-accel-buffering' in headers, url)
          t.equal(body, '{"told":"no upstream"}', url)
        }
        t.strictSame(logs.filter(({ level }) => level >= 40), [], 'nothing is answered twice')
      })
    }
  })

  t.test(`setErrorHandler gets what the plugin refuses on a route declared ${moment} it has loaded`, async t => {
    const { app } = await makeApp(t)
    app.setErrorHandler((error: FastifyError, _request, reply) => {
      reply.code(error.statusCode ?? 500).send({ code: error.code })
    })
    app.get('/invalid', declared, async function * () { yield { event: 'tick', data: { n: 'one' } } })
    app.get('/unknown', declared, async function * () { yield { event: 'tock', data: null } })
    app.get('/object', declared, (): unknown => ({ n: 1 }))
    app.get('/final', { schema: { response: { 200: job } } }, async function * () {})
    app.get('/undefined', declared, async function * () { await Promise.reject(undefined) }) // eslint-disable-line prefer-promise-reject-errors
    for (const [url, statusCode, code] of [
      ['/invalid', 500, 'FST_ERR_SSE_INVALID_EVENT'],
      ['/unknown', 500, 'FST_ERR_SSE_UNKNOWN_EVENT'],
      ['/object', 500, 'FST_ERR_SSE_NOT_ITERABLE'],
      ['/final', 500, 'FST_ERR_SSE_FINAL_MISSING'],
      ['/undefined', 500, 'FST_ERR_SSE_SOURCE_FAILED']
    ] as const) {
      const response = await app.inject(url)
      t.equal(response.statusCode, statusCode, url)
      t.strictSame(response.json(), { code }, url)
    }
    const refused = await app.inject({ url: '/invalid', headers: { accept: 'application/json' } })
    t.equal(refused.statusCode, 406)
    t.equal(refused.headers['content-type'], JSON_TYPE)
    t.strictSame(refused.json(), { code: 'FST_ERR_SSE_NOT_ACCEPTABLE' })
  })
}

t.test('an error handler that fails leaves it to the next', async t => {
  const { app } = await loadedApp(t)
  app.setErrorHandler((error: Error, _request, reply) => { reply.code(418).send({ outer: error.message }) })
  app.register(async child => {
    child.setErrorHandler(async () => { throw new Error('in the handler') })
    child.get('/', declared, async function * () { throw new Error('in the generator') })
  })
  const { statusCode, body } = await app.inject('/')
  t.equal(statusCode, 418)
  t.equal(body, '{"outer":"in the handler"}')
})

t.test('an error handler answers one request with a stream of its own never', async t => {
  const { app } = await loadedApp(t)
  app.setErrorHandler(async () => count(1))
  app.get('/', declared, async function * () { throw new Error('in the generator') })
  const { statusCode, headers } = await app.inject('/')
  t.equal(statusCode, 500)
  t.equal(headers['content-type'], JSON_TYPE)
})

t.test('the error handler is not asked for what fails after the response has begun', async t => {
  const { app, listen, closed } = await loadedApp(t)
  app.setErrorHandler(() => { t.fail('there is nothing to answer any more') })
  app.get('/', declared, async function * () {
    yield tick({ n: 1 })
    await turn()
    throw new Error('half-way')
  })
  const { url } = await listen()
  await t.rejects(text(await connect(t, url)), { code: 'ECONNRESET' })
  t.match(await closed(), { reason: 'error', events: 1 })
})

t.test('setNotFoundHandler answers where there is no stream', async t => {
  for (const plugin of ['before', 'after']) {
    const { app } = await (plugin === 'before' ? loadedApp(t) : testApp(t))
    app.setNotFoundHandler((request, reply) => { reply.code(404).send({ missing: request.url }) })
    app.get('/', declared, () => count(1))
    app.get('/called', declared, (_request, reply) => { reply.callNotFound() })
    app.get('/called-inside', declared, async function * (_request, reply) { reply.callNotFound() })
    for (const url of ['/none', '/called', '/called-inside']) {
      for (const headers of [{}, { accept: 'text/event-stream' }]) {
        const response = await app.inject({ url, headers })
        t.equal(response.statusCode, 404, url)
        t.equal(response.headers['content-type'], JSON_TYPE, url)
        t.equal(response.body, `{"missing":"${url}"}`, url)
      }
    }
    t.equal((await app.inject('/')).body, counted(1))
    t.equal((await app.inject({ method: 'POST', url: '/' })).statusCode, 404)
  }
})

t.test('setNotFoundHandler may itself be asynchronous, have hooks, and differ by prefix', async t => {
  const { app } = await loadedApp(t)
  app.register(async child => {
    child.setNotFoundHandler({ preHandler: async (_request: FastifyRequest, reply: FastifyReply) => { reply.header('x-hook', 'yes') } }, async (_request, reply) => {
      await turn()
      reply.code(410)
      return { gone: true }
    })
    child.get('/stream', declared, () => count(1))
  }, { prefix: '/child' })
  const gone = await app.inject('/child/none')
  t.equal(gone.statusCode, 410)
  t.equal(gone.headers['x-hook'], 'yes')
  t.strictSame(gone.json(), { gone: true })
  t.match((await app.inject('/none')).json(), { statusCode: 404 })
  t.equal((await app.inject('/child/stream')).body, counted(1))
})

t.test('a server without the plugin in its root has its own errors', async t => {
  const { app, listen } = testApp(t)
  app.register(async child => {
    await child.register(sse, { retryMs: 1 })
    child.setErrorHandler((error: Error, _request, reply) => { reply.code(500).send({ child: error.message }) })
    child.get('/fails', declared, async function * () { throw new Error('in the child') })
    child.get('/open', declared, async function * (_request, reply) {
      yield tick({ n: 1 })
      await once(reply.sse.signal, 'abort')
    })
  }, { prefix: '/child' })
  app.get('/fails', declared, async function * () { throw new Error('in the root') })
  const { url } = await listen()
  t.strictSame(await (await fetch(`${url}/child/fails`)).json(), { child: 'in the child' })
  t.match(await (await fetch(`${url}/fails`)).json(), { message: 'in the root', statusCode: 500 })
  const response = await connect(t, `${url}/child/open`)
  t.equal((await eventsOf(response).next()).value?.data, '{"n":1}')
})
