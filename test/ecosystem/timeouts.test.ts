import { once } from 'node:events'
import { connect, constants } from 'node:http2'
import { text } from 'node:stream/consumers'
import { setTimeout as timeout } from 'node:timers/promises'
import type { FastifyServerOptions } from 'fastify'
import t from 'tap'
import type { FastifySseOptions } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { connect as get } from '../helpers/event-stream-client.js'
import { needsHandlerTimeout } from '../helpers/fastify-features.js'
import { RawClient } from '../helpers/raw-client.js'
import { counted, tick, ticks } from './ticks.js'

const declared = { schema: { response: { 200: ticks } } }

/** What the server may wait for, in milliseconds, and how long the streams below take. */
const TIMEOUT = 200
const LONG = 600

/** Streams that take much longer than any timeout of the server. */
const streams: Record<string, { source: () => AsyncGenerator<unknown>, options?: FastifySseOptions, body: RegExp | string }> = {
  busy: {
    source: async function * () {
      for (let n = 1; n <= 20; n++) {
        yield tick({ n })
        await timeout(LONG / 20)
      }
    },
    body: counted(20)
  },
  'quiet with heartbeats': {
    source: async function * () {
      yield tick({ n: 1 })
      await timeout(LONG)
    },
    options: { heartbeatMs: 20 },
    body: new RegExp(`^${counted(1)}(:\\n){2,}$`)
  },
  'quiet without a sign': {
    source: async function * () {
      yield tick({ n: 1 })
      await timeout(LONG)
    },
    options: { heartbeatMs: Infinity },
    body: counted(1)
  },
  'slow to begin, with its head out': {
    source: async function * () {
      await timeout(LONG)
      yield tick({ n: 1 })
    },
    options: { heartbeatMs: Infinity, commitAfterMs: 0 },
    body: counted(1)
  }
}

const timeouts: Record<string, FastifyServerOptions> = {
  handlerTimeout: { handlerTimeout: TIMEOUT },
  connectionTimeout: { connectionTimeout: TIMEOUT },
  'both timeouts': { handlerTimeout: TIMEOUT, connectionTimeout: TIMEOUT }
}

for (const [name, server] of Object.entries(timeouts)) {
  t.test(`${name} of the server does not cut a stream`, 'handlerTimeout' in server ? needsHandlerTimeout : {}, async t => {
    for (const [kind, { source, options, body }] of Object.entries(streams)) {
      t.test(`that is ${kind}`, async t => {
        const { app, listen, logs, closed } = await loadedApp(t, options, server)
        const responded = deferred()
        app.addHook('onTimeout', async () => { t.fail('the connection times out') })
        app.addHook('onResponse', async () => { responded.resolve() })
        app.get('/', declared, source)
        app.get('/sink', declared, (_request, reply) => {
          reply.sse.sendAll(source() as never)
          return reply.sse
        })
        const { url } = await listen()
        await Promise.all(['', '/sink'].map(async path => {
          const response = await get(t, url + path)
          t.equal(response.statusCode, 200)
          t.match(await text(response), body)
          t.ok(response.complete)
        }))
        t.match([await closed(0), await closed(1)], [{ reason: 'complete' }, { reason: 'complete' }])
        await responded.promise
        t.strictSame(logs.filter(({ level }) => level >= 40), [])
      })
    }
  })
}

t.test('handlerTimeout still ends what hangs before a stream has begun', needsHandlerTimeout, async t => {
  const hanging: Record<string, (signal: AbortSignal) => unknown> = {
    'a generator': async function * (signal) {
      await once(signal, 'abort')
      yield tick({ n: 1 })
    },
    'an async handler': async signal => { await once(signal, 'abort') }
  }
  for (const [what, hang] of Object.entries(hanging)) {
    const { app, listen, closed } = await loadedApp(t, { commitAfterMs: Infinity }, { handlerTimeout: 50 })
    const stopped = deferred()
    app.get('/', declared, (_request, reply) => {
      const { signal } = reply.sse
      signal.addEventListener('abort', () => { stopped.resolve() })
      return hang(signal)
    })
    const { url } = await listen()
    const response = await get(t, url)
    t.equal(response.statusCode, 503, what)
    t.match(JSON.parse(await text(response)), { code: 'FST_ERR_HANDLER_TIMEOUT' }, what)
    await stopped.promise
    if (what === 'a generator') t.match(await closed(), { reason: 'error', events: 0 })
  }
})

t.test('handlerTimeout does not cut a stream that begins shortly before it', needsHandlerTimeout, async t => {
  const { app, listen } = await loadedApp(t, { commitAfterMs: Infinity }, { handlerTimeout: 2_000 })
  app.get('/', declared, async function * () {
    await timeout(1_600)
    yield tick({ n: 1 })
    await timeout(600)
    yield tick({ n: 2 })
  })
  const { url } = await listen()
  t.equal(await text(await get(t, url)), counted(2))
})

t.test('a route with a handlerTimeout of its own may stream for longer', needsHandlerTimeout, async t => {
  const { app, listen } = await loadedApp(t)
  app.get('/', { ...declared, handlerTimeout: 50 }, async function * () {
    for (let n = 1; n <= 4; n++) {
      yield tick({ n })
      await timeout(50)
    }
  })
  const { url } = await listen()
  t.equal(await text(await get(t, url)), counted(4))
})

t.test('after its stream, a connection has its connectionTimeout again', async t => {
  const { app, listen } = await loadedApp(t, { heartbeatMs: Infinity }, { connectionTimeout: TIMEOUT })
  app.get('/', declared, async function * () {
    yield tick({ n: 1 })
    await timeout(LONG)
  })
  app.get('/hang', async () => { await deferred().promise })
  const timedOut: string[] = []
  app.addHook('onTimeout', async ({ url }) => { timedOut.push(url) })
  const { port } = await listen()
  const client = new RawClient(t, port)
  client.request('/')
  await client.until(({ isComplete }) => isComplete)
  t.equal(client.body, counted(1))
  client.request('/hang')
  await client.until(({ ended }) => ended !== undefined)
  t.strictSame(timedOut, ['/hang'])
})

t.test('two streams in a row on one connection outlast its connectionTimeout', async t => {
  const { app, listen } = await loadedApp(t, { heartbeatMs: Infinity }, { connectionTimeout: TIMEOUT })
  app.get('/', declared, async function * () {
    yield tick({ n: 1 })
    await timeout(LONG)
  })
  const { port } = await listen()
  const client = new RawClient(t, port)
  // The second is asked for before the first has been answered.
  client.request('/').request('/')
  await client.until(({ text }) => text.split('\r\n0\r\n\r\n').length === 3)
  t.equal(client.ended, undefined)
})

t.test('the timeouts of HTTP/2 do not cut a stream, and are there again after the last of a connection', async t => {
  const { app, listen, closed } = await loadedApp(t, { heartbeatMs: Infinity }, {
    http2: true, http2SessionTimeout: TIMEOUT, connectionTimeout: TIMEOUT
  } as FastifyServerOptions)
  app.get('/:ms', declared, async function * (request) {
    yield tick({ n: 1 })
    await timeout(Number((request.params as { ms: string }).ms))
    yield tick({ n: 2 })
  })
  const { url } = await listen()
  const session = connect(url)
  t.teardown(() => { session.destroy() })
  const requests = [1, LONG].map(ms => session.request({ ':path': `/${ms}` }))
  t.strictSame(await Promise.all(requests.map(text)), [counted(2), counted(2)])
  for (const { rstCode } of requests) t.equal(rstCode, constants.NGHTTP2_NO_ERROR)
  t.match([await closed(0), await closed(1)], [{ reason: 'complete' }, { reason: 'complete' }])
  await once(session, 'close')
})
