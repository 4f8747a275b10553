import { mock } from 'node:test'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { Sampler } from '../../lib/inspector/sampler.js'
import type { ServerStream } from '../../types/channel.js'

/** A server that has as much as is set here, and counts how often it is looked at. */
function fakeServer () {
  const server = { looks: 0, events: 0, bytes: 0, queuedBytes: 0, published: 0, streams: [] as ServerStream[] }
  const route = (name: string, { events, bytes, queuedBytes }: Record<'events' | 'bytes' | 'queuedBytes', number>) => ({ route: name, events, bytes, queuedBytes })
  const app = {
    sse: {
      metrics: () => {
        server.looks++
        return {
          routes: [route('GET /', server), route('GET /_sse/events', { events: 1e6, bytes: 1e6, queuedBytes: 1e6 })],
          channels: [{ channel: 'a', published: server.published, publishToWrite: { count: 0 } }]
        }
      },
      streams: () => server.streams,
      channels: () => [{ name: 'a', retention: { latest: true, maxKeys: 1 }, subscriberCount: () => 0, topics: () => [] }]
    }
  } as unknown as FastifyInstance
  const sampler = new Sampler({ app, isOpen: false, isOwn: ({ id }) => id === 'own', isOwnRoute: route => route === 'GET /_sse/events' })
  return { server, sampler }
}

const stream = (id: string, events: number): ServerStream => ({ id, route: 'GET /', openedAt: new Date(0), events, bytes: 0, queuedBytes: 0, gaps: 0 }) as unknown as ServerStream

/** Time passes only when the test says so. */
function still (t: Test): (ms: number) => void {
  let nowMs = 0
  mock.timers.enable({ apis: ['setInterval', 'Date'], now: 1_000_000 })
  const { now } = performance
  performance.now = () => nowMs
  t.teardown(() => {
    performance.now = now
    mock.timers.reset()
  })
  return ms => {
    for (; ms > 0; ms -= 1_000) {
      nowMs += 1_000
      mock.timers.tick(1_000)
    }
  }
}

t.test('looks once a second for all who look, and not at all for nobody', async t => {
  const pass = still(t)
  const { server, sampler } = fakeServer()
  pass(10_000)
  t.equal(server.looks, 0)
  let woken = 0
  const leave = sampler.enter(() => { woken++ })
  t.strictSame([server.looks, woken], [1, 0], 'at once, so that there is something to tell')
  const other = sampler.enter(() => { woken++ })
  t.strictSame([server.looks, sampler.viewers], [1, 2])
  pass(3_000)
  t.strictSame([server.looks, woken], [4, 6])
  leave()
  leave()
  pass(1_000)
  t.strictSame([server.looks, woken, sampler.viewers], [5, 7, 1])
  other()
  pass(10_000)
  t.strictSame([server.looks, woken, sampler.viewers], [5, 7, 0])
})

t.test('tells how much there is a second, without what is its own', async t => {
  const pass = still(t)
  const { server, sampler } = fakeServer()
  server.streams = [stream('own', 5), stream('other', 3)]
  const leave = sampler.enter(() => {})
  t.match(sampler.read('oldest'), {
    event: 'now',
    data: {
      sample: undefined,
      streams: { total: 1, rows: [{ route: 'GET /', eventsPerSecond: null, events: 3 }] },
      channels: { total: 1, rows: [{ channel: 'a', publishedPerSecond: null, keeps: 'newest of 1 keys' }] }
    }
  })
  t.strictSame(sampler.history, [])
  Object.assign(server, { events: 10, bytes: 2_000, queuedBytes: 7, published: 4 })
  const [, other] = server.streams as [ServerStream, { events: number }]
  other.events = 8
  pass(1_000)
  const sample = { at: 1_001_000, streams: 1, eventsPerSecond: 10, bytesPerSecond: 2_000, queuedBytes: 7 }
  t.strictSame(sampler.history, [sample])
  t.match(sampler.read('rate').data, { sample, streams: { rows: [{ eventsPerSecond: 5 }] }, channels: { rows: [{ publishedPerSecond: 4 }] } })
  leave()
  t.match(sampler.read('rate').data, { streams: { total: 0 } })
})

t.test('keeps five minutes, and does not take what came while nobody looked for one second', async t => {
  const pass = still(t)
  const { server, sampler } = fakeServer()
  const leave = sampler.enter(() => {})
  pass(400_000)
  t.equal(sampler.history.length, 300)
  leave()
  server.events = 1_000_000
  pass(60_000)
  t.equal(sampler.history.length, 300)
  sampler.enter(() => {})()
  const again = sampler.enter(() => {})
  pass(1_000)
  t.match(sampler.history.at(-1), { at: 1_461_000, eventsPerSecond: 0 })
  t.equal(sampler.history.length, 240)
  again()
})
