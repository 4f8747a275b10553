import t from 'tap'
import { once } from 'node:events'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { ACME_FRAME, acme, prices, START } from './streams.js'

const declared = { schema: { response: { 200: prices } } }

t.test('a comment is sent after heartbeatMs without a write', async t => {
  t.test('to a quiet generator', async t => {
    const { app, listen } = await loadedApp(t, { heartbeatMs: 20 })
    app.get('/', declared, async function * (request, reply) {
      yield acme
      await once(reply.sse.signal, 'abort')
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ body }) => body === START + ACME_FRAME + ':\n:\n')
  })

  t.test('to a quiet sink, without company', async t => {
    const { app, listen } = await loadedApp(t, { heartbeatMs: 20 })
    app.get('/', declared, (request, reply) => reply.sse)
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ body }) => body === START + ':\n:\n')
  })

  t.test('and not with heartbeatMs: Infinity', async t => {
    const { app, listen } = await loadedApp(t, { heartbeatMs: 40 })
    app.get('/quiet', { ...declared, sse: { heartbeatMs: Infinity } }, (request, reply) => reply.sse)
    app.get('/beats', declared, (request, reply) => reply.sse)
    const { port } = await listen()
    const quiet = new RawClient(t, port).request('/quiet')
    const beats = new RawClient(t, port).request('/beats')
    await beats.until(({ body }) => body === START + ':\n'.repeat(4))
    t.equal(quiet.body, START)
  })

  t.test('by one timer for all streams, which rests when there are none', async t => {
    const { app, listen, closed } = await loadedApp(t, { heartbeatMs: 20 })
    app.get('/', declared, (request, reply) => reply.sse)
    const timers = (): number => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
    const { port } = await listen()
    const clients = Array.from({ length: 5 }, () => new RawClient(t, port).request('/'))
    for (const client of clients) await client.until(({ body }) => body.startsWith(START + ':\n'))
    for (const client of clients) client.socket.destroy()
    for (const n of clients.keys()) t.match(await closed(n), { reason: 'client' })
    const resting = timers()
    const again = new RawClient(t, port).request('/')
    await again.until(({ body }) => body.startsWith(START + ':\n'))
    // Unref'd, the timer is not counted among the resources that keep the process alive.
    t.equal(timers(), resting)
  })
})

t.test('maxAgeMs ends a stream, and its client comes back soon', async t => {
  t.test('on a GET', async t => {
    const { app, listen, closed } = await loadedApp(t, { maxAgeMs: 40 })
    const reasons: unknown[] = []
    app.get('/', declared, async function * (request, reply) {
      yield acme
      await once(reply.sse.signal, 'abort')
      reasons.push((reply.sse.signal.reason as Error).message)
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ isComplete }) => isComplete)
    t.equal(client.body, START + ACME_FRAME + 'retry: 1000\n')
    t.match(await closed(), { reason: 'max-age', events: 1 })
    t.strictSame(reasons, ['the event stream was closed: max-age'])
  })

  t.test('with a shorter retryMs than a second where there is one', async t => {
    const { app, listen } = await loadedApp(t, { maxAgeMs: 40, retryMs: 300 })
    app.get('/', declared, (request, reply) => reply.sse)
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ isComplete }) => isComplete)
    t.equal(client.body, 'retry: 300\nretry: 300\n')
  })

  t.test('and not on a POST, which nobody would repeat', async t => {
    const { app, listen } = await loadedApp(t, { maxAgeMs: 20, heartbeatMs: 60 })
    app.post('/', declared, (request, reply) => reply.sse)
    const client = new RawClient(t, (await listen()).port).request('/', { method: 'POST' })
    await client.until(({ body }) => body === START + ':\n')
    t.notOk(client.isComplete)
  })
})
