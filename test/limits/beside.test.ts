import rateLimit from '@fastify/rate-limit'
import underPressure from '@fastify/under-pressure'
import t from 'tap'
import sse from '../../lib/index.js'
import { bareApp, loadedApp, type TestApp } from '../helpers/app.js'
import { connect } from '../helpers/event-stream-client.js'
import { ask, declared, limitsOf, openStream, tickUntilAborted, untilOpen } from './server.js'

/** A route at `/` whose streams stay open. */
async function serve ({ app, listen }: TestApp): Promise<number> {
  app.after(() => {
    app.get('/', declared, async function * (_request, reply) { yield * tickUntilAborted(reply.sse.signal) })
  })
  return (await listen()).port
}

t.test('@fastify/rate-limit counts requests and refuses first; what is refused for want of room has counted there', async t => {
  const testApp = bareApp(t)
  await testApp.app.register(rateLimit, { max: 3 })
  testApp.app.register(sse, { maxStreams: 1 })
  const port = await serve(testApp)
  await openStream(t, port)
  const refused = await ask(t, port)
  t.match(refused.body, /^retry: \d+\n$/)
  t.equal(refused.headers['x-ratelimit-remaining'], '1')
  const { status, headers, body } = await ask(t, port, '/', { headers: [] })
  t.equal(status, 503)
  t.match(JSON.parse(body), { code: 'FST_ERR_SSE_STREAMS_EXCEEDED' })
  t.ok(Number(headers['retry-after']) >= 5)
  const limited = await ask(t, port)
  t.equal(limited.status, 429)
  t.notMatch(limited.body, /FST_ERR_SSE/)
  t.strictSame([limitsOf(testApp.app).open, limitsOf(testApp.app).refusals.total], [1, 2])
})

t.test('@fastify/under-pressure refuses first, with its own Retry-After, and nothing is counted', async t => {
  const testApp = bareApp(t)
  await testApp.app.register(underPressure, { healthCheck: async () => false, healthCheckInterval: 60_000, retryAfter: 77 })
  testApp.app.register(sse, { maxStreams: 1 })
  const port = await serve(testApp)
  const { status, headers } = await ask(t, port)
  t.equal(status, 503)
  t.equal(headers['retry-after'], '77')
  t.strictSame([limitsOf(testApp.app).open, limitsOf(testApp.app).refusals.total], [0, 0])
})

t.test('a closed app has counted all its streams down', async t => {
  const testApp = await loadedApp(t, { maxStreams: 5, maxStreamsPerKey: 5 })
  const port = await serve(testApp)
  const limits = limitsOf(testApp.app)
  const clients = [await openStream(t, port), await openStream(t, port), await openStream(t, port)]
  t.strictSame([limits.open, limits.keys], [3, 1])
  await testApp.app.close()
  await Promise.all(clients.map(async client => { await client.until(({ ended }) => ended !== undefined) }))
  t.strictSame([limits.open, limits.keys], [0, 0])
})

t.test('streams of HTTP/2 are counted one by one, and refused without harm to the others of their connection', async t => {
  const { connect: connectHttp2 } = await import('node:http2')
  const testApp = await loadedApp(t, { maxStreams: 2 }, { http2: true } as never)
  const port = await serve(testApp)
  const limits = limitsOf(testApp.app)
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  t.teardown(() => { session.destroy() })
  const open = () => session.request({ ':path': '/', accept: 'text/event-stream' }).setEncoding('utf8')
  const [first, second] = [open(), open()]
  for (const stream of [first, second]) await new Promise(resolve => stream.once('data', resolve))
  t.equal(limits.open, 2)
  t.match((await open().toArray()).join(''), /^retry: \d+\n$/)
  first.close()
  await untilOpen(limits, 1)
  session.destroy()
  await untilOpen(limits, 0)
})

t.test('streams of inject() are counted until they are over', async t => {
  const { app } = await loadedApp(t, { maxStreams: 1 })
  app.get('/', declared, async function * () {})
  for (let i = 0; i < 3; i++) t.equal((await app.inject('/')).body, 'retry: 2000\n')
  t.equal(limitsOf(app).open, 0)
  t.equal(limitsOf(app).refusals.total, 0)
})

t.test('what comes first on a connection that is kept has left room for what comes next', async t => {
  const testApp = await loadedApp(t, { maxStreams: 1 })
  testApp.app.get('/', declared, async function * () {})
  const { url } = await testApp.listen()
  for (let i = 0; i < 20; i++) t.equal(await (await fetch(url)).text(), 'retry: 2000\n')
  const response = await connect(t, url)
  t.equal(response.statusCode, 200)
})
