import t from 'tap'
import { Histogram } from '../../lib/telemetry/histogram.js'
import { RouteTally } from '../../lib/telemetry/route-tally.js'
import { countersOf, NO_METRICS, pastOf, sumMetrics, sumTotals } from '../../lib/telemetry/sum.js'
import type { ChannelMetrics, Metrics } from '../../types/telemetry.js'

function histogramOf (...durations: number[]) {
  const histogram = new Histogram()
  for (const seconds of durations) histogram.observe(seconds)
  return histogram.read()
}

/** A route of which one stream has ended. */
function route (name: string, events: number) {
  const tally = new RouteTally()
  const stream = { events, bytes: 10, queuedBytes: 1 }
  tally.open(stream, true)
  tally.close(stream, { route: name, reason: 'client', durationMs: 0, events, bytes: 10 })
  tally.timeToFirstEvent.observe(events)
  return tally.read(name)
}

const channel = (name: string, published: number): ChannelMetrics => ({
  channel: name, subscribers: 1, published, invalidEvents: 0, gaps: 2, snapshots: 0, queuedBytes: 3, lag: 1, publishToWrite: histogramOf(published)
})

const metrics = (parts: Partial<Metrics>): Metrics => ({
  routes: [], channels: [], allChannels: NO_METRICS.allChannels, refused: 1, runningReplays: 2, waitingReplays: 3, unfinishedSources: 4, ...parts
})

t.test('adds up what all have', async t => {
  t.strictSame(sumMetrics([metrics({}), metrics({ refused: 10 })]), metrics({ refused: 11, runningReplays: 4, waitingReplays: 6, unfinishedSources: 8 }))
})

t.test('adds up routes and channels of the same name, and leaves the others apart', async t => {
  const { routes, channels } = sumMetrics([
    metrics({ routes: [route('GET /a', 2), route('GET /b', 3)], channels: [channel('c', 1)] }),
    metrics({ routes: [route('GET /a', 5)], channels: [channel('d', 2), channel('c', 3)] })
  ])
  t.strictSame(routes.map(({ route }) => route), ['GET /a', 'GET /b'])
  t.match(routes[0], { opened: 2, closed: { client: 2, error: 0 }, resumed: 2, events: 7, bytes: 20, timeToFirstEvent: histogramOf(2, 5) })
  t.strictSame(routes[1], route('GET /b', 3))
  t.strictSame(channels, [
    { ...channel('c', 4), subscribers: 2, gaps: 4, queuedBytes: 6, lag: 2, publishToWrite: histogramOf(1, 3) },
    channel('d', 2)
  ])
})

t.test('adds up all channels, whatever their names, and nothing to nothing', async t => {
  const [one, other] = [channel('c', 1), channel('d', 3)]
  const { channel: _, ...sum } = { ...channel('', 4), subscribers: 2, gaps: 4, queuedBytes: 6, lag: 2, publishToWrite: histogramOf(1, 3) }
  t.strictSame(sumTotals([one, other]), sum)
  t.strictSame(sumTotals([]), NO_METRICS.allChannels)
  t.strictSame(sumMetrics([]), NO_METRICS)
  const { channel: __, ...own } = one
  t.strictSame(sumMetrics([metrics({ allChannels: own }), metrics({ allChannels: other })]).allChannels, sum)
})

t.test('of a channel that is closed there is nothing any more, and what has come of it stays', async t => {
  t.strictSame(countersOf(channel('c', 7)), { ...channel('c', 7), subscribers: 0, queuedBytes: 0, lag: 0 })
})

t.test('of a server that is closed only what has come of it stays', async t => {
  const open = { ...route('GET /a', 2), open: 1, opened: 2 }
  t.strictSame(pastOf(metrics({ routes: [open], channels: [channel('c', 7)] })), {
    ...NO_METRICS,
    routes: [{ ...open, open: 0, queuedBytes: 0 }],
    channels: [countersOf(channel('c', 7))],
    refused: 1
  })
})
