import type { FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { Type } from '@sinclair/typebox'
import sse from '../../lib/index.js'
import { loadedApp, testApp as unloadedApp } from '../helpers/app.js'
import { ask, declared, openApp, openStream, tickUntilAborted, ticks, untilOpen } from './server.js'

/** When those who are refused should come back, from a `retry:` line or a header. */
function assertRetry (t: Test, retryMs: number): void {
  t.ok(retryMs >= 5_000 && retryMs <= 30_000, `in ${retryMs} ms`)
}

t.test('an EventSource for which there is no room gets an empty stream that tells when to come back', async t => {
  const { port, limits } = await openApp(t, { maxStreams: 1 })
  await openStream(t, port)
  const retries = new Set<string>()
  for (let i = 0; i < 5; i++) {
    const { status, headers, body } = await ask(t, port)
    t.equal(status, 200)
    t.equal(headers['content-type'], 'text/event-stream')
    t.equal(headers['cache-control'], 'no-cache, no-transform')
    t.match(body, /^retry: \d+\n$/)
    assertRetry(t, Number(body.slice('retry: '.length)))
    retries.add(body)
  }
  t.ok(retries.size > 1, 'not all at once')
  t.equal(limits.open, 1, 'what is refused is not counted')
  t.equal(limits.refusals.total, 5)
})

const others: Array<[name: string, request: Parameters<typeof ask>[3]]> = [
  ['with Authorization', { headers: ['Accept: text/event-stream', 'Authorization: Bearer x'] }],
  ['that accepts more than event streams', { headers: ['Accept: text/event-stream, */*'] }],
  ['that does not say what it accepts', { headers: [] }],
  ['by another method', { method: 'POST', headers: ['Accept: text/event-stream', 'Content-Length: 0'] }]
]
for (const [name, request] of others) {
  t.test(`a request ${name} is refused by an error with Retry-After`, async t => {
    const testApp = await loadedApp(t, { maxStreams: 1 })
    testApp.app.route({ method: ['GET', 'POST'], url: '/', ...declared, handler: async function * (_request, reply) { yield * tickUntilAborted(reply.sse.signal) } })
    const { port } = await testApp.listen()
    await openStream(t, port)
    const { status, headers, body } = await ask(t, port, '/', request)
    t.equal(status, 503)
    const seconds = Number(headers['retry-after'])
    assertRetry(t, seconds * 1_000)
    t.strictSame(JSON.parse(body), {
      statusCode: 503,
      code: 'FST_ERR_SSE_STREAMS_EXCEEDED',
      error: 'Service Unavailable',
      message: `too many event streams are open here; try again in ${seconds} seconds`
    })
  })
}

t.test('beyond what a key may have, the error is a 429', async t => {
  const { port } = await openApp(t, { maxStreamsPerKey: 1, streamKey: request => String(request.headers['x-user']) })
  await openStream(t, port, '/', ['X-User: ann'])
  const { status, headers, body } = await ask(t, port, '/', { headers: ['X-User: ann'] })
  t.equal(status, 429)
  assertRetry(t, Number(headers['retry-after']) * 1_000)
  t.match(JSON.parse(body), { statusCode: 429, code: 'FST_ERR_SSE_KEY_STREAMS_EXCEEDED', error: 'Too Many Requests' })
  t.match((await ask(t, port, '/', { headers: ['Accept: text/event-stream', 'X-User: ann'] })).body, /^retry: \d+\n$/)
  await openStream(t, port, '/', ['X-User: bob'])
})

t.test('a stream that ends makes room', async t => {
  const { port, limits } = await openApp(t, { maxStreams: 1 })
  const first = await openStream(t, port)
  t.match((await ask(t, port)).body, /^retry: \d+\n$/)
  first.socket.destroy()
  await untilOpen(limits, 0)
  await openStream(t, port)
})

t.test('a refusal comes after all hooks and instead of the handler', async t => {
  const order: string[] = []
  const testApp = await loadedApp(t, { maxStreams: 1 })
  testApp.app.addHook('preHandler', async (request, reply) => {
    order.push('preHandler')
    if (request.headers['x-bad'] !== undefined) reply.code(401).send({ bad: true })
  })
  testApp.app.get('/', declared, async function * (request, reply) {
    order.push('handler')
    yield * tickUntilAborted(reply.sse.signal)
  })
  const { port } = await testApp.listen()
  await openStream(t, port)
  await ask(t, port)
  t.strictSame(order, ['preHandler', 'handler', 'preHandler'])
  t.equal((await ask(t, port, '/', { headers: ['X-Bad: 1'] })).status, 401, 'who may not come in is not told of limits')
})

t.test('an error handler may say it otherwise, and Retry-After stays', async t => {
  const testApp = await loadedApp(t, { maxStreams: 1 })
  testApp.app.setErrorHandler((error: { code: string }, _request, reply) => reply.code(529).send({ full: error.code }))
  testApp.app.get('/', declared, async function * (_request, reply) { yield * tickUntilAborted(reply.sse.signal) })
  const { port } = await testApp.listen()
  await openStream(t, port)
  const { status, headers, body } = await ask(t, port, '/', { headers: [] })
  t.equal(status, 529)
  t.equal(body, '{"full":"FST_ERR_SSE_STREAMS_EXCEEDED"}')
  assertRetry(t, Number(headers['retry-after']) * 1_000)
})

t.test('the limits of the server and of a route both hold', async t => {
  const testApp = await loadedApp(t, { maxStreams: 3 })
  const handler = async function * (_request: unknown, reply: { sse: { signal: AbortSignal } }) { yield * tickUntilAborted(reply.sse.signal) }
  testApp.app.get('/one', { ...declared, sse: { maxStreams: 1 } }, handler)
  testApp.app.get('/many', { ...declared, config: { sse: { maxStreams: 10 } } }, handler)
  const { port } = await testApp.listen()
  const isRefused = async (path: string): Promise<boolean> => (await ask(t, port, path, { headers: [] })).status === 503
  await openStream(t, port, '/one')
  t.equal(await isRefused('/one'), true)
  await openStream(t, port, '/many')
  await openStream(t, port, '/many')
  t.equal(await isRefused('/many'), true)
})

t.test('a route without a limit has that of the server alone, and a scope of its own has its own', async t => {
  const testApp = await loadedApp(t, { maxStreams: 1 })
  testApp.app.register(async scope => {
    await scope.register(sse, {})
    scope.get('/free', declared, async function * (_request, reply) { yield * tickUntilAborted(reply.sse.signal) })
  })
  testApp.app.get('/', declared, async function * (_request, reply) { yield * tickUntilAborted(reply.sse.signal) })
  const { port } = await testApp.listen()
  await openStream(t, port)
  t.equal((await ask(t, port, '/', { headers: [] })).status, 503)
  await openStream(t, port, '/free')
  await openStream(t, port, '/free')
})

t.test('an error handler may make anything of a refusal but a stream', async t => {
  const handlers: Array<[name: string, handle: (reply: FastifyReply) => unknown]> = [
    ['a stream', () => (async function * () { yield ticks.event.tick(1) })()],
    ['reply.sse', reply => reply.sse]
  ]
  for (const [name, handle] of handlers) {
    for (const route of [declared, {}]) {
      const testApp = await loadedApp(t, { maxStreams: 1 })
      testApp.app.setErrorHandler((_error, _request, reply) => handle(reply))
      testApp.app.get('/', route, async function * (_request, reply) { yield * tickUntilAborted(reply.sse.signal) })
      const { port } = await testApp.listen()
      await openStream(t, port)
      const { status, body } = await ask(t, port, '/', { headers: [] })
      t.equal(status, 503, name)
      t.match(JSON.parse(body), { code: 'FST_ERR_SSE_STREAMS_EXCEEDED' })
    }
  }
})

t.test('a route that may answer with something else is refused when its stream begins, before its generator', async t => {
  const both = { schema: { response: { 200: { content: { 'text/event-stream': { schema: ticks }, 'application/json': { schema: Type.Object({ plain: Type.Boolean() }) } } } } } }
  for (const [name, options] of [['declared', both], ['undeclared', {}]] as const) {
    const testApp = await loadedApp(t, { maxStreams: 1 })
    let started = 0
    testApp.app.get('/', options, ((request: { prefersEventStream: boolean, headers: Record<string, string> }, reply: { code: (code: number) => void, sse: { signal: AbortSignal } }) => {
      if (request.headers['x-plain'] !== undefined) return { plain: true }
      reply.code(200)
      return (async function * () {
        started++
        yield name === 'declared' ? ticks.event.tick(1) : { event: 'tick', data: 1 }
        yield * tickUntilAborted(reply.sse.signal)
      })()
    }) as never)
    const { port } = await testApp.listen()
    await openStream(t, port)
    const { headers, body } = await ask(t, port)
    t.match(body, /^retry: \d+\n$/)
    t.equal(headers['vary'], name === 'declared' ? 'Accept' : undefined)
    t.equal((await ask(t, port, '/', { headers: ['Accept: */*'] })).status, 503)
    t.equal(started, 1)
    t.equal((await ask(t, port, '/', { headers: ['X-Plain: 1'] })).body, '{"plain":true}')
  }
})

t.test('reply.sse on a route without declaration is refused as soon as something is sent', async t => {
  const testApp = await loadedApp(t, { maxStreams: 1 })
  const sent: unknown[] = []
  testApp.app.get('/', async (_request, reply) => {
    reply.sse.send({ event: 'tick', data: 1 }).then(isSent => sent.push(isSent), (error: { code: string }) => sent.push(error.code))
    return reply.sse
  })
  const { port } = await testApp.listen()
  await openStream(t, port)
  t.match((await ask(t, port)).body, /^retry: \d+\n$/)
  t.equal((await ask(t, port, '/', { headers: [] })).status, 503)
  t.strictSame(sent, [true, false, false])
})

t.test('a second source after a refusal is not taken', async t => {
  const testApp = await loadedApp(t, { maxStreams: 1 })
  let started = 0
  const source = async function * (): AsyncGenerator {
    started++
    yield { data: 1 }
  }
  testApp.app.get('/', async function * (_request, reply) { yield * tickUntilAborted(reply.sse.signal) })
  testApp.app.get('/twice', (_request, reply) => {
    reply.send(source())
    reply.send(source())
  })
  const { port } = await testApp.listen()
  await openStream(t, port)
  t.match((await ask(t, port, '/twice')).body, /^retry: \d+\n$/)
  t.equal(started, 0)
})

t.test('a route that was declared before the plugin had loaded has its limits too', async t => {
  const testApp = unloadedApp(t, { maxStreams: 5 })
  let started = 0
  testApp.app.get('/', { ...declared, config: { sse: { maxStreams: 1 } } }, (_request, reply) => {
    const { signal } = reply.sse
    return (async function * () {
      started++
      yield * tickUntilAborted(signal)
    })()
  })
  const { port } = await testApp.listen()
  await openStream(t, port)
  t.match((await ask(t, port)).body, /^retry: \d+\n$/)
  t.equal((await ask(t, port, '/', { headers: [] })).status, 503)
  t.equal(started, 1)
})

t.test('a closing server refuses nobody: each stream ends at once, and its connection', async t => {
  const preHandler = async (request: { headers: Record<string, unknown> }): Promise<void> => {
    if (request.headers['x-wait'] === undefined) return
    arrived()
    await closing
  }
  const { app, port } = await openApp(t, { maxStreams: 1 }, { preHandler })
  let arrived = (): void => {}
  const waiting = new Promise<void>(resolve => { arrived = resolve })
  let begin = (): void => {}
  const closing = new Promise<void>(resolve => { begin = resolve })
  const open = await openStream(t, port)
  const late = ask(t, port, '/', { headers: ['Accept: text/event-stream', 'X-Wait: 1'] })
  await waiting
  const closed = app.close()
  await open.until(({ ended }) => ended !== undefined)
  begin()
  const { status, body } = await late
  await closed
  t.equal(status, 200)
  t.match(body, /^retry: 2000\n(event: tick\ndata: 1\n\n)?retry: \d+\n$/)
})
