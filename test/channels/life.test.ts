import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { type CloseRecord, eventStream } from '../../lib/index.js'
import { Type } from '@sinclair/typebox'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { open, opened, payloads, received, resume } from './clients.js'
import { count, counts, note, notes } from './streams.js'

t.test('who comes and goes is told to those who listen, with the identity that the app gives', async t => {
  const { app, listen, closed } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts, { identity: request => request.headers['x-user'] })
  const seen: unknown[] = []
  channel.on('subscribe', presence => { seen.push({ come: presence }) })
  channel.on('unsubscribe', departure => { seen.push({ gone: departure }) })
  app.get('/', request => channel.subscribe(request, { topics: ['a'] }))
  const { url } = await listen()
  const client = await opened(t, url, { 'x-user': 'Ann' })
  const presence = { channel: 'counts', topics: ['a'], identity: 'Ann' }
  t.strictSame(seen, [{ come: presence }])
  t.equal(channel.subscriberCount(), 1)
  client.leave()
  await closed()
  t.strictSame(seen, [{ come: presence }, { gone: { ...presence, reason: 'client' } }])
  t.equal(channel.subscriberCount(), 0)
})

t.test('a listener that throws is logged, and harms nobody', async t => {
  const { app, listen, logged } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  const fail = (): void => { throw new Error('listener') }
  let told = 0
  channel.on('subscribe', fail).on('subscribe', () => { told++ })
  app.get('/', request => channel.subscribe(request))
  const { url } = await listen()
  const client = await opened(t, url)
  await channel.publish(count(1))
  t.strictSame(await received(client, 1), [1])
  await logged(({ msg }) => msg === "a listener for 'subscribe' failed")
  channel.off('subscribe', fail)
  await opened(t, url)
  t.equal(told, 2)
})

t.test('a subscription that is never read holds nothing', async t => {
  const { app } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  app.get('/', request => {
    channel.subscribe(request)
    return { counted: channel.subscriberCount() }
  })
  app.get('/stream', { schema: { response: { 200: counts } } }, request => channel.subscribe(request))
  t.strictSame((await app.inject('/')).json(), { counted: 0 })
  t.equal((await app.inject({ method: 'HEAD', url: '/stream' })).statusCode, 200)
  t.equal((await app.inject({ url: '/stream', headers: { accept: 'application/json' } })).statusCode, 406)
  t.equal(channel.subscriberCount(), 0)
})

t.test('a subscription ends when it expires, and the client is asked to come back', async t => {
  const { app, listen, closed } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  app.get('/', request => channel.subscribe(request, { expiresAt: Date.now() + 60 }))
  app.get('/loop', async function * (request, reply) {
    reply.sse.signal.addEventListener('abort', () => { aborted.push((reply.sse.signal.reason as Error).message) })
    yield * channel.subscribe(request, { expiresAt: new Date(Date.now() + 60) })
  })
  const aborted: string[] = []
  const { url, port } = await listen()
  const client = new RawClient(t, port).request('/')
  await client.until(({ isComplete }) => isComplete)
  t.match(client.body, /retry: 1000\n$/)
  t.match(await closed(), { reason: 'expired' })
  t.equal(await (await open(t, `${url}/loop`)).ended, 'whole')
  t.match(await closed(1), { reason: 'expired' })
  t.strictSame(aborted, ['the event stream was closed: expired'])
  t.equal(channel.subscriberCount(), 0)
})

t.test('a final event of a channel completes the streams of its subscribers', async t => {
  const { app, listen } = await loadedApp(t)
  const job = eventStream({ progress: Type.Number(), done: Type.Null() }, { final: ['done'] })
  const channel = app.sse.channel('job', job)
  app.get('/', { schema: { response: { 200: job } } }, request => channel.subscribe(request))
  app.get('/loop', { schema: { response: { 200: job } } }, async function * (request) { yield * channel.subscribe(request) })
  const { url } = await listen()
  for (const path of ['/', '/loop']) {
    const client = await opened(t, url + path)
    await channel.publish({ event: 'progress', data: 1 })
    await channel.publish({ event: 'done' })
    await channel.publish({ event: 'progress', data: 2 })
    t.equal(await client.ended, 'whole')
    t.strictSame(client.items.slice(1).map(({ event, data }) => [event, data]), [['progress', '1'], ['done', 'null']])
    t.equal(client.items.at(-1)?.id, 'stream-end')
    t.equal((await app.inject({ url: path, headers: { 'last-event-id': 'stream-end' } })).statusCode, 204)
  }
})

for (const [how, path] of [['returned', '/'], ['yielded', '/loop']] as const) {
  t.test(`a client that does not read what is ${how} is closed as slow, and comes back for the rest`, async t => {
    const { app, listen, closed } = await loadedApp(t, { maxBufferedBytes: 64 * 1024 })
    const channel = app.sse.channel('notes', notes, { history: { maxEvents: Infinity, maxBytes: Infinity } })
    app.get('/', request => channel.subscribe(request))
    app.get('/loop', async function * (request) { yield * channel.subscribe(request) })
    const { url, port } = await listen()
    const position = await channel.position()
    const slow = new RawClient(t, port)
    slow.socket.pause()
    slow.request(path)
    while (channel.subscriberCount() === 0) await nextTurn()
    const other = await opened(t, url)
    let published = 0
    while (channel.subscriberCount() === 2) {
      await channel.publish(note(`${published++}`.padStart(16_000)))
      await nextTurn()
    }
    const { reason, events, dropped } = await closed() as unknown as CloseRecord
    t.equal(reason, 'slow')
    // The one that came when too much waited may be neither.
    t.ok([0, 1].includes(published - events - Number(dropped)), `${events} written and ${dropped} dropped, of ${published}`)
    t.equal((await received(other, published)).length, published, 'the other gets all')
    t.equal((await received(await resume(t, url, position), published)).length, published)
  })
}

t.test('a subscription counts as pushed: what makes no progress for 30 s is closed, where an iterable may take 5 min', async t => {
  const { app, listen, closed, logs } = await loadedApp(t, { maxBufferedBytes: Infinity, heartbeatMs: 20 })
  const channel = app.sse.channel('notes', notes)
  app.get('/', request => channel.subscribe(request))
  app.get('/pulled', async function * (request) { yield * channel.subscribe(request) })
  const { port } = await listen()
  const clients = ['/', '/pulled'].map(path => {
    const client = new RawClient(t, port)
    client.socket.pause()
    return client.request(path)
  })
  while (channel.subscriberCount() < clients.length) await nextTurn()
  for (let n = 0; n < 100; n++) {
    await channel.publish(note('x'.repeat(200_000)))
    await nextTurn()
  }
  const { now } = performance
  t.teardown(() => { performance.now = now })
  performance.now = () => now.call(performance) + 30_000
  t.match(await closed(), { route: 'GET /', reason: 'stalled' })
  t.equal(logs.filter(({ stream }) => stream !== undefined).length, 1)
  t.equal(channel.subscriberCount(), 1)
})

t.test('channel.close() ends its streams after what was published, and frees the name', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  const other = app.sse.channel('notes', notes)
  app.get('/', request => channel.subscribe(request))
  app.get('/both', request => app.sse.merge(channel.subscribe(request), other.subscribe(request)))
  const { url } = await listen()
  const [client, both] = await Promise.all([opened(t, url), opened(t, `${url}/both`)])
  const iterated = (async () => {
    const seen: unknown[] = []
    for await (const { data } of channel.subscribe({})) if (data !== null) seen.push(data)
    return seen
  })()
  await nextTurn()
  await channel.publish(count(1))
  await Promise.all([channel.close(), channel.close()])
  t.equal(await client.ended, 'whole')
  t.strictSame(payloads(client.items), [1])
  t.strictSame(await iterated, [1])
  await other.publish(note('still here'))
  t.strictSame(await received(both, 2), [1, 'still here'])

  t.equal(channel.subscriberCount(), 0)
  await t.rejects(channel.publish(count(2)), { code: 'FST_ERR_SSE_CHANNEL_CLOSED' })
  t.throws(() => channel.subscribe({}), { code: 'FST_ERR_SSE_CHANNEL_CLOSED' })
  const again = app.sse.channel('counts', counts)
  t.match(await again.publish(count(1)), /\.1$/)
})

t.test('a channel that closes completes nothing: who reads it is asked to come back', async t => {
  const { app, listen, closed, logs } = await loadedApp(t, { retryMs: 10, closeSpreadMs: 0 })
  const job = eventStream({ progress: Type.Number(), done: Type.Null() }, { final: ['done'] })
  const channel = app.sse.channel('job', job)
  const outcomes: unknown[] = []
  app.get('/stop', { sse: { onComplete: 'stop' } }, request => channel.subscribe(request))
  app.get('/final', { schema: { response: { 200: job } } }, request => channel.subscribe(request))
  app.get('/loop', { schema: { response: { 200: job } } }, async function * (request) {
    try {
      yield * channel.subscribe(request)
      outcomes.push('complete')
    } finally {
      outcomes.push('over')
    }
  })
  const { url } = await listen()
  const clients = await Promise.all(['/stop', '/final', '/loop'].map(async path => await opened(t, url + path)))
  await channel.publish({ event: 'progress', data: 1 })
  await channel.close()
  for (const [i, client] of clients.entries()) {
    t.equal(await client.ended, 'whole')
    t.strictSame(client.items.slice(1).map(({ event }) => event), ['progress'])
    t.match(await closed(i), { reason: 'shutdown' })
  }
  t.strictSame(outcomes, ['over'])
  t.strictSame(logs.filter(({ level }) => level >= 50), [])
})

t.test('who reads as fast as it can is not slow, however much comes at once', async t => {
  const { app, listen } = await loadedApp(t, { maxBufferedBytes: 256 * 1024 })
  const channel = app.sse.channel('notes', notes, { history: { maxEvents: Infinity, maxBytes: Infinity } })
  app.get('/', request => channel.subscribe(request))
  const { url } = await listen()
  const client = await opened(t, url)
  const position = await channel.position()
  for (let turn = 0; turn < 20; turn++) {
    for (let n = 0; n < 7; n++) await channel.publish(note(`${turn} ${n}`.padStart(15_000)))
    await nextTurn()
  }
  t.equal((await received(client, 140)).length, 140)
  await channel.publish(note('one event larger than all that may wait'.padStart(500_000)))
  await channel.publish(note('and what follows it'))
  t.equal((await received(client, 142)).length, 142)
  const back = await resume(t, url, position)
  await channel.publish(note('live'))
  t.equal((await received(back, 143)).length, 143)
})

t.test('app.close() ends subscriptions with a retry, also those of jobs', async t => {
  const { app, listen, closed } = await loadedApp(t, { retryMs: 10, closeSpreadMs: 0 })
  const channel = app.sse.channel('counts', counts)
  const reasons: unknown[] = []
  channel.on('unsubscribe', ({ reason }) => { reasons.push(reason) })
  app.get('/', request => channel.subscribe(request))
  const { url } = await listen()
  const client = await opened(t, url)
  const job = (async () => { for await (const event of channel.subscribe({})) if (event.event === 'count') return 'counted'; return 'ended' })()
  await nextTurn()
  await app.close()
  t.equal(await client.ended, 'whole')
  t.equal(await job, 'ended')
  t.match(await closed(), { reason: 'shutdown' })
  t.equal(channel.subscriberCount(), 0)
  t.strictSame(reasons, ['shutdown', 'shutdown'])
  await t.rejects(channel.publish(count(1)), { code: 'FST_ERR_SSE_CHANNEL_CLOSED' })
  t.throws(() => app.sse.channel('late', counts), { code: 'FST_ERR_SSE_CHANNEL_CLOSED' })
})

t.test('a signal ends a subscription that has no request, quietly', async t => {
  const { app } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  const leave = new AbortController()
  const job = readAll(channel.subscribe({ signal: leave.signal }))
  await nextTurn()
  t.equal(channel.subscriberCount(), 1)
  leave.abort()
  t.match(await job, [{ event: 'stream-position' }])
  t.equal(channel.subscriberCount(), 0)
  t.strictSame(await readAll(channel.subscribe({ signal: AbortSignal.abort() })), [])
  const closed = channel.subscribe({})
  closed.close()
  t.strictSame(await readAll(closed), [])
  t.equal(channel.subscriberCount(), 0)
})

t.test('a client that leaves ends the loop of its handler with an error, not as if all had come', async t => {
  const { app, listen, closed } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  const outcomes: unknown[] = []
  app.get('/', async function * (request) {
    try {
      for await (const event of channel.subscribe(request)) yield event
      outcomes.push('complete')
    } catch (error) {
      outcomes.push((error as { code: string }).code)
    } finally {
      outcomes.push('finally')
    }
  })
  const client = await opened(t, (await listen()).url)
  client.leave()
  await closed()
  while (outcomes.length < 2) await nextTurn()
  t.strictSame(outcomes, ['FST_ERR_SSE_STREAM_CLOSED', 'finally'])
})

async function readAll (subscription: AsyncIterable<unknown>): Promise<unknown[]> {
  const events: unknown[] = []
  for await (const event of subscription) events.push(event)
  return events
}

t.test('a subscription that is closed while its client is behind takes nothing of its place', async t => {
  const { app, listen, closed } = await loadedApp(t, { maxBufferedBytes: 256 * 1024 * 1024 })
  const channel = app.sse.channel('notes', notes, { history: { maxBytes: Infinity } })
  const subscriptions: Array<{ close: () => void }> = []
  app.get('/', request => {
    const subscription = channel.subscribe(request)
    subscriptions.push(subscription)
    return subscription
  })
  const { port } = await listen()
  const position = await channel.position()
  const slow = new RawClient(t, port)
  slow.socket.pause()
  slow.request(`/?lastEventId=${position}`)
  while (channel.subscriberCount() === 0) await nextTurn()
  for (let i = 1; i <= 40; i++) {
    await channel.publish(note(`${i}`.padStart(500_000)))
    await nextTurn()
  }
  subscriptions[0]?.close()
  slow.socket.resume()
  await slow.until(({ isComplete }) => isComplete)
  t.match(await closed(), { reason: 'complete' })
  const events = slow.body.match(/^event: note$/gm)?.length ?? 0
  t.ok(events < 40, 'it was behind')
  t.equal(slow.body.match(/^id: .*$/gm)?.at(-1), `id: ${position.replace(/0$/, String(events))}`)
})

t.test('one that has expired before it is read gets nothing', async t => {
  const { app, listen, closed } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  await channel.publish(count(1))
  app.get('/', request => channel.subscribe(request, { from: 'start', expiresAt: Date.now() }))
  const { port } = await listen()
  const client = new RawClient(t, port).request('/')
  await client.until(({ isComplete }) => isComplete)
  t.equal(client.body, 'retry: 2000\nretry: 1000\n')
  t.match(await closed(), { reason: 'expired', events: 0 })
  const events = channel.subscribe({}, { from: 'start', expiresAt: 0 })[Symbol.asyncIterator]()
  await t.rejects(events.next(), { code: 'FST_ERR_SSE_STREAM_CLOSED', message: 'the event stream was closed: expired' })
  t.equal(channel.subscriberCount(), 0)
})
