import type { ChannelMetrics, ChannelTotals, DurationHistogram, Metrics, RouteMetrics } from '../../types/telemetry.js'
import { Histogram } from './histogram.js'

/** Those of a server to which nothing has happened. */
export const NO_METRICS: Readonly<Metrics> = {
  routes: [],
  channels: [],
  allChannels: {
    subscribers: 0, published: 0, invalidEvents: 0, gaps: 0, snapshots: 0, queuedBytes: 0, lag: 0, publishToWrite: new Histogram().read()
  },
  refused: 0,
  runningReplays: 0,
  waitingReplays: 0,
  unfinishedSources: 0
}

/** Adds up the metrics of several scopes, which may have routes and channels of the same names. */
export function sumMetrics (all: readonly Metrics[]): Metrics {
  return {
    routes: byName(all.flatMap(({ routes }) => routes), ({ route }) => route, sumRoutes),
    channels: byName(all.flatMap(({ channels }) => channels), ({ channel }) => channel, sumChannels),
    allChannels: sumTotals(all.map(({ allChannels }) => allChannels)),
    refused: total(all, ({ refused }) => refused),
    runningReplays: total(all, ({ runningReplays }) => runningReplays),
    waitingReplays: total(all, ({ waitingReplays }) => waitingReplays),
    unfinishedSources: total(all, ({ unfinishedSources }) => unfinishedSources)
  }
}

/** Adds up channels, whatever their names. */
export function sumTotals (all: readonly ChannelTotals[]): ChannelTotals {
  return all.reduce(sumChannels, NO_METRICS.allChannels)
}

/** The first with the numbers of both. */
export function sumChannels<T extends ChannelTotals> (a: T, b: ChannelTotals): T {
  return { ...sumNumbers(a, b), publishToWrite: sumHistograms(a.publishToWrite, b.publishToWrite) }
}

/** What stays of a channel when it is closed: what has come of it, and not what there is of it. */
export function countersOf (channel: ChannelMetrics): ChannelMetrics {
  return { ...channel, subscribers: 0, queuedBytes: 0, lag: 0 }
}

/** What stays of a server when it is closed. */
export function pastOf (metrics: Metrics): Metrics {
  return {
    ...NO_METRICS,
    routes: metrics.routes.map(route => ({ ...route, open: 0, queuedBytes: 0 })),
    channels: metrics.channels.map(countersOf),
    refused: metrics.refused
  }
}

function byName<T> (all: readonly T[], nameOf: (one: T) => string, sum: (a: T, b: T) => T): T[] {
  const found = new Map<string, T>()
  for (const one of all) {
    const name = nameOf(one)
    const other = found.get(name)
    found.set(name, other === undefined ? one : sum(other, one))
  }
  return [...found.values()]
}

function sumRoutes (a: RouteMetrics, b: RouteMetrics): RouteMetrics {
  return { ...sumNumbers(a, b), closed: sumNumbers(a.closed, b.closed), timeToFirstEvent: sumHistograms(a.timeToFirstEvent, b.timeToFirstEvent) }
}

function sumHistograms (a: DurationHistogram, b: DurationHistogram): DurationHistogram {
  return { ...sumNumbers(a, b), counts: a.counts.map((count, i) => count + (b.counts[i] as number)) }
}

/** The first, with all numbers of the second added to its own. */
function sumNumbers<T extends object> (a: T, b: object): T {
  return Object.fromEntries(Object.entries(a).map(([name, value]) => {
    return [name, typeof value === 'number' ? value + (b as Record<string, number>)[name]! : value]
  })) as T
}

function total (all: readonly Metrics[], count: (metrics: Metrics) => number): number {
  return all.reduce((sum, metrics) => sum + count(metrics), 0)
}
