import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, type IncomingHttpHeaders } from 'node:http2'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { Type } from '@sinclair/typebox'
import type { FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import sse, { eventStream, type FastifySseOptions } from '../../lib/index.js'
import { bareApp, type TestApp } from '../helpers/app.js'
import { certificate } from '../helpers/certificate.js'
import { deferred } from '../helpers/deferred.js'
import { decode, eventsOf } from '../helpers/event-stream-client.js'
import { counted, job, tick, ticks } from './ticks.js'

const declared = { schema: { response: { 200: ticks } } }

/** Servers by what they speak; both must behave the same. */
const servers: Record<string, { options: FastifyServerOptions, scheme: string }> = {
  'HTTP/2 with allowHTTP1': { options: { http2: true, https: { ...certificate, allowHTTP1: true } } as FastifyServerOptions, scheme: 'https' },
  'HTTP/2 without TLS': { options: { http2: true } as FastifyServerOptions, scheme: 'http' }
}

for (const [name, { options, scheme }] of Object.entries(servers)) {
  t.test(name, async t => {
    const http2App = (t: Test, sseOptions: FastifySseOptions = {}, serverOptions: FastifyServerOptions = {}): TestApp => {
      const bare = bareApp(t, { ...options, ...serverOptions })
      bare.app.register(sse, sseOptions)
      return bare
    }
    const session = async (t: Test, { listen }: TestApp): Promise<ClientHttp2Session> => {
      const { port } = await listen()
      const client = connect(`${scheme}://localhost:${port}`, { ca: certificate.cert, family: 4 } as object)
      t.teardown(() => { client.destroy() })
      return client
    }

    t.test('events arrive as they are made, without headers of a connection', async t => {
      const server = http2App(t)
      const second = deferred()
      server.app.get('/', declared, async function * () {
        yield tick({ n: 1 })
        await second.promise
        yield tick({ n: 2 })
      })
      const client = await session(t, server)
      const stream = client.request({ ':path': '/' })
      t.match(Object.entries(await headersOf(stream)), [
        [':status', 200],
        ['content-type', 'text/event-stream'],
        ['cache-control', 'no-cache, no-transform'],
        ['x-accel-buffering', 'no'],
        ['date', /GMT$/]
      ])
      const events = eventsOf(stream)
      t.equal((await events.next()).value?.data, '{"n":1}')
      second.resolve()
      t.equal((await events.next()).value?.data, '{"n":2}')
      t.equal((await events.next()).done, true)
      t.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR)
      t.match(await server.closed(), { reason: 'complete', events: 2 })
    })

    t.test('a generator that throws half-way gives an error code, never a clean end', async t => {
      const server = http2App(t)
      server.app.get('/', declared, async function * () {
        for (let n = 1; n <= 3; n++) yield tick({ n })
        throw new Error('half-way')
      })
      const client = await session(t, server)
      const stream = client.request({ ':path': '/' })
      let body = ''
      await t.rejects(async () => { for await (const chunk of stream.setEncoding('utf8')) body += String(chunk) }, { code: 'ERR_HTTP2_STREAM_ERROR' })
      t.equal(stream.rstCode, constants.NGHTTP2_INTERNAL_ERROR)
      t.equal(body, counted(3), 'what was accepted has arrived')
      t.match(await server.closed(), { reason: 'error' })
    })

    t.test('a stream that declares final events and ends without one gives an error code too', async t => {
      const server = http2App(t)
      server.app.get('/', { schema: { response: { 200: job } } }, async function * () { yield tick({ n: 1 }) })
      const client = await session(t, server)
      const stream = client.request({ ':path': '/' })
      await t.rejects(text(stream), { code: 'ERR_HTTP2_STREAM_ERROR' })
      t.equal(stream.rstCode, constants.NGHTTP2_INTERNAL_ERROR)
    })

    t.test('a failure before the first event is an ordinary error', async t => {
      const server = http2App(t)
      server.app.get('/', declared, async function * () { throw Object.assign(new Error('no upstream'), { statusCode: 502 }) })
      const client = await session(t, server)
      const stream = client.request({ ':path': '/' })
      const headers = await headersOf(stream)
      t.equal(headers[':status'], 502)
      t.equal(headers['content-type'], 'application/json; charset=utf-8')
      t.match(JSON.parse(await text(stream)), { message: 'no upstream' })
    })

    t.test('a client that leaves one stream keeps the others of its connection', async t => {
      const server = http2App(t)
      const stopped = deferred()
      server.app.get('/:name', declared, async function * (request, reply) {
        yield tick({ n: 1 })
        if ((request.params as { name: string }).name === 'left') {
          await once(reply.sse.signal, 'abort')
          stopped.resolve()
        } else {
          await stopped.promise
          yield tick({ n: 2 })
        }
      })
      const client = await session(t, server)
      const kept = client.request({ ':path': '/kept' })
      const left = client.request({ ':path': '/left' })
      await Promise.all([headersOf(kept), headersOf(left)])
      left.close(constants.NGHTTP2_CANCEL)
      t.equal(await text(kept), counted(2))
      t.match(await server.closed(0), { reason: 'client', route: 'GET /:name' })
      t.match(await server.closed(1), { reason: 'complete' })
    })

    t.test('a connection that is lost stops all of its streams', async t => {
      const server = http2App(t)
      server.app.get('/', declared, async function * (_request, reply) {
        yield tick({ n: 1 })
        await once(reply.sse.signal, 'abort')
      })
      const client = await session(t, server)
      const streams = [1, 2, 3].map(() => client.request({ ':path': '/' }))
      await Promise.all(streams.map(headersOf))
      for (const stream of streams) stream.on('error', () => {}) // of the connection, which the test breaks
      client.destroy()
      for (const n of [0, 1, 2]) t.match(await server.closed(n), { reason: 'client' })
    })

    t.test('a large stream arrives complete at a slow reader', async t => {
      const server = http2App(t)
      const texts = eventStream({ text: Type.String() })
      server.app.get('/', { schema: { response: { 200: texts } } }, async function * () {
        for (let n = 0; n < 1_000; n++) yield texts.event.text(`${n} ${'x'.repeat(5_000)}`)
      })
      const client = await session(t, server)
      const events = decode(await text(client.request({ ':path': '/' })))
      t.ok(events.every(({ data }, n) => data.startsWith(`"${n} x`)))
      t.equal(events.length, 1_000)
    })

    t.test('reply.sse, HEAD, a 406 and the 204 of a completed stream work', async t => {
      const server = http2App(t)
      await server.app.after()
      server.app.get('/', { schema: { response: { 200: job } } }, (_request, reply) => {
        reply.sse.send(tick({ n: 1 }))
        reply.sse.send(job.event.done())
        return reply.sse
      })
      const client = await session(t, server)
      const answer = async (headers: Record<string, string>): Promise<[number | undefined, string]> => {
        const stream = client.request({ ':path': '/', ...headers })
        return [(await headersOf(stream))[':status'], await text(stream)]
      }
      t.strictSame(await answer({}), [200, `${counted(1)}event: done\nid: stream-end\ndata: null\n\n`])
      t.strictSame(await answer({ ':method': 'HEAD' }), [200, ''])
      t.strictSame(await answer({ 'last-event-id': 'stream-end' }), [204, ''])
      t.equal((await answer({ accept: 'application/json' }))[0], 406)
    })

    t.test('a closing server ends its streams cleanly and its connections', async t => {
      const server = http2App(t, { closeSpreadMs: 0 })
      server.app.get('/', declared, async function * (_request, reply) {
        yield tick({ n: 1 })
        await once(reply.sse.signal, 'abort')
      })
      const client = await session(t, server)
      const streams = [1, 2].map(() => client.request({ ':path': '/' }))
      await Promise.all(streams.map(headersOf))
      const [bodies] = await Promise.all([Promise.all(streams.map(text)), once(client, 'close'), server.app.close()])
      t.strictSame(bodies, [counted(1) + 'retry: 2000\n', counted(1) + 'retry: 2000\n'])
      for (const { rstCode } of streams) t.equal(rstCode, constants.NGHTTP2_NO_ERROR)
      t.match(await server.closed(1), { reason: 'shutdown' })
    })

    t.test('a closing server breaks off what its clients do not read', async t => {
      const server = http2App(t, { closeTimeoutMs: 50 })
      const texts = eventStream({ text: Type.String() })
      server.app.get('/', { schema: { response: { 200: texts } } }, async function * () {
        for (;;) yield texts.event.text('x'.repeat(10_000))
      })
      const client = await session(t, server)
      const stream = client.request({ ':path': '/' })
      await headersOf(stream)
      const [[error]] = await Promise.all([once(stream, 'error'), server.app.close()])
      t.match(error, { code: 'ERR_HTTP2_STREAM_ERROR' })
      t.equal(stream.rstCode, constants.NGHTTP2_INTERNAL_ERROR)
      t.match(await server.closed(), { reason: 'shutdown' })
    })
  })
}

t.test('allowHTTP1 serves clients of HTTP/1 too', async t => {
  const { app, listen } = bareApp(t, servers['HTTP/2 with allowHTTP1']?.options)
  app.register(sse)
  app.get('/', declared, async function * () { yield tick({ n: 1 }) })
  const { port } = await listen()
  const sent = request({ host: 'localhost', family: 4, port, ca: certificate.cert, agent: false }).end()
  const [response] = await once(sent, 'response')
  t.equal(response.httpVersion, '1.1')
  t.equal(response.headers['content-type'], 'text/event-stream')
  t.equal(await text(response), counted(1))
})

async function headersOf (stream: ClientHttp2Stream): Promise<IncomingHttpHeaders & { ':status'?: number }> {
  const [headers] = await once(stream, 'response')
  return headers
}
