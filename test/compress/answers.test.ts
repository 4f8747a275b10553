import { PassThrough, type Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import compress from '@fastify/compress'
import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import sse, { eventStream } from '../../lib/index.js'
import { count, counted, job, ticks } from '../ecosystem/ticks.js'
import { bareApp, loadedApp, type TestApp } from '../helpers/app.js'
import { decode } from '../helpers/event-stream-client.js'

const declared = { schema: { response: { 200: ticks } } }
const accepts = { 'accept-encoding': 'gzip' }

t.test('a compressed stream says so, and caches are told why', async t => {
  const { app } = await loadedApp(t, { compress: true })
  app.get('/', declared, () => count(3))
  const { headers, rawPayload } = await app.inject({ url: '/', headers: accepts })
  t.equal(headers['content-encoding'], 'gzip')
  t.equal(headers.vary, 'Accept-Encoding')
  t.equal(headers['content-type'], 'text/event-stream')
  t.equal(headers['cache-control'], 'no-cache, no-transform')
  t.equal(headers['content-length'], undefined)
  t.equal(gunzipSync(rawPayload).toString(), counted(3))
})

t.test('caches are told where a stream could have been compressed as well', async t => {
  const { app } = await loadedApp(t, { compress: true })
  app.get('/', declared, () => count(1))
  app.get('/both', {
    schema: { response: { 200: { content: { 'application/json': { schema: Type.Object({}) }, 'text/event-stream': { schema: ticks } } } } }
  }, request => request.prefersEventStream ? count(1) : {})
  for (const [method, url, headers, vary] of [
    ['GET', '/', {}, 'Accept-Encoding'],
    ['GET', '/', { 'accept-encoding': 'identity' }, 'Accept-Encoding'],
    ['HEAD', '/', accepts, 'Accept-Encoding'],
    ['GET', '/both', { accept: 'text/event-stream' }, 'Accept-Encoding, Accept'],
    ['GET', '/both', { accept: 'application/json', ...accepts }, 'Accept']
  ] as const) {
    const response = await app.inject({ method, url, headers })
    t.equal(response.statusCode, 200)
    t.equal(response.headers['content-encoding'], undefined)
    t.equal(response.headers.vary, vary, `${method} ${url} ${JSON.stringify(headers)}`)
  }
})

t.test('a route compresses though its scope does not, and the other way round', async t => {
  const { app } = await loadedApp(t, { compress: { encodings: ['gzip'] } })
  app.get('/scope', declared, () => count(1))
  app.get('/off', { ...declared, sse: { compress: false } }, () => count(1))
  app.get('/own', { ...declared, sse: { compress: { encodings: ['br', 'gzip'], level: 9 } } }, () => count(1))
  const encodings = await Promise.all(['/scope', '/off', '/own'].map(async url => {
    const { headers } = await app.inject({ url, headers: { 'accept-encoding': 'gzip, br' } })
    return [headers['content-encoding'], headers.vary]
  }))
  t.strictSame(encodings, [['gzip', 'Accept-Encoding'], [undefined, undefined], ['br', 'Accept-Encoding']])
})

t.test('what is no stream is not compressed', async t => {
  const { app } = await loadedApp(t, { compress: true })
  app.get('/job', { schema: { response: { 200: job } } }, async function * () { throw new Error('too early') })
  const cases: Array<[headers: Record<string, string>, statusCode: number]> = [
    [{ accept: 'text/event-stream' }, 500],
    [{ accept: 'application/json' }, 406],
    [{ accept: 'text/event-stream', 'last-event-id': 'stream-end' }, 204]
  ]
  for (const [headers, statusCode] of cases) {
    const response = await app.inject({ url: '/job', headers: { ...headers, ...accepts } })
    t.equal(response.statusCode, statusCode)
    t.equal(response.headers['content-encoding'], undefined)
    if (statusCode !== 204) t.equal(response.json().statusCode, statusCode)
  }
})

t.test('what a route has encoded by itself is left as it is', async t => {
  const { app } = await loadedApp(t, { compress: true })
  app.get('/', declared, (_request, reply) => {
    reply.header('content-encoding', 'identity')
    return count(1)
  })
  const { headers, body } = await app.inject({ url: '/', headers: accepts })
  t.equal(headers['content-encoding'], 'identity')
  t.equal(body, counted(1))
})

t.test('hooks see a compressed body', async t => {
  const { app } = await loadedApp(t, { compress: true })
  const seen: unknown[] = []
  app.addHook('onSend', async (_request, reply, payload) => {
    seen.push(reply.getHeader('content-encoding'))
    return (payload as Readable).pipe(new PassThrough().on('data', (chunk: unknown) => { seen.push(Buffer.isBuffer(chunk)) }))
  })
  app.get('/', declared, () => count(2))
  const { rawPayload } = await app.inject({ url: '/', headers: accepts })
  t.equal(gunzipSync(rawPayload).toString(), counted(2))
  t.equal(seen[0], 'gzip')
  t.ok(seen.length >= 2 && seen.slice(1).every(Boolean))
})

t.test('an error that takes the place of a stream is not called compressed', async t => {
  const { app, closed } = await loadedApp(t, { compress: true })
  const onSend = async (_request: unknown, _reply: unknown, payload: unknown): Promise<unknown> => {
    if (typeof payload !== 'string') throw new Error('in a hook')
    return payload
  }
  app.get('/hook', { ...declared, onSend }, () => count(1))
  app.get('/header', declared, (_request, reply) => {
    reply.header('x-own', 'line\nbreak')
    return count(1)
  })
  app.setErrorHandler((error: Error, _request, reply) => {
    reply.removeHeader('x-own')
    return reply.code(500).send({ told: error.message })
  })
  for (const [n, url] of ['/hook', '/header'].entries()) {
    const response = await app.inject({ url, headers: accepts })
    t.equal(response.statusCode, 500)
    t.equal(response.headers['content-encoding'], undefined, url)
    t.type(response.json().told, 'string')
    t.match(await closed(n), { reason: 'error' })
  }
})

t.test('beside @fastify/compress', async t => {
  t.test('a stream is compressed once, whoever was registered first', async t => {
    for (const order of ['before', 'after']) {
      // Forced: without, @fastify/compress leaves event streams alone.
      const { app } = beside(t, order, { customTypes: () => true, threshold: 0 })
      app.after(() => { app.get('/', declared, () => count(3)) })
      const { headers, rawPayload } = await app.inject({ url: '/', headers: { 'accept-encoding': 'gzip, br' } })
      t.match(headers['content-encoding'], /^(gzip|zstd)$/)
      if (headers['content-encoding'] === 'gzip') t.equal(gunzipSync(rawPayload).toString(), counted(3))
    }
  })

  t.test('it goes on compressing what is no stream', async t => {
    const texts = eventStream({ text: Type.String() })
    const { app } = beside(t, 'before', { threshold: 0 })
    app.after(() => {
      app.get('/json', async () => ({ text: 'x'.repeat(10_000) }))
      app.get('/', { schema: { response: { 200: texts } } }, async function * () { yield texts.event.text('x'.repeat(10_000)) })
    })
    for (const url of ['/', '/json']) {
      const { headers, rawPayload } = await app.inject({ url, headers: accepts })
      t.equal(headers['content-encoding'], 'gzip')
      t.ok(rawPayload.length < 500)
      t.ok(gunzipSync(rawPayload).length > 10_000)
    }
  })

  t.test('neither does where a client says x-no-compression', async t => {
    const { app } = beside(t, 'before', { customTypes: () => true, threshold: 0 })
    app.after(() => { app.get('/', declared, () => count(1)) })
    const { headers, body } = await app.inject({ url: '/', headers: { ...accepts, 'x-no-compression': '1' } })
    t.equal(headers['content-encoding'], undefined)
    t.strictSame(decode(body).map(({ data }) => data), ['{"n":1}'])
  })
})

function beside (t: Test, order: string, options: object): TestApp {
  const bare = bareApp(t)
  if (order === 'after') bare.app.register(sse, { compress: true })
  bare.app.register(compress, options)
  if (order === 'before') bare.app.register(sse, { compress: true })
  return bare
}
