import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { constants } from 'node:zlib'
import { Type } from '@sinclair/typebox'
import compress, { type FastifyCompressOptions } from '@fastify/compress'
import t, { type Test } from 'tap'
import sse, { eventStream } from '../../lib/index.js'
import { bareApp, type TestApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { connect, decode, eventsOf } from '../helpers/event-stream-client.js'
import { counted, tick, ticks } from './ticks.js'

const encodings = ['gzip', 'deflate', 'br'] as const

/** Every content type is compressed, event streams too, and nothing is too small for it. */
const FORCED = { customTypes: () => true, threshold: 0 }

/** Compressors that hand on what they have after every write, at the price of a worse ratio. */
const PROMPT = {
  ...FORCED,
  zlibOptions: { flush: constants.Z_SYNC_FLUSH },
  brotliOptions: { flush: constants.BROTLI_OPERATION_FLUSH }
}

t.test('@fastify/compress leaves a stream as it is, and compresses the routes beside it', async t => {
  const { app, listen } = compressed(t, {})
  const second = deferred()
  app.after(() => {
    app.get('/json', async () => ({ text: 'x'.repeat(10_000) }))
    app.get('/', { schema: { response: { 200: ticks } } }, async function * () {
      yield tick({ n: 1 })
      await second.promise
      yield tick({ n: 2 })
    })
  })
  const { url } = await listen()

  for (const encoding of encodings) {
    const json = await fetch(`${url}/json`, { headers: { 'accept-encoding': encoding } })
    t.equal(json.headers.get('content-encoding'), encoding)
    t.strictSame(await json.json(), { text: 'x'.repeat(10_000) })
  }

  const response = await fetch(url, { headers: { 'accept-encoding': 'gzip' } })
  t.equal(response.headers.get('content-encoding'), null)
  const events = eventsOf(response.body)
  t.equal((await events.next()).value?.data, '{"n":1}', 'the first arrives before the second is made')
  second.resolve()
  t.equal((await events.next()).value?.data, '{"n":2}')
  t.equal((await events.next()).done, true)
})

for (const encoding of encodings) {
  t.test(`a stream that is compressed by force (${encoding}) arrives complete`, async t => {
    const { app, listen, closed } = compressed(t, FORCED)
    const texts = eventStream({ text: Type.String() })
    const lines = Array.from({ length: 1_000 }, () => randomBytes(3_000).toString('base64'))
    app.after(() => {
      app.get('/', { schema: { response: { 200: texts } } }, async function * () {
        for (const line of lines) yield texts.event.text(line)
      })
    })
    const { url } = await listen()
    const response = await fetch(url, { headers: { 'accept-encoding': encoding } })
    t.equal(response.headers.get('content-encoding'), encoding)
    t.equal(response.headers.get('content-type'), 'text/event-stream')
    const events = decode(await response.text())
    t.strictSame(events.map(({ data }) => JSON.parse(data) as string), lines)
    t.match(await closed(), { reason: 'complete', events: 1_000 })
  })

  // @fastify/compress does not flush on its own: an event then waits until its compressor has filled a block, or until
  // the stream ends. Who forces it on event streams has to ask the compressor to flush.
  t.test(`with a compressor that flushes (${encoding}), events arrive one by one`, async t => {
    const { app, listen } = compressed(t, PROMPT)
    let next = deferred()
    app.after(() => {
      app.get('/', { schema: { response: { 200: ticks } } }, async function * () {
        for (let n = 1; n <= 5; n++) {
          yield tick({ n })
          await next.promise
          next = deferred()
        }
      })
    })
    const { url } = await listen()
    const response = await fetch(url, { headers: { 'accept-encoding': encoding } })
    t.equal(response.headers.get('content-encoding'), encoding)
    const received = []
    for await (const { data } of eventsOf(response.body)) {
      received.push(data)
      next.resolve()
    }
    t.strictSame(received, ['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}', '{"n":5}'])
  })

  t.test(`a compressed stream (${encoding}) that fails half-way does not look complete`, async t => {
    const { app, listen, closed } = compressed(t, FORCED)
    app.after(() => {
      app.get('/', { schema: { response: { 200: ticks } } }, async function * () {
        yield tick({ n: 1 })
        throw new Error('half-way')
      })
    })
    const { url } = await listen()
    const response = await fetch(url, { headers: { 'accept-encoding': encoding } })
    t.equal(response.status, 200)
    await t.rejects(response.text())
    t.match(await closed(), { reason: 'error' })
  })

  t.test(`the generator of a compressed stream (${encoding}) stops when its client leaves`, async t => {
    const { app, listen, closed } = compressed(t, PROMPT)
    const stopped = deferred<unknown>()
    app.after(() => {
      app.get('/', { schema: { response: { 200: ticks } } }, async function * (_request, reply) {
        const { signal } = reply.sse
        try {
          for (let n = 1; ; n++) {
            yield tick({ n })
            await new Promise(resolve => { setImmediate(resolve) })
          }
        } finally {
          stopped.resolve(signal.reason)
        }
      })
    })
    const { url } = await listen()
    const response = await connect(t, url, { headers: { 'accept-encoding': encoding } })
    await once(response, 'readable')
    response.destroy()
    t.match(await stopped.promise, { code: 'FST_ERR_SSE_STREAM_CLOSED', message: 'the event stream was closed: client' })
    t.match(await closed(), { reason: 'client' })
  })
}

t.test('a compressed stream ends cleanly when the server closes', async t => {
  const { app, listen, closed } = compressed(t, PROMPT)
  app.after(() => {
    app.get('/', { schema: { response: { 200: ticks } } }, async function * (_request, reply) {
      yield tick({ n: 1 })
      await new Promise(resolve => { reply.sse.signal.addEventListener('abort', resolve) })
    })
  })
  const { url } = await listen()
  const response = await fetch(url, { headers: { 'accept-encoding': 'gzip' } })
  const events = eventsOf(response.body)
  t.equal((await events.next()).value?.data, '{"n":1}')
  const [end] = await Promise.all([events.next(), app.close()])
  t.equal(end.done, true)
  t.match(await closed(), { reason: 'shutdown' })
})

t.test('HEAD has no body, and a 406 is JSON, where everything is compressed', async t => {
  const { app } = compressed(t, FORCED)
  app.after(() => {
    app.get('/', { schema: { response: { 200: ticks } } }, () => { t.fail('the handler does not run') })
  })
  const headers = { 'accept-encoding': 'identity' }
  const head = await app.inject({ method: 'HEAD', url: '/', headers })
  t.equal(head.statusCode, 200)
  t.equal(head.body, '')
  const refused = await app.inject({ url: '/', headers: { ...headers, accept: 'application/json' } })
  t.equal(refused.json().code, 'FST_ERR_SSE_NOT_ACCEPTABLE')
})

t.test('a client that wants no compression gets none', async t => {
  const { app } = compressed(t, FORCED)
  app.after(() => {
    app.get('/', { schema: { response: { 200: ticks } } }, async function * () { yield tick({ n: 1 }) })
  })
  for (const headers of [{ 'accept-encoding': 'identity' }, { 'x-no-compression': '1', 'accept-encoding': 'gzip' }]) {
    const response = await app.inject({ url: '/', headers })
    t.equal(response.headers['content-encoding'], undefined)
    t.equal(response.body, counted(1))
  }
})

function compressed (t: Test, options: FastifyCompressOptions): TestApp {
  const bare = bareApp(t)
  bare.app.register(compress, options)
  bare.app.register(sse)
  return bare
}
