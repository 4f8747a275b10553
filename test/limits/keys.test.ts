import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadedApp } from '../helpers/app.js'
import { connect } from '../helpers/event-stream-client.js'
import { RawClient } from '../helpers/raw-client.js'
import { ask, declared, openApp, openStream, tickUntilAborted } from './server.js'

const WARNING = "maxStreamsPerKey counts by IP, and a request came through a proxy, or says so: set Fastify's trustProxy to the proxy's address (not to true, which believes what clients write), or all clients of the proxy have the same key; or give a streamKey"

t.test('without a streamKey, streams are counted by IP', async t => {
  const { port } = await openApp(t, { maxStreamsPerKey: 1 })
  await openStream(t, port)
  t.equal((await ask(t, port, '/', { headers: [] })).status, 429)
})

t.test("behind a proxy that is trusted, it is the client's", async t => {
  const { port, logs } = await openApp(t, { maxStreamsPerKey: 1 }, {}, { trustProxy: true })
  const from = (ip: string): string[] => [`X-Forwarded-For: ${ip}`]
  await openStream(t, port, '/', from('192.0.2.1'))
  await openStream(t, port, '/', from('192.0.2.2'))
  await openStream(t, port, '/', from('2001:db8::1'))
  t.equal((await ask(t, port, '/', { headers: from('192.0.2.1') })).status, 429)
  t.equal((await ask(t, port, '/', { headers: from('2001:db8::2') })).status, 429, 'of the same network')
  t.strictSame(logs.filter(({ msg }) => msg === WARNING), [])
})

t.test('a proxy that is not trusted is warned of once', async t => {
  const { port, logs } = await openApp(t, { maxStreamsPerKey: 10 })
  await openStream(t, port)
  t.strictSame(logs.filter(({ msg }) => msg === WARNING), [], 'not where there is none')
  await openStream(t, port, '/', ['X-Forwarded-For: 192.0.2.1'])
  await openStream(t, port, '/', ['X-Forwarded-For: 192.0.2.2'])
  t.strictSame(logs.filter(({ msg }) => msg === WARNING).map(({ level }) => level), [40])
})

t.test('a proxy does not matter where streams have another key, or none is bounded', async t => {
  for (const options of [{ maxStreamsPerKey: 10, streamKey: () => 'all' }, { maxStreams: 10 }, {}]) {
    const { port, logs } = await openApp(t, options)
    await openStream(t, port, '/', ['X-Forwarded-For: 192.0.2.1'])
    t.strictSame(logs.filter(({ msg }) => msg === WARNING), [])
  }
})

t.test("a route's streamKey is asked once, also for the limit of the server", async t => {
  const asked: string[] = []
  const testApp = await loadedApp(t, { maxStreamsPerKey: 2, streamKey: () => 'server' })
  const handler = async function * (_request: unknown, reply: { sse: { signal: AbortSignal } }) { yield * tickUntilAborted(reply.sse.signal) }
  const streamKey = (request: { headers: Record<string, unknown> }): string => {
    asked.push('route')
    return String(request.headers['x-user'])
  }
  testApp.app.get('/', declared, handler)
  testApp.app.get('/users', { ...declared, sse: { maxStreamsPerKey: 1, streamKey } }, handler)
  testApp.app.get('/own', { ...declared, sse: { streamKey } }, handler)
  const { port } = await testApp.listen()
  await openStream(t, port, '/users', ['X-User: ann'])
  t.strictSame(asked, ['route'])
  t.equal((await ask(t, port, '/users', { headers: ['X-User: ann'] })).status, 429)
  await openStream(t, port, '/own', ['X-User: ann'])
  t.equal((await ask(t, port, '/own', { headers: ['X-User: ann'] })).status, 429, 'two on two routes')
  await openStream(t, port)
})

const wrong: Array<[streamKey: () => unknown, message: string]> = [
  [() => undefined, "GET /: streamKey should return a string, instead got 'undefined'"],
  [() => 5, "GET /: streamKey should return a string, instead got '5'"],
  [async () => 'ann', "GET /: streamKey should return a string, instead got 'Promise'"],
  [async () => { throw new Error('secret') }, "GET /: streamKey should return a string, instead got 'Promise'"],
  [() => { throw new Error('secret') }, 'GET /: streamKey has thrown'],
  [() => { throw undefined }, 'GET /: streamKey has thrown'] // eslint-disable-line no-throw-literal
]
t.test('a streamKey that gives no string is an error of the route, and nothing is counted', async t => {
  for (const [streamKey, message] of wrong) {
    const { port, limits } = await openApp(t, { maxStreams: 1, maxStreamsPerKey: 1, streamKey: streamKey as () => string })
    for (let i = 0; i < 2; i++) {
      const { status, body } = await ask(t, port)
      t.equal(status, 500)
      t.match(JSON.parse(body), { code: 'FST_ERR_SSE_STREAM_KEY_INVALID', message })
    }
    t.strictSame([limits.open, limits.keys], [0, 0])
  }
})

t.test('behind proxies it is the address that the nearest untrusted one has, which trustProxy: true leaves to the client', async t => {
  const cases: Array<[trustProxy: boolean | string, statuses: number[]]> = [[true, [200, 200]], ['127.0.0.1', [200, 429]]]
  for (const [trustProxy, statuses] of cases) {
    const { port, app } = await openApp(t, { maxStreamsPerKey: 1 }, {}, { trustProxy })
    const asked: number[] = []
    for (const madeUp of ['192.0.2.1', '192.0.2.2']) {
      // As a proxy adds its client's address to what that has sent.
      const client = new RawClient(t, port).request('/', { headers: [`X-Forwarded-For: ${madeUp}, 203.0.113.7`] })
      await client.until(({ text }) => text.includes('\r\n\r\n'))
      asked.push(Number(client.text.split(' ')[1]))
    }
    t.strictSame(asked, statuses, `trustProxy: ${trustProxy}`)
    await app.close()
  }
})

t.test('a streamKey is not asked where no stream begins', async t => {
  const testApp = await loadedApp(t, { maxStreamsPerKey: 1, streamKey: () => { throw new Error('asked') } })
  testApp.app.get('/', declared, async function * () {})
  testApp.app.get('/plain', async () => ({ plain: true }))
  const { port } = await testApp.listen()
  t.equal((await ask(t, port, '/plain')).status, 200)
  t.equal((await ask(t, port, '/', { method: 'HEAD' })).status, 200)
  t.equal((await ask(t, port, '/', { headers: ['Accept: application/json'] })).status, 406)
})

t.test('who comes by a unix socket has no IP, and needs a streamKey', async t => {
  const testApp = await loadedApp(t, { maxStreamsPerKey: 1 })
  testApp.app.get('/', declared, async function * () {})
  const folder = mkdtempSync(join(tmpdir(), 'sse-')) // the path of a socket may have some hundred characters, and t.testdir() has more
  t.teardown(() => { rmSync(folder, { recursive: true }) })
  const socketPath = join(folder, 'socket')
  await testApp.app.listen({ path: socketPath })
  const response = await connect(t, 'http://localhost/', { socketPath })
  t.equal(response.statusCode, 500)
  t.match(JSON.parse(Buffer.concat(await response.toArray()).toString()), {
    code: 'FST_ERR_SSE_STREAM_KEY_INVALID', message: 'GET /: the request has no IP by which its streams could be counted; give a streamKey'
  })
})
