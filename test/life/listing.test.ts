import type { FastifyRequest } from 'fastify'
import t from 'tap'
import sse from '../../lib/index.js'
import { opened } from '../channels/clients.js'
import { count, counts } from '../channels/streams.js'
import { loadedApp } from '../helpers/app.js'
import { connect } from '../helpers/event-stream-client.js'
import { RawClient } from '../helpers/raw-client.js'
import { ACME_FRAME, acme, prices, START } from './streams.js'

const schema = { response: { 200: prices } }

t.test('the open streams of the whole server are listed, with what they have counted', async t => {
  const { app, listen, closed } = await loadedApp(t)
  const requests: FastifyRequest[] = []
  app.get('/prices/:symbol', { schema }, (request, reply) => {
    requests.push(request)
    void reply.sse.send(acme)
    return reply.sse
  })
  app.register(async child => {
    await child.register(sse)
    child.get('/child', { schema }, (_request, reply) => reply.sse)
  })
  const { port } = await listen()
  t.strictSame(app.sse.streams(), [])
  const client = new RawClient(t, port).request('/prices/ACME', { headers: ['Last-Event-ID: 7'] })
  await client.until(({ body }) => body === START + ACME_FRAME)
  const other = new RawClient(t, port).request('/child')
  await other.until(({ body }) => body === START)

  const [first, second, ...more] = app.sse.streams()
  t.equal(more.length, 0)
  const { id, route, request, openedAt, events, bytes, queuedBytes, resumedFrom, gaps } = first ?? {}
  t.strictSame(
    { route, events, bytes, queuedBytes, resumedFrom, gaps },
    { route: 'GET /prices/:symbol', events: 1, bytes: (START + ACME_FRAME).length, queuedBytes: 0, resumedFrom: '7', gaps: 0 }
  )
  t.equal(request, requests[0])
  t.ok(openedAt instanceof Date && Math.abs(Date.now() - openedAt.getTime()) < 60_000)
  t.equal(second?.route, 'GET /child')
  t.not(id, second?.id)
  t.match(id, /^[\w-]{8}\.\d+$/)
  t.equal(app.sse.streams()[0], first, 'the same one each time')

  client.socket.destroy()
  await closed()
  t.strictSame(app.sse.streams(), [second])
  t.equal(first?.events, 1, 'and what it has counted is still there')
})

t.test('a stream that is closed ends whole, and its client comes back soon', async t => {
  const { app, listen, closed } = await loadedApp(t)
  let reason = ''
  app.get('/', { schema }, async function * (_request, reply) {
    yield acme
    await new Promise(resolve => { reply.sse.signal.addEventListener('abort', resolve) })
    reason = (reply.sse.signal.reason as Error).message
  })
  const { port } = await listen()
  const client = new RawClient(t, port).request('/')
  await client.until(({ body }) => body === START + ACME_FRAME)
  const [stream] = app.sse.streams()
  stream?.close()
  stream?.close()
  await client.until(() => client.isComplete)
  t.equal(client.body, `${START}${ACME_FRAME}retry: 1000\n`)
  t.match(await closed(), { reason: 'expired', events: 1 })
  t.equal(reason, 'the event stream was closed: expired')
  t.strictSame(app.sse.streams(), [])
  stream?.close()
})

t.test('a stream whose response has yet to begin is listed, and can be closed', async t => {
  const { app, listen, closed } = await loadedApp(t, { commitAfterMs: Infinity })
  app.get('/', { schema }, async function * (_request, reply) {
    await new Promise(resolve => { reply.sse.signal.addEventListener('abort', resolve) })
  })
  const { port } = await listen()
  const client = new RawClient(t, port).request('/')
  while (app.sse.streams().length === 0) await new Promise(setImmediate)
  t.match(app.sse.streams(), [{ route: 'GET /', events: 0, bytes: 0, queuedBytes: 0, resumedFrom: undefined }])
  for (const stream of app.sse.streams()) stream.close()
  await client.until(() => client.isComplete)
  t.equal(client.body, `${START}retry: 1000\n`)
  t.match(await closed(), { reason: 'expired' })
})

t.test('gaps are counted while the stream is open', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts, { history: { maxEvents: 1 } })
  app.get('/', { schema: { response: { 200: counts } } }, request => channel.subscribe(request))
  const { url } = await listen()
  const start = await channel.position()
  for (let n = 0; n < 3; n++) await channel.publish(count(n))
  await opened(t, url, { 'last-event-id': start })
  t.match(app.sse.streams(), [{ gaps: 1 }])
})

t.test('the streams of a user who logs out end, and nobody else\'s', async t => {
  const { app, listen, closed } = await loadedApp(t)
  app.get('/', { schema }, (_request, reply) => reply.sse)
  const { url } = await listen()
  for (const user of ['ann', 'bob', 'ann']) await connect(t, url, { headers: { 'x-user': user } })
  for (const stream of app.sse.streams()) {
    if (stream.request.headers['x-user'] === 'ann') stream.close()
  }
  await closed(1)
  t.strictSame(app.sse.streams().map(({ request }) => request.headers['x-user']), ['bob'])
})

t.test('the open channels of the whole server are listed', async t => {
  const { app } = await loadedApp(t)
  const first = app.sse.channel('counts', counts)
  await app.register(async child => {
    await child.register(sse)
    child.sse.channel('counts', counts, { retain: 'latest', key: ({ event }) => event })
  })
  t.equal(app.sse.channels()[0], first)
  t.strictSame(app.sse.channels().map(({ name, retention }) => [name, retention]), [
    ['counts', { maxEvents: 1_000, maxBytes: 8 * 1024 * 1024, maxAgeMs: Infinity }],
    ['counts', { latest: true, maxKeys: 10_000 }]
  ])
  await first.close()
  t.equal(app.sse.channels().length, 1)
})
