import { once } from 'node:events'
import { connect as connect2, constants as http2 } from 'node:http2'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import { eventStream } from '../../lib/index.js'
import { count, counted, job, tick, ticks } from '../ecosystem/ticks.js'
import { loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { connect, eventsOf } from '../helpers/event-stream-client.js'
import { decoded, encodings, noise } from './bodies.js'

const declared = { schema: { response: { 200: ticks } } }
const texts = eventStream({ text: Type.String() })
const gzip = { headers: { 'accept-encoding': 'gzip' } }

t.test('no event waits for the next, and the body ends', async t => {
  for (const encoding of encodings) {
    t.test(encoding, async t => {
      const { app, listen, closed } = await loadedApp(t, { compress: true })
      let next = deferred()
      app.get('/', declared, async function * () {
        for (let n = 1; n <= 20; n++) {
          yield tick({ n })
          await next.promise
          next = deferred()
        }
      })
      const response = await connect(t, (await listen()).url, { headers: { 'accept-encoding': encoding } })
      t.equal(response.headers['content-encoding'], encoding)
      const received = []
      for await (const { data } of eventsOf(decoded(response))) {
        received.push(data)
        next.resolve()
      }
      t.strictSame(received, Array.from({ length: 20 }, (_, i) => `{"n":${i + 1}}`))
      t.match(await closed(), { reason: 'complete', events: 20, bytes: counted(20).length }, 'bytes are those before compression')
    })
  }
})

t.test('a heartbeat goes through', async t => {
  const { app, listen } = await loadedApp(t, { compress: true, heartbeatMs: 20 })
  app.get('/', declared, (_request, reply) => reply.sse)
  const response = await connect(t, (await listen()).url, gzip)
  let body = ''
  for await (const chunk of decoded(response).setEncoding('utf8')) {
    body += chunk as string
    if (body === 'retry: 2000\n:\n:\n:\n') break
    t.ok('retry: 2000\n:\n:\n:\n'.startsWith(body))
  }
})

t.test('a final event ends the body', async t => {
  const { app, listen } = await loadedApp(t, { compress: true })
  app.get('/', { schema: { response: { 200: job } } }, async function * () { yield job.event.done() })
  const response = await connect(t, (await listen()).url, gzip)
  t.equal(await text(decoded(response)), 'retry: 2000\nevent: done\nid: stream-end\ndata: null\n\n')
  t.ok(response.complete)
})

t.test('what has failed does not look complete, but has what came before', async t => {
  for (const encoding of encodings) {
    const { app, listen, closed } = await loadedApp(t, { compress: true })
    app.get('/', declared, async function * () {
      yield tick({ n: 1 })
      throw new Error('half-way')
    })
    const response = await connect(t, (await listen()).url, { headers: { 'accept-encoding': encoding } })
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => { chunks.push(chunk) })
    await new Promise(resolve => { response.once('close', resolve) })
    t.notOk(response.complete)
    t.match(await closed(), { reason: 'error' })
    if (encoding !== 'gzip') continue
    t.throws(() => gunzipSync(Buffer.concat(chunks)), { code: 'Z_BUF_ERROR' }, 'nor does its encoding')
    t.equal(gunzipSync(Buffer.concat(chunks), { finishFlush: 2 }).toString(), counted(1))
  }
})

t.test('the event of onStreamError is the last one', async t => {
  const { app, listen } = await loadedApp(t, { compress: true })
  app.get('/', { sse: { onStreamError: error => ({ event: 'problem', data: error.message }) } }, async function * () {
    yield { data: 1 }
    throw new Error('half-way')
  })
  const response = await connect(t, (await listen()).url, gzip)
  t.equal(await text(decoded(response)), 'retry: 2000\ndata: 1\n\nevent: problem\ndata: half-way\n\n')
})

t.test('a generator waits for a slow client, who then gets everything', async t => {
  const { app, listen, closed } = await loadedApp(t, { compress: true })
  let yielded = 0
  const stands = deferred<number>()
  app.get('/', async function * () {
    for (; yielded < 2_000; yielded++) {
      const before = yielded
      // Nothing is asked for any more when the count stands still for a while.
      setTimeout(() => { if (yielded === before) stands.resolve(before) }, 100).unref()
      yield { data: noise(16 * 1024) }
    }
  })
  const response = await connect(t, (await listen()).url, gzip)
  response.pause()
  const stoodAt = await stands.promise
  t.ok(stoodAt < 1_000, `stopped after ${stoodAt} events`)
  let received = 0
  for await (const { data } of eventsOf(decoded(response))) if (data.length === 16 * 1024) received++
  t.equal(received, 2_000)
  t.match(await closed(), { reason: 'complete' })
})

t.test('a stream stalls though what it is sent shrinks to nearly nothing', async t => {
  const { app, listen, closed } = await loadedApp(t, { compress: true, stallTimeoutMs: 200, maxBufferedBytes: Infinity })
  app.get('/', (_request, reply) => {
    // The socket is full with this, and nothing of it is read.
    for (let n = 0; n < 1_000; n++) reply.sse.send({ data: noise(16 * 1024) })
    // Each of these counts for thousands of bytes written, and for some ten that wait.
    const more = setInterval(() => { reply.sse.send({ data: 'x'.repeat(10_000) }) }, 10)
    reply.sse.signal.addEventListener('abort', () => { clearInterval(more) })
    return reply.sse
  })
  const response = await connect(t, (await listen()).url, gzip)
  response.pause()
  t.match(await closed(), { reason: 'stalled' })
})

t.test('what waits for a slow client is bounded by what it takes compressed', async t => {
  const { app, listen, closed } = await loadedApp(t, { compress: true, maxBufferedBytes: 500_000 })
  app.get('/small', async (_request, reply) => {
    reply.sse.send({ data: 1 })
    for (let n = 0; n < 100; n++) {
      reply.sse.send({ data: 'x'.repeat(100_000) })
      await nextTurn()
    }
    reply.sse.end()
    return reply.sse
  })
  app.get('/large', (_request, reply) => {
    const more = setInterval(() => { reply.sse.send({ data: noise(100_000) }) }, 1)
    reply.sse.signal.addEventListener('abort', () => { clearInterval(more) })
    return reply.sse
  })
  const { url } = await listen()
  const small = await connect(t, `${url}/small`, gzip)
  small.pause()
  t.match(await closed(), { reason: 'complete', events: 101 })
  const large = await connect(t, `${url}/large`, gzip)
  large.pause()
  t.match(await closed(1), { reason: 'slow' })
})

t.test('the events of a channel reach all, in whatever encoding', async t => {
  const { app, listen } = await loadedApp(t, { compress: true })
  const channel = app.sse.channel('ticks', ticks)
  app.get('/', declared, request => channel.subscribe(request))
  const { url } = await listen()
  const clients = await Promise.all([...encodings, ...encodings, 'identity'].map(async encoding => {
    const response = await connect(t, url, { headers: { 'accept-encoding': encoding } })
    return dataOf('tick', encoding === 'identity' ? response : decoded(response))
  }))
  for (let n = 1; n <= 50; n++) await channel.publish(tick({ n }))
  for (const events of clients) {
    for (let n = 1; n <= 50; n++) t.equal((await events.next()).value, `{"n":${n}}`)
  }
})

t.test('a burst to a channel that is more than a turn takes', async t => {
  const { app, listen, closed } = await loadedApp(t, { compress: true, maxBufferedBytes: 4 * 1024 * 1024 })
  const sent = Array.from({ length: 100 }, () => noise(20_000))
  const channel = app.sse.channel('texts', texts)
  app.get('/', { schema: { response: { 200: texts } } }, request => channel.subscribe(request))
  const response = await connect(t, (await listen()).url, gzip)
  const events = dataOf('text', decoded(response))
  await Promise.all(sent.map(async text => { await channel.publish(texts.event.text(text)) }))
  for (const text of sent) t.ok((await events.next()).value === JSON.stringify(text))
  response.destroy()
  t.match(await closed(), { reason: 'client' })
})

t.test('all streams end cleanly when the server closes', async t => {
  const { app, listen, closed } = await loadedApp(t, { compress: true, closeSpreadMs: 0 })
  app.get('/', declared, (_request, reply) => {
    reply.sse.send(tick({ n: 1 }))
    return reply.sse
  })
  const { url } = await listen()
  const bodies = await Promise.all(encodings.map(async encoding => {
    const response = await connect(t, url, { headers: { 'accept-encoding': encoding } })
    const body = decoded(response)
    await once(body, 'readable')
    return { response, body: text(body) }
  }))
  await app.close()
  for (const [n, { response, body }] of bodies.entries()) {
    t.equal(await body, `${counted(1)}retry: 2000\n`)
    t.ok(response.complete)
    t.match(await closed(n), { reason: 'shutdown' })
  }
})

t.test('over HTTP/2, whole and broken off', async t => {
  const { app, listen } = await loadedApp(t, { compress: true }, { http2: true } as object)
  app.get('/', declared, () => count(3))
  app.get('/broken', declared, async function * () {
    yield tick({ n: 1 })
    throw new Error('half-way')
  })
  const session = connect2((await listen()).url)
  t.teardown(() => { session.destroy() })
  const whole = session.request({ ':path': '/', 'accept-encoding': 'gzip' })
  const [headers] = await once(whole, 'response')
  t.match(headers, { 'content-encoding': 'gzip', vary: 'Accept-Encoding' })
  const chunks: Buffer[] = []
  for await (const chunk of whole) chunks.push(chunk as Buffer)
  t.equal(gunzipSync(Buffer.concat(chunks)).toString(), counted(3))
  const broken = session.request({ ':path': '/broken', 'accept-encoding': 'gzip' }).resume()
  broken.on('error', () => {})
  await once(broken, 'response')
  await new Promise(resolve => { broken.once('close', resolve) })
  t.equal(broken.rstCode, http2.NGHTTP2_INTERNAL_ERROR)
})

/** The data of the events with this name: a channel also tells its clients where they stand. */
async function * dataOf (name: string, body: Readable): AsyncGenerator<string, undefined> {
  for await (const { event, data } of eventsOf(body)) if (event === name) yield data
}
