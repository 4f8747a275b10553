import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import sse, { type ChannelMetrics, type EventSink, eventStream, memoryBroker, type Metrics, type RouteMetrics } from '../../lib/index.js'
import { opened, received, resume } from '../channels/clients.js'
import { count, counts } from '../channels/streams.js'
import { loadedApp, type TestApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { connect, eventsOf } from '../helpers/event-stream-client.js'
import { RawClient } from '../helpers/raw-client.js'
import { heldBroker } from './held-broker.js'

const schema = { response: { 200: counts } }
const NOTHING_CLOSED = { complete: 0, client: 0, shutdown: 0, 'max-age': 0, slow: 0, expired: 0, overloaded: 0, stalled: 0, error: 0 }

function routeOf (app: TestApp['app'], name: string): RouteMetrics {
  const found = app.sse.metrics().routes.find(({ route }) => route === name)
  if (found === undefined) throw new Error(`no route ${name}`)
  return found
}

function channelOf (app: TestApp['app'], name = 'counts'): ChannelMetrics {
  const found = app.sse.metrics().channels.find(({ channel }) => channel === name)
  if (found === undefined) throw new Error(`no channel ${name}`)
  return found
}

/** Resolves when a diagnostics channel is published to. */
async function told (t: Test, name: string): Promise<unknown> {
  const { promise, resolve } = deferred<unknown>()
  subscribe(name, resolve)
  t.teardown(() => { unsubscribe(name, resolve) })
  return await promise
}

t.test('streams are counted while they are open, and nothing is lost when they are not', async t => {
  const { app, closed, listen } = await loadedApp(t)
  app.get('/counts/:to', { schema }, async function * (_request, reply) {
    yield count(1)
    yield { comment: 'not counted' }
    yield count(2)
    await new Promise(resolve => { reply.sse.signal.addEventListener('abort', resolve) })
  })
  const { url } = await listen()
  const read = async () => {
    const response = await connect(t, `${url}/counts/9`)
    const events = eventsOf(response)
    await events.next()
    await events.next()
    return response
  }
  const first = await read()
  await read()
  const bytes = 2 * 'retry: 2000\nevent: count\ndata: 1\n\n: not counted\nevent: count\ndata: 2\n\n'.length
  const open = { route: 'GET /counts/:to', open: 2, opened: 2, closed: NOTHING_CLOSED, unopened: 0, resumed: 0, events: 4, invalidEvents: 0, queuedBytes: 0 }
  const { timeToFirstEvent, bytes: written, ...before } = routeOf(app, 'GET /counts/:to')
  t.strictSame(before, open)
  t.equal(timeToFirstEvent.count, 2)

  first.destroy()
  const record = await closed(0)
  const { timeToFirstEvent: _, bytes: left, ...after } = routeOf(app, 'GET /counts/:to')
  t.strictSame(after, { ...open, open: 1, closed: { ...NOTHING_CLOSED, client: 1 } })
  t.strictSame([left, record['bytes']], [written, written / 2], 'bytes of those who have gone stay')
  t.equal(written, bytes)

  await app.close()
  const { open: stillOpen, closed: byReason, events } = routeOf(app, 'GET /counts/:to')
  t.strictSame([stillOpen, byReason, events], [0, { ...NOTHING_CLOSED, client: 1, shutdown: 1 }, 4])
})

t.test('routes that declare a stream are there from the start, others from their first one', async t => {
  const { app } = await loadedApp(t)
  app.get('/declared', { schema }, async function * () {})
  app.get('/undeclared', async function * () { yield { data: 1 } })
  app.get('/plain', () => ({}))
  const names = (): string[] => app.sse.metrics().routes.map(({ route }) => route)
  t.strictSame(names(), ['GET /declared'])
  await app.inject('/plain')
  await app.inject('/undeclared')
  await app.inject({ url: '/declared', method: 'HEAD' })
  t.strictSame(names(), ['GET /declared', 'GET /undeclared'])
})

t.test('all of it survives JSON', async t => {
  const { app } = await loadedApp(t)
  app.sse.channel('counts', counts)
  app.get('/', { schema }, async function * () { yield count(1) })
  await app.inject('/')
  const metrics: Metrics = app.sse.metrics()
  t.strictSame(JSON.parse(JSON.stringify(metrics)), metrics)
})

t.test('a stream that says all at once was opened, whichever way its bytes take', async t => {
  for (const fastPaths of [true, false]) {
    const { app } = await loadedApp(t, { fastPaths })
    app.get('/', async function * () { yield { data: 'x'.repeat(200_000) } })
    app.get('/sink', (_request, { sse }) => {
      sse.send({ data: 1 })
      sse.end()
      return sse
    })
    for (const path of ['/', '/sink']) {
      await app.inject(path)
      t.match(routeOf(app, `GET ${path}`), { open: 0, opened: 1, unopened: 0, closed: { complete: 1 }, events: 1 }, path)
    }
  }
})

t.test('a stream that ends before its response begins is told apart from those that were opened', async t => {
  const { app } = await loadedApp(t)
  app.get('/', { schema }, async function * () { throw new Error('no numbers') })
  await app.inject('/')
  t.match(routeOf(app, 'GET /'), { open: 0, opened: 0, closed: NOTHING_CLOSED, unopened: 1, timeToFirstEvent: { count: 0 } })
})

t.test('those who come back are counted', async t => {
  const { app } = await loadedApp(t)
  app.get('/', { schema }, async function * () { yield count(1) })
  await app.inject('/')
  await app.inject({ url: '/', headers: { 'last-event-id': 'e.1' } })
  t.match(routeOf(app, 'GET /'), { opened: 2, resumed: 1, closed: { complete: 2 } })
})

t.test('events that are refused are counted, also where the generator goes on', async t => {
  const { app } = await loadedApp(t)
  app.get('/', { schema }, async function * () {
    for (const wrong of ['1', null]) {
      try {
        yield count(wrong as never)
      } catch {}
    }
    yield count(1)
  })
  await app.inject('/')
  t.match(routeOf(app, 'GET /'), { events: 1, invalidEvents: 2 })
})

t.test('what limits refuse is counted', async t => {
  const { app, listen } = await loadedApp(t, { maxStreams: 1 })
  app.get('/', { schema }, (_request, reply) => reply.sse)
  const { url } = await listen()
  await connect(t, url)
  t.equal(app.sse.metrics().refused, 0)
  await app.inject('/')
  await app.inject('/')
  t.match(app.sse.metrics(), { refused: 2, routes: [{ opened: 1 }] })
})

t.test('what a drain refuses is counted, with or without limits', async t => {
  for (const options of [{}, { maxStreams: 1 }]) {
    const { app } = await loadedApp(t, options)
    app.get('/', { schema }, (_request, reply) => reply.sse)
    await app.sse.drain({ overMs: 0 })
    await app.inject('/')
    await app.inject({ url: '/', headers: { accept: 'text/event-stream' } })
    t.match(app.sse.metrics(), { refused: 2, routes: [{ opened: 0, unopened: 0 }] })
  }
})

t.test('bytes that a client has not read are queued', async t => {
  const { app, listen } = await loadedApp(t, { maxBufferedBytes: Infinity })
  const lines = eventStream({ line: Type.String() })
  const line = 'x'.repeat(1_000_000)
  const sent = deferred()
  app.get('/', { schema: { response: { 200: lines } } }, (_request, reply) => {
    for (let i = 0; i < 20; i++) void reply.sse.send({ event: 'line', data: line })
    setImmediate(() => { sent.resolve() }) // all was handed on
    return reply.sse
  })
  await listen()
  const { port } = app.server.address() as { port: number }
  const client = new RawClient(t, port).request('/')
  client.socket.pause()
  await sent.promise
  const { queuedBytes, bytes } = routeOf(app, 'GET /')
  t.ok(queuedBytes > 1_000_000, `${queuedBytes} of ${bytes} bytes`)
  t.ok(queuedBytes <= bytes + 200 * 1024, 'not twice; around each chunk there is some more')
  client.socket.resume()
  await client.until(({ text }) => text.length >= bytes)
  t.equal(routeOf(app, 'GET /').queuedBytes, 0)
})

t.test('the time to the first event', async t => {
  for (const [what, handler] of [
    ['returns a generator', async (_reply, wait) => {
      await wait()
      return (async function * () { yield count(1) })()
    }],
    ['sends', async ({ sse }, wait) => {
      await wait()
      void sse.send(count(1))
      sse.end()
      return sse
    }],
    ['yields', (_reply, wait) => (async function * () {
      await wait()
      yield count(1)
    })()]
  ] as Array<[string, (reply: { sse: EventSink<ReturnType<typeof count>> }, wait: () => Promise<void>) => unknown]>) {
    t.test(`begins when the request comes to its handler, whatever that waits for before it ${what}`, async t => {
      const { app } = await loadedApp(t)
      const called = deferred()
      const go = deferred()
      const wait = async (): Promise<void> => {
        called.resolve()
        await go.promise
      }
      app.get('/', { schema }, (_request, reply) => handler(reply as never, wait) as never)
      const response = app.inject('/')
      await called.promise
      const calledAtMs = performance.now()
      while (performance.now() < calledAtMs + 20); // it waits meanwhile
      go.resolve()
      await response
      const { count: streams, sum } = routeOf(app, 'GET /').timeToFirstEvent
      t.equal(streams, 1)
      t.ok(sum >= 0.02, `${sum} s`)
    })
  }

  t.test('is that of the first one alone', async t => {
    const { app, listen } = await loadedApp(t, { commitAfterMs: 0 })
    const go = deferred()
    app.get('/', { schema }, async function * () {
      yield { comment: 'no event' }
      await go.promise
      yield count(1)
      yield count(2)
    })
    const { url } = await listen()
    const startedAtMs = performance.now()
    const response = await connect(t, url)
    t.match(routeOf(app, 'GET /'), { opened: 1, timeToFirstEvent: { count: 0 } })
    const committedAtMs = performance.now()
    while (performance.now() < committedAtMs + 20); // the source waits meanwhile
    go.resolve()
    await eventsOf(response).next()
    const { count: streams, sum } = routeOf(app, 'GET /').timeToFirstEvent
    const passed = (performance.now() - startedAtMs) / 1_000
    t.equal(streams, 1)
    t.ok(sum >= 0.02 && sum <= passed, `${sum} s of ${passed} s`)
  })

  t.test('of a subscription is that of the first event that it brings, live or missed', async t => {
    const { app, listen } = await loadedApp(t)
    const channel = app.sse.channel('counts', counts)
    app.get('/', { schema }, request => channel.subscribe(request))
    const { url } = await listen()
    const client = await opened(t, url)
    const streams = (): number => routeOf(app, 'GET /').timeToFirstEvent.count
    t.equal(streams(), 0, 'its position is none')
    const id = await channel.publish(count(1))
    await received(client, 1)
    t.equal(streams(), 1)
    await channel.publish(count(2))
    await received(client, 2)
    t.equal(streams(), 1)
    await received(await resume(t, url, id), 1)
    t.equal(streams(), 2)
  })

  t.test('is told on a diagnostics channel', async t => {
    const { app } = await loadedApp(t)
    app.get('/', { schema }, async function * () {
      yield count(1)
      yield count(2)
    })
    const message = told(t, 'fastify-typed-sse:stream:first-event')
    await app.inject('/')
    t.match(await message, { request: { url: '/' }, route: 'GET /', seconds: routeOf(app, 'GET /').timeToFirstEvent.sum })
  })

  t.test('is one, whatever a stream is made of', async t => {
    const { app, listen } = await loadedApp(t)
    const channel = app.sse.channel('counts', counts)
    app.get('/', { schema }, (request, reply) => {
      void reply.sse.send(count(0))
      void reply.sse.sendAll(channel.subscribe(request))
      return reply.sse
    })
    const { url } = await listen()
    const client = await opened(t, url)
    await client.until(({ length }) => length === 2) // its position: it is live
    await channel.publish(count(1))
    await received(client, 2)
    t.match(routeOf(app, 'GET /'), { events: 2, timeToFirstEvent: { count: 1 } })
  })
})

t.test('a channel', async t => {
  async function serve (t: Test, options = {}, broker = memoryBroker()) {
    const { app, listen, closed } = await loadedApp(t, { broker })
    const channel = app.sse.channel('counts', counts, options)
    app.get('/', { schema }, request => channel.subscribe(request))
    const { url } = await listen()
    return { app, channel, url, closed }
  }

  t.test('counts what is published and refused, and who is there', async t => {
    const { app, channel, url } = await serve(t)
    await channel.publish(count(1))
    await t.rejects(channel.publish(count('1' as never)))
    await t.rejects(channel.publish(count(1), { topic: '' }))
    await opened(t, url)
    t.match(channelOf(app), { subscribers: 1, published: 1, invalidEvents: 2, gaps: 0, snapshots: 0, queuedBytes: 0, lag: 0 })
    await channel.close()
    t.strictSame(app.sse.metrics().channels, [])
  })

  t.test('counts those who were told of a gap; their close record does too', async t => {
    const { app, channel, url, closed } = await serve(t, { history: { maxEvents: 1 } })
    const id = await channel.publish(count(1))
    for (const n of [2, 3, 4]) await channel.publish(count(n))
    const client = await resume(t, url, id)
    await client.until(events => events.some(({ event }) => event === 'stream-gap'))
    t.match(channelOf(app), { gaps: 1, snapshots: 0 })
    client.leave()
    t.match(await closed(0), { gaps: 1, resumedFrom: id })
    const other = await opened(t, url)
    other.leave()
    t.notOk('gaps' in await closed(1), 'absent where there was none')
    const events = channel.subscribe({ lastEventId: id })[Symbol.asyncIterator]()
    t.match(await events.next(), { value: { event: 'stream-gap' } })
    await events.return?.()
    t.equal(channelOf(app).gaps, 2, 'also of who has no request')
  })

  t.test('counts those who were given a snapshot', async t => {
    const { app, channel, url } = await serve(t, { history: { maxEvents: 0 }, snapshot: () => [count(9)] })
    const id = await channel.publish(count(1))
    await channel.publish(count(2))
    await received(await resume(t, url, id), 1)
    t.match(channelOf(app), { gaps: 0, snapshots: 1 })
  })

  t.test('times what is published until it is written', async t => {
    const { app, channel, url } = await serve(t)
    await channel.publish(count(0))
    t.equal(channelOf(app).publishToWrite.count, 0, 'nobody is there')
    const client = await opened(t, url)
    const message = told(t, 'fastify-typed-sse:channel:written')
    const startedAtMs = performance.now()
    await channel.publish(count(1))
    await received(client, 1)
    const { count: timed, sum } = channelOf(app).publishToWrite
    t.equal(timed, 1)
    t.ok(sum > 0 && sum <= (performance.now() - startedAtMs) / 1_000)
    t.strictSame(await message, { app, channel: 'counts', seconds: sum })
    await Promise.all([2, 3, 4].map(async n => await channel.publish(count(n))))
    await received(client, 4)
    t.equal(channelOf(app).publishToWrite.count, 2, 'those of a tick are one')
    await channel.publish(count(5), { idempotencyKey: 'k' })
    await received(client, 5)
    t.equal(channelOf(app).publishToWrite.count, 2, 'what may have been published before is not timed')
  })

  t.test('times nothing for which nobody was there any more', async t => {
    const { app, channel } = await serve(t)
    const join = async (): Promise<AsyncIterator<unknown>> => {
      const events = channel.subscribe({})[Symbol.asyncIterator]()
      await events.next() // its position: it is live
      return events
    }
    const first = await join()
    const published = channel.publish(count(1))
    await first.return?.()
    await published
    const second = await join()
    await channel.publish(count(2), { idempotencyKey: 'not timed itself' })
    t.match(await second.next(), { value: { data: 2 } })
    t.equal(channelOf(app).publishToWrite.count, 0)
    await channel.publish(count(3))
    t.match(await second.next(), { value: { data: 3 } })
    t.equal(channelOf(app).publishToWrite.count, 1)
    await second.return?.()
  })

  t.test('is behind its broker by what that has stored and not brought', async t => {
    const shared = memoryBroker()
    const { broker, hold, release } = heldBroker(shared)
    const { app, channel, url } = await serve(t, {}, broker)
    const other = await serve(t, {}, shared)
    const client = await opened(t, url)
    hold()
    await channel.publish(count(1))
    t.equal(channelOf(app).lag, 1, 'of what was published here it is known at once')
    await other.channel.publish(count(2))
    channelOf(app)
    await new Promise(setImmediate)
    t.equal(channelOf(app).lag, 2, 'of the rest, when it was asked')
    release()
    await received(client, 2)
    t.equal(channelOf(app).lag, 0)
  })

  t.test('keeps the lag that is known where the broker does not answer, and asks it once at a time', async t => {
    const { broker, hold, breakHead } = heldBroker(memoryBroker())
    const { app, channel, url } = await serve(t, {}, broker)
    await opened(t, url)
    hold()
    await channel.publish(count(1))
    const asked = breakHead()
    channelOf(app)
    channelOf(app)
    await new Promise(setImmediate)
    t.equal(channelOf(app).lag, 1)
    t.equal(asked(), 2, 'again when the first was answered')
    await new Promise(setImmediate)
  })

  t.test('a publish that fails is neither counted nor timed', async t => {
    const { broker, breakAppend } = heldBroker(memoryBroker())
    const { app, channel, url } = await serve(t, {}, broker)
    const client = await opened(t, url)
    breakAppend(true)
    await t.rejects(channel.publish(count(1)), { message: 'no broker' })
    await t.rejects(channel.publish(count(1), { idempotencyKey: 'k' }), { message: 'no broker' })
    breakAppend(false)
    await channel.publish(count(2))
    await received(client, 1)
    t.match(channelOf(app), { published: 1, publishToWrite: { count: 1 } })
  })
})

t.test('all scopes of the server are in it, whichever is asked', async t => {
  const { app } = await loadedApp(t)
  app.sse.channel('counts', counts)
  app.get('/', { schema }, async function * () {})
  let child = app
  await app.register(async scope => {
    await scope.register(sse)
    child = scope
    scope.sse.channel('counts', counts)
    scope.get('/child', { schema }, async function * () { yield count(1) })
  })
  await app.inject('/child')
  const metrics = app.sse.metrics()
  t.match(metrics, { routes: [{ route: 'GET /', opened: 0 }, { route: 'GET /child', opened: 1 }] })
  t.equal(metrics.channels.length, 1)
  t.strictSame(child.sse.metrics(), metrics)
})

t.test('counters of channels never go back', async t => {
  const { app } = await loadedApp(t)
  const [first, other] = [app.sse.channel('counts', counts), app.sse.channel('other', counts)]
  const more: Array<typeof first> = []
  const publish = async (channel: typeof first, times: number): Promise<void> => {
    for (let n = 0; n < times; n++) await channel.publish(count(n))
  }
  const published = (): unknown[] => {
    const { channels, allChannels } = app.sse.metrics()
    return [channels.map(({ channel, published }) => `${channel} ${published}`), allChannels.published]
  }
  for (let scopes = 0; scopes < 2; scopes++) {
    await app.register(async scope => {
      await scope.register(sse)
      more.push(scope.sse.channel('counts', counts))
    })
  }
  await app.ready()
  const [second, third] = more as [typeof first, typeof first]
  await publish(first, 3)
  await publish(second, 2)
  await publish(other, 1)
  t.strictSame(published(), [['counts 5', 'other 1'], 6])

  await first.close()
  t.strictSame(published(), [['other 1', 'counts 5'], 6], 'as long as another one is open, it has those of both')
  await publish(third, 1)
  await third.close()
  t.strictSame(published(), [['other 1', 'counts 6'], 7])
  await second.close()
  t.strictSame(published(), [['other 1'], 7], 'the name goes with the last one, and nothing from all together')
  await publish(app.sse.channel('counts', counts), 1)
  t.strictSame(published(), [['other 1', 'counts 1'], 8])
  await app.close()
  t.strictSame(published(), [[], 8])
})
