import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import { eventStream } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { decode, eventsOf } from '../helpers/event-stream-client.js'
import { count, counted, tick, ticks } from './ticks.js'

const declared = { schema: { response: { 200: ticks } } }

t.test('inject gives the whole stream', async t => {
  const { app } = await loadedApp(t)
  app.get('/', declared, () => count(3))
  const response = await app.inject('/')
  t.equal(response.statusCode, 200)
  t.equal(response.headers['content-type'], 'text/event-stream')
  t.equal(response.headers['cache-control'], 'no-cache, no-transform')
  t.equal(response.headers['x-accel-buffering'], 'no')
  t.equal(response.body, counted(3))
})

t.test('inject gives a stream of many events whole', async t => {
  const { app } = await loadedApp(t)
  const texts = eventStream({ text: Type.String() })
  app.get('/', { schema: { response: { 200: texts } } }, async function * () {
    for (let n = 0; n < 2_000; n++) yield texts.event.text(`${n} ${'x'.repeat(2_000)}`)
  })
  const { body } = await app.inject('/')
  t.strictSame(decode(body).map(({ data }) => Number.parseInt(data.slice(1))), Array.from({ length: 2_000 }, (_, n) => n))
})

t.test('inject takes a body along and gives the events of a POST', async t => {
  const { app } = await loadedApp(t)
  app.post('/', { schema: { body: Type.Object({ to: Type.Integer() }), response: { 200: ticks } } }, request =>
    count((request.body as { to: number }).to))
  t.equal((await app.inject({ method: 'POST', url: '/', payload: { to: 2 } })).body, counted(2))
  t.equal((await app.inject({ method: 'POST', url: '/', payload: { to: 'two' } })).statusCode, 400)
})

t.test('inject rejects when the stream fails half-way', async t => {
  const { app, closed } = await loadedApp(t)
  app.get('/', declared, async function * () {
    yield tick({ n: 1 })
    throw new Error('half-way')
  })
  await t.rejects(app.inject('/'), { code: 'LIGHT_ECONNRESET' })
  t.match(await closed(), { reason: 'error' })
})

t.test('inject with payloadAsStream gives events as they are made', async t => {
  const { app, closed } = await loadedApp(t)
  let next = deferred()
  app.get('/', declared, async function * () {
    for (let n = 1; n <= 3; n++) {
      yield tick({ n })
      await next.promise
      next = deferred()
    }
  })
  const response = await app.inject({ url: '/', payloadAsStream: true })
  t.equal(response.headers['content-type'], 'text/event-stream')
  const received = []
  for await (const { data } of eventsOf(response.stream())) {
    received.push(data)
    next.resolve()
  }
  t.strictSame(received, ['{"n":1}', '{"n":2}', '{"n":3}'])
  t.match(await closed(), { reason: 'complete', events: 3 })
})

t.test('inject with payloadAsStream gives the head of a stream that has no event yet', async t => {
  const { app } = await loadedApp(t, { commitAfterMs: 0 })
  const first = deferred()
  app.get('/', declared, async function * () {
    await first.promise
    yield tick({ n: 1 })
  })
  const response = await app.inject({ url: '/', payloadAsStream: true })
  t.equal(response.statusCode, 200)
  first.resolve()
  t.equal(await text(response.stream()), counted(1))
})

t.test('inject with payloadAsStream fails where the stream does', async t => {
  const { app } = await loadedApp(t)
  const failure = deferred()
  app.get('/', declared, async function * () {
    yield tick({ n: 1 })
    await failure.promise
    throw new Error('half-way')
  })
  const response = await app.inject({ url: '/', payloadAsStream: true })
  const events = eventsOf(response.stream())
  t.equal((await events.next()).value?.data, '{"n":1}')
  failure.resolve()
  await t.rejects(events.next(), { code: 'LIGHT_ECONNRESET' })
})

// Destroying the payload's stream is not enough: light-my-request does not tell the server about it.
t.test("who leaves by inject's signal stops the generator", async t => {
  for (const stage of ['before the first event', 'between two events', 'without end']) {
    const { app, closed } = await loadedApp(t, { commitAfterMs: 0 })
    const stopped = deferred<unknown>()
    app.get('/', declared, async function * (_request, reply) {
      const { signal } = reply.sse
      try {
        if (stage !== 'before the first event') yield tick({ n: 1 })
        if (stage === 'without end') for (let n = 2; ; n++) yield tick({ n })
        await once(signal, 'abort')
      } finally {
        stopped.resolve(signal.reason)
      }
    })
    const abort = new AbortController()
    const response = await app.inject({ url: '/', payloadAsStream: true, signal: abort.signal })
    response.stream().on('error', () => {}) // is what was asked for
    abort.abort()
    t.match(await stopped.promise, { code: 'FST_ERR_SSE_STREAM_CLOSED' }, stage)
    t.match(await closed(), { reason: 'client' }, stage)
  }
})

t.test('a server that closes ends an injected stream', async t => {
  const { app, closed } = await loadedApp(t, { closeSpreadMs: 0 })
  app.get('/', declared, async function * (_request, reply) {
    yield tick({ n: 1 })
    await once(reply.sse.signal, 'abort')
  })
  const response = await app.inject({ url: '/', payloadAsStream: true })
  const [body] = await Promise.all([text(response.stream()), app.close()])
  t.equal(body, counted(1) + 'retry: 2000\n')
  t.match(await closed(), { reason: 'shutdown' })
})
