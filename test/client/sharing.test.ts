import t, { type Test } from 'tap'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connectShared, type EventStreamError } from '../../lib/client/shared.js'
import { eventStream, type FastifySseOptions } from '../../lib/index.js'
import type { Channel } from '../../types/channel.js'
import { count, counts } from '../channels/streams.js'
import { loadedApp, type TestApp } from '../helpers/app.js'
import { layCable } from '../helpers/cable.js'
import { Inbox } from '../helpers/inbox.js'
import { Origin, type SharedPage } from './shared-origin.js'

/** An aborted `fetch` of Node.js opens a connection that it does not use, and a closing server would wait for that. */
const SPARE = { forceCloseConnections: true }

interface Served extends TestApp {
  url: string
  channel: Channel<typeof counts.schemas>
  /** Those of these tokens are answered with 401; `busy` with 503. */
  expired: Set<string | undefined>
}

async function serve (t: Test, options: FastifySseOptions = {}): Promise<Served> {
  const server = await loadedApp(t, { retryMs: 0, ...options }, SPARE)
  const channel = server.app.sse.channel('counts', counts, { history: { maxEvents: 10_000 } })
  const expired = new Set<string | undefined>()
  server.app.addHook('onRequest', async ({ headers }) => {
    const { authorization } = headers
    if (expired.has(authorization)) throw Object.assign(new Error('expired'), { statusCode: authorization === 'busy' ? 503 : 401 })
  })
  server.app.get('/counts', { schema: { response: { 200: counts } } }, request => channel.subscribe(request))
  const { url } = await server.listen()
  return { ...server, url: `${url}/counts`, channel, expired }
}

/** Opens a page that listens, and resolves once its stream is open. */
async function listenOn (t: Test, origin: Origin, ...parameters: Parameters<Origin['open']>): Promise<SharedPage & { got: Inbox<number> }> {
  const page = origin.open(...parameters)
  t.teardown(() => { page.stream.close() })
  const got = new Inbox<number>()
  page.stream.on('count', data => { got.push(data) })
  await opened(page)
  return Object.assign(page, { got })
}

async function opened ({ stream }: SharedPage): Promise<void> {
  if (stream.state !== 'open') await new Promise<void>(resolve => { stream.onState(state => { if (state === 'open') resolve() }) })
}

/** A network on which answers are slow until somebody says otherwise. */
async function slowDown (t: Test, toPort: number): Promise<{ port: number, faster: () => void }> {
  let pauseMs = 20
  const server = createServer(near => {
    const far = connect(toPort, '127.0.0.1')
    for (const [one, other] of [[near, far], [far, near]] as const) one.on('error', () => {}).on('close', () => { other.destroy() })
    near.pipe(far)
    void (async () => {
      for await (const chunk of far as AsyncIterable<Buffer>) {
        for (let at = 0; at < chunk.length; at += 500) {
          near.write(chunk.subarray(at, at + 500))
          if (pauseMs > 0) await delay(pauseMs)
        }
      }
    })().catch(() => {})
    t.teardown(() => { near.destroy() })
  }).listen(0, '127.0.0.1')
  t.teardown(() => { server.close() })
  await once(server, 'listening')
  return { port: (server.address() as { port: number }).port, faster: () => { pauseMs = 0 } }
}

async function until (holds: () => boolean): Promise<void> {
  while (!holds()) await delay(5)
}

t.test('outside of a browser each has a connection of its own, also where there are locks', async t => {
  const { url, channel } = await serve(t)
  const origin = new Origin(t)
  Reflect.deleteProperty(globalThis, 'location')
  const pages = [await listenOn(t, origin, url), await listenOn(t, origin, url)]
  t.equal(channel.subscriberCount(), 2)
  await channel.publish(count(1))
  for (const { got } of pages) await got.until(items => items.length === 1)
  t.equal(channel.subscriberCount(), 2)
})

t.test('wrong options are refused at once', async t => {
  const refuses = (options: object, url = 'http://127.0.0.1/'): void => {
    t.throws(() => connectShared(url, options as { name: string }), { code: 'FST_ERR_SSE_CLIENT_OPTION' })
  }
  refuses({ name: 'Ada' }, 'not absolute')
  refuses({})
  refuses({ name: 'Ada', method: 'POST', reconnect: true })
  refuses({ name: 'Ada', reconnect: false })
})

t.test('two pages have one connection, and both get what comes by it', async t => {
  const origin = new Origin(t)
  const { url, channel } = await serve(t)
  const first = await listenOn(t, origin, url)
  const second = await listenOn(t, origin, url)
  await until(() => channel.subscriberCount() === 1)
  for (let n = 0; n < 10; n++) await channel.publish(count(n))
  for (const { got, stream } of [first, second]) {
    await got.until(items => items.length === 10)
    t.strictSame(got.items, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    t.equal(stream.state, 'open')
    t.ok(stream.lastEventId)
  }
  t.equal(first.stream.lastEventId, second.stream.lastEventId)
})

t.test('pages with another name share nothing', async t => {
  const origin = new Origin(t)
  const { url, channel } = await serve(t)
  await listenOn(t, origin, url, { name: 'Ada' })
  await listenOn(t, origin, url, { name: 'Charles' })
  t.equal(channel.subscriberCount(), 2)
})

t.test('a page begins where its lastEventId says, and shares from there', async t => {
  const origin = new Origin(t)
  const { url, channel } = await serve(t)
  const lastEventId = await channel.position()
  for (let n = 0; n < 3; n++) await channel.publish(count(n))
  const first = await listenOn(t, origin, url)
  const second = await listenOn(t, origin, url, { lastEventId })
  await second.got.until(items => items.length === 3)
  t.strictSame(second.got.items, [0, 1, 2])
  await until(() => channel.subscriberCount() === 1)
  await channel.publish(count(3))
  await first.got.until(items => items.length === 1)
  await second.got.until(items => items.length === 4)
  t.strictSame([first.got.items, second.got.items], [[3], [0, 1, 2, 3]])
})

t.test('a page whose leader is silent goes on by a connection of its own, and shares again when it is not', async t => {
  const origin = new Origin(t)
  const { url, channel } = await serve(t, { heartbeatMs: 5 })
  const first = await listenOn(t, origin, url, { staleAfterMs: 50 })
  const second = await listenOn(t, origin, url, { staleAfterMs: 50 })
  await until(() => channel.subscriberCount() === 1)
  const thaw = first.freeze() // its messages still arrive, but it does not hear the questions
  await until(() => channel.subscriberCount() === 2)
  await channel.publish(count(0))
  await second.got.until(items => items.length === 1)
  thaw()
  await channel.publish(count(1))
  await until(() => channel.subscriberCount() === 1)
  for (const { got } of [first, second]) {
    await got.until(items => items.length === 2)
    t.strictSame(got.items, [0, 1])
  }
})

t.test('a page that nobody answers begins by a connection of its own', async t => {
  const origin = new Origin(t)
  const { url, channel } = await serve(t)
  const first = await listenOn(t, origin, url)
  await until(() => first.stream.lastEventId !== undefined) // it has nothing more to say
  const thaw = first.freeze()
  const second = await listenOn(t, origin, url)
  t.equal(channel.subscriberCount(), 2)
  thaw()
  await channel.publish(count(0))
  await second.got.until(items => items.length === 1)
  await until(() => channel.subscriberCount() === 1)
})

t.test('a page that has missed a message gets what it said by a connection of its own', async t => {
  const origin = new Origin(t)
  const { url, channel } = await serve(t)
  await listenOn(t, origin, url)
  const second = await listenOn(t, origin, url)
  await until(() => channel.subscriberCount() === 1)
  const { receive } = second
  let dropped = 0
  second.receive = data => {
    if ((data as { type: string }).type === 'event' && dropped++ === 2) return
    receive(data)
  }
  for (let n = 0; n < 10; n++) {
    await channel.publish(count(n))
    await delay(1)
  }
  await second.got.until(items => items.length === 10)
  t.strictSame(second.got.items, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.ok(dropped > 2)
})

t.test('a page that reads slowly gets everything at its own pace', async t => {
  const origin = new Origin(t)
  const { url, channel } = await serve(t)
  const first = await listenOn(t, origin, url)
  const slow = origin.open(url)
  let most = 0
  await opened(slow)
  await until(() => channel.subscriberCount() === 1)
  const total = 2_500
  for (let n = 0; n < total; n++) await channel.publish(count(n))
  await first.got.until(items => items.length === total)
  t.equal(channel.subscriberCount(), 1)
  channel.on('subscribe', () => { most = channel.subscriberCount() })
  const got: unknown[] = []
  for await (const { data } of slow.stream) if (got.push(data) === total) break
  t.ok(most > 1, 'what did not wait for it came by another connection')
  t.strictSame(got, Array.from({ length: total }, (_, n) => n))
})

t.test('a page that takes over goes on after what it has got, though it has not read it yet', async t => {
  const origin = new Origin(t)
  const { url, channel } = await serve(t)
  const first = await listenOn(t, origin, url)
  const second = origin.open(url)
  await opened(second)
  await until(() => channel.subscriberCount() === 1)
  for (const n of [0, 1, 2]) await channel.publish(count(n))
  await first.got.until(items => items.length === 3)
  await delay(20) // the second has got them too
  let connections = 0
  channel.on('subscribe', () => { connections++ })
  first.stream.close()
  await until(() => channel.subscriberCount() === 1 && connections === 1)
  for (const n of [3, 4]) await channel.publish(count(n))
  const got: unknown[] = []
  for await (const { data } of second.stream) if (got.push(data) === 5) break
  t.strictSame(got, [0, 1, 2, 3, 4])
  t.equal(connections, 1)
})

t.test('a stream that is complete is so for all pages, also for those that come later', async t => {
  const origin = new Origin(t)
  const { app, listen } = await loadedApp(t, { retryMs: 0 }, SPARE)
  const job = eventStream({ count: counts.schemas.count, done: counts.schemas.count }, { final: ['done'] })
  const channel = app.sse.channel('job', job)
  app.get('/job', { schema: { response: { 200: job } } }, request => channel.subscribe(request))
  const url = `${(await listen()).url}/job`
  const first = await listenOn(t, origin, url)
  const second = await listenOn(t, origin, url)
  await until(() => channel.subscriberCount() === 1)
  await channel.publish(job.event.count(1))
  await channel.publish(job.event.done(2))
  t.strictSame(await Promise.all([first, second].map(async ({ stream }) => await stream.closed)), ['complete', 'complete'])
  t.strictSame([first.got.items, second.got.items], [[1], [1]])
  const late = origin.open(url, { lastEventId: 'stream-end' })
  t.equal(await late.stream.closed, 'complete')
  t.equal(origin.size, 0)
})

t.test('a page that the server refuses fails alone, and the next one takes over', async t => {
  const origin = new Origin(t)
  const { url, channel, expired } = await serve(t)
  const cable = await layCable(t, Number(new URL(url).port))
  const through = `http://127.0.0.1:${cable.port}/counts`
  const first = await listenOn(t, origin, through, { headers: { authorization: 'old' } })
  const second = await listenOn(t, origin, through, { headers: { authorization: 'new' } })
  await until(() => channel.subscriberCount() === 1)
  expired.add('old')
  cable.cut()
  await channel.publish(count(0))
  await t.rejects(first.stream.closed, { code: 'FST_ERR_SSE_CLIENT_REFUSED', answer: { status: 401 } })
  await second.got.until(items => items.length === 1)
  t.strictSame(second.got.items, [0])
  t.equal(second.stream.state, 'open')
})

for (const [what, denied] of Object.entries({
  locks: { locks: new DOMException('denied', 'SecurityError') },
  'channels between pages': { channel: new DOMException('denied', 'SecurityError') }
})) {
  t.test(`a page to which ${what} are denied has a connection of its own`, async t => {
    const origin = new Origin(t)
    origin.denied = denied
    const { url, channel } = await serve(t)
    const pages = [await listenOn(t, origin, url), await listenOn(t, origin, url)]
    t.equal(channel.subscriberCount(), 2)
    for (const n of [0, 1]) await channel.publish(count(n))
    for (const { got } of pages) {
      await got.until(items => items.length === 2)
      t.strictSame(got.items, [0, 1])
    }
  })
}

t.test('all pages are told why their stream waits', async t => {
  const origin = new Origin(t)
  const { url, expired } = await serve(t)
  expired.add('busy')
  const pages = ['one', 'other'].map(() => origin.open(url, { headers: { authorization: 'busy' }, retryMs: 10_000 }))
  t.teardown(() => { for (const { stream } of pages) stream.close() })
  await until(() => pages.every(({ stream }) => stream.state === 'waiting'))
  for (const { stream } of pages) {
    const { lastError } = stream
    t.match(lastError, { name: 'EventStreamError', code: 'FST_ERR_SSE_CLIENT_REFUSED', message: 'the answer is 503 application/json; charset=utf-8', answer: { status: 503, body: /expired/ } })
    t.equal((lastError as EventStreamError).answer?.headers.get('content-type'), 'application/json; charset=utf-8')
  }
})

t.test('a page that comes in the middle of a snapshot gets all of it', async t => {
  const origin = new Origin(t)
  const { app, listen } = await loadedApp(t, { retryMs: 0 }, SPARE)
  const all = Array.from({ length: 400 }, (_, n) => n)
  const channel = app.sse.channel('counts', counts, { snapshot: () => all.map(n => count(n)) })
  app.get('/counts', { schema: { response: { 200: counts } } }, request => channel.subscribe(request, { from: 'snapshot' }))
  const slow = await slowDown(t, (await listen()).port)
  const url = `http://127.0.0.1:${slow.port}/counts`
  const first = await listenOn(t, origin, url)
  await first.got.until(items => items.length > 50)
  const second = await listenOn(t, origin, url)
  t.equal(first.stream.lastEventId, undefined, 'the first has not got all of it')
  slow.faster()
  await channel.publish(count(400))
  for (const { got } of [first, second]) {
    await got.until(items => items.at(-1) === 400)
    t.strictSame(got.items, [...all, 400])
  }
  await channel.publish(count(401))
  await until(() => channel.subscriberCount() === 1)
})

t.test('the last words of one who led before change nothing', async t => {
  const origin = new Origin(t)
  const { url, channel } = await serve(t)
  const options = { staleAfterMs: Infinity }
  const first = await listenOn(t, origin, url, options)
  const second = await listenOn(t, origin, url, options)
  await channel.publish(count(0))
  await second.got.until(items => items.length === 1)
  await until(() => channel.subscriberCount() === 1)
  const { lastEventId } = first.stream
  const third = origin.open(url, { ...options, ...lastEventId !== undefined && { lastEventId } })
  t.teardown(() => { third.stream.close() })
  third.inbound.set(first, delay(100)) // whatever the first says to it comes late
  const got = new Inbox<number>()
  third.stream.on('count', data => { got.push(data) })
  await delay(20)
  let connections = 0
  channel.on('subscribe', () => { connections++ })
  first.stream.close()
  await until(() => third.stream.state === 'open')
  await delay(150)
  for (const n of [1, 2]) await channel.publish(count(n))
  await got.until(items => items.length === 2)
  t.strictSame(got.items, [1, 2])
  t.equal(connections, 1, 'that of the one who has taken over')
})

t.test('who is still reading when the stream is complete does not ask for it again', async t => {
  const origin = new Origin(t)
  const { app, listen } = await loadedApp(t, { retryMs: 0 }, SPARE)
  const job = eventStream({ count: counts.schemas.count, done: counts.schemas.count }, { final: ['done'] })
  const channel = app.sse.channel('job', job)
  let asked = 0
  app.addHook('onSend', async () => { asked++ })
  app.get('/job', { schema: { response: { 200: job } } }, request => {
    asked++
    return channel.subscribe(request)
  })
  const url = `${(await listen()).url}/job`
  const first = await listenOn(t, origin, url)
  const slow = origin.open(url)
  await opened(slow)
  await until(() => channel.subscriberCount() === 1)
  const before = asked
  for (const n of [1, 2]) await channel.publish(job.event.count(n))
  await channel.publish(job.event.done(3))
  t.equal(await first.stream.closed, 'complete')
  await delay(20)
  const got: string[] = []
  for await (const { event } of slow.stream) got.push(event)
  t.strictSame(got, ['count', 'count', 'done'])
  t.equal(await slow.stream.closed, 'complete')
  t.equal(asked, before)
})

t.test('a page with a connection of its own is told by that when the stream is complete', async t => {
  const origin = new Origin(t)
  origin.denied = { locks: new DOMException('denied', 'SecurityError') }
  const { app, listen } = await loadedApp(t, { retryMs: 0 }, SPARE)
  const job = eventStream({ count: counts.schemas.count, done: counts.schemas.count }, { final: ['done'] })
  app.get('/job', { schema: { response: { 200: job } } }, async function * () {
    yield job.event.count(1)
    yield job.event.done(2)
  })
  const { stream } = origin.open(`${(await listen()).url}/job`)
  const got: string[] = []
  for await (const { event } of stream) got.push(event)
  t.strictSame(got, ['count', 'done'])
  t.equal(await stream.closed, 'complete')
})

t.test('events without ids are shared by those who are there from the beginning', async t => {
  const origin = new Origin(t)
  const { app, listen } = await loadedApp(t, { retryMs: 0, commitAfterMs: 0 }, SPARE)
  const sinks = new Set<{ send: (event: unknown) => unknown, signal: AbortSignal }>()
  app.get('/plain', { schema: { response: { 200: counts } } }, (_request, reply) => {
    const sink = reply.sse as never as { send: (event: unknown) => unknown, signal: AbortSignal }
    sinks.add(sink)
    sink.signal.addEventListener('abort', () => { sinks.delete(sink) })
    return reply.sse
  })
  const url = `${(await listen()).url}/plain`
  const first = await listenOn(t, origin, url)
  const second = await listenOn(t, origin, url)
  t.equal(sinks.size, 1)
  for (const sink of sinks) sink.send(count(1))
  for (const { got } of [first, second]) {
    await got.until(items => items.length === 1)
    t.strictSame(got.items, [1])
  }
  await listenOn(t, origin, url)
  t.equal(sinks.size, 2, 'who comes later has a connection of its own')
})
