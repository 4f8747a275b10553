import t from 'tap'
import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { ACME_FRAME, acme, prices, START } from './streams.js'

const declared = { schema: { response: { 200: prices } } }

t.test('app.close() ends open streams cleanly, tells clients when to come back, and ends their connections', async t => {
  const { app, listen, closed } = await loadedApp(t, { retryMs: 1000, closeSpreadMs: 500 })
  const reasons: unknown[] = []
  app.get('/', declared, async function * (request, reply) {
    yield acme
    await once(reply.sse.signal, 'abort')
    reasons.push((reply.sse.signal.reason as Error).message)
    yield acme
  })
  const client = new RawClient(t, (await listen()).port).request('/')
  await client.until(({ body }) => body.endsWith(ACME_FRAME))
  await app.close()
  await client.until(({ ended }) => ended === 'end')
  t.ok(client.isComplete)
  const [, retryMs] = /^retry: 1000\n.*\n\nretry: (\d+)\n$/s.exec(client.body) ?? []
  t.ok(Number(retryMs) >= 1000 && Number(retryMs) <= 1500, `told to wait ${retryMs} ms`)
  t.match(await closed(), { reason: 'shutdown', events: 1 })
  t.strictSame(reasons, ['the event stream was closed: shutdown'])
})

t.test('a stream that has not begun begins, since for an EventSource every other answer would be final', async t => {
  const { app, listen, closed } = await loadedApp(t, { retryMs: 7, closeSpreadMs: 0 })
  const started = new Promise<void>(resolve => {
    app.get('/', declared, async function * (request, reply) {
      resolve()
      await once(reply.sse.signal, 'abort')
    })
  })
  const client = new RawClient(t, (await listen()).port).request('/')
  await started
  await app.close()
  await client.until(({ ended }) => ended === 'end')
  t.match(client.text, /^HTTP\/1\.1 200 OK\r\n/)
  t.equal(client.body, 'retry: 7\nretry: 7\n')
  t.match(await closed(), { reason: 'shutdown', events: 0 })
})

t.test('a stream that still arrives is ended at once, without its iterable being started', async t => {
  const { app, listen, closed } = await loadedApp(t, { retryMs: 7, closeSpreadMs: 0 })
  let arrive = (): void => {}
  const arrived = new Promise<void>(resolve => { arrive = resolve })
  let release = (): void => {}
  const released = new Promise<void>(resolve => { release = resolve })
  app.get('/', {
    ...declared,
    preHandler: async () => {
      arrive()
      await released
    }
  }, () => prices.from(async function * () { t.fail('started') }))
  const client = new RawClient(t, (await listen()).port).request('/')
  await arrived
  const closing = app.close()
  app.server.once('close', () => {})
  setImmediate(release)
  await client.until(({ ended }) => ended === 'end')
  t.equal(client.body, 'retry: 7\nretry: 7\n')
  t.match(await closed(), { reason: 'shutdown', events: 0 })
  await closing
})

t.test('what does not end by closeTimeoutMs is destroyed', async t => {
  const { app, listen, closed } = await loadedApp(t, { closeTimeoutMs: 50 })
  let grow = (): void => {}
  const hasGrown = new Promise<void>(resolve => { grow = resolve })
  app.get('/', async function * () {
    for (let n = 0; ; n++) {
      if (n === 20) grow()
      yield { data: 'x'.repeat(100_000) }
    }
  })
  const client = new RawClient(t, (await listen()).port)
  client.socket.pause()
  client.request('/')
  await hasGrown
  const startedAt = performance.now()
  await app.close()
  t.ok(performance.now() - startedAt < 1_050)
  t.match(await closed(), { reason: 'shutdown' })
})

t.test('nobody is let in once the server has begun to close', async t => {
  const { app, listen } = await loadedApp(t)
  app.get('/', declared, async function * (request, reply) {
    yield acme
    await once(reply.sse.signal, 'abort')
    const late = new RawClient(t, port).request('/')
    late.until(({ ended }) => ended === 'reset').then(() => { refused() }, t.error)
  })
  let refused = (): void => {}
  const wasRefused = new Promise<void>(resolve => { refused = resolve })
  const { port } = await listen()
  const client = new RawClient(t, port).request('/')
  await client.until(({ body }) => body === START + ACME_FRAME)
  await app.close()
  await wasRefused
})

t.test('each registration closes its own streams', async t => {
  const { app, listen, closed } = await loadedApp(t, { retryMs: 1, closeSpreadMs: 0 })
  const { default: sse } = await import('../../lib/index.js')
  app.get('/outer', (request, reply) => reply.sse)
  await app.register(async app => {
    await app.register(sse, { retryMs: 2, closeSpreadMs: 0 })
    app.get('/inner', (request, reply) => reply.sse)
  })
  const { port } = await listen()
  const outer = new RawClient(t, port).request('/outer')
  const inner = new RawClient(t, port).request('/inner')
  await outer.until(({ body }) => body === 'retry: 1\n')
  await inner.until(({ body }) => body === 'retry: 2\n')
  await app.close()
  await Promise.all([closed(0), closed(1)])
  for (const client of [outer, inner]) await client.until(({ ended }) => ended === 'end')
  t.equal(outer.body, 'retry: 1\nretry: 1\n')
  t.equal(inner.body, 'retry: 2\nretry: 2\n')
})

t.test('several registrations close at once, within the longest of their times', async t => {
  const { app, listen, closed } = await loadedApp(t, { closeTimeoutMs: 300 })
  const { default: sse } = await import('../../lib/index.js')
  const started: Array<Promise<void>> = []
  const endless = (url: string) => async (app: FastifyInstance) => {
    await app.register(sse, { closeTimeoutMs: 300 })
    started.push(new Promise(resolve => {
      app.get(url, async function * () {
        for (let n = 0; ; n++) {
          if (n === 20) resolve()
          yield { data: 'x'.repeat(100_000) }
        }
      })
    }))
  }
  for (const url of ['/a', '/b', '/c', '/d', '/e']) await app.register(endless(url))
  const { port } = await listen()
  for (const url of ['/a', '/b', '/c', '/d', '/e']) {
    const client = new RawClient(t, port)
    client.socket.pause()
    client.request(url)
  }
  await Promise.all(started)
  const startedAt = performance.now()
  await app.close()
  t.ok(performance.now() - startedAt < 1_300, 'one after the other would take 1.5 s')
  for (let n = 0; n < 5; n++) t.match(await closed(n), { reason: 'shutdown' })
})
