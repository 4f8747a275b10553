import type { ChannelMetrics, DurationHistogram, Metrics, RouteMetrics } from '../../types/telemetry.js'

/** Adds up the metrics of several scopes, which may have routes and channels of the same names. */
export function sumMetrics (all: readonly Metrics[]): Metrics {
  return {
    routes: byName(all.flatMap(({ routes }) => routes), ({ route }) => route, sumRoutes),
    channels: byName(all.flatMap(({ channels }) => channels), ({ channel }) => channel, sumChannels),
    refused: total(all, ({ refused }) => refused),
    runningReplays: total(all, ({ runningReplays }) => runningReplays),
    waitingReplays: total(all, ({ waitingReplays }) => waitingReplays),
    unfinishedSources: total(all, ({ unfinishedSources }) => unfinishedSources)
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

function sumChannels (a: ChannelMetrics, b: ChannelMetrics): ChannelMetrics {
  return { ...sumNumbers(a, b), publishToWrite: sumHistograms(a.publishToWrite, b.publishToWrite) }
}

function sumHistograms (a: DurationHistogram, b: DurationHistogram): DurationHistogram {
  return { ...sumNumbers(a, b), counts: a.counts.map((count, i) => count + (b.counts[i] as number)) }
}

/** The first, with all numbers of the second added to its own. */
function sumNumbers<T extends object> (a: T, b: T): T {
  return Object.fromEntries(Object.entries(a).map(([name, value]) => {
    return [name, typeof value === 'number' ? value + (b[name as keyof T] as number) : value]
  })) as T
}

function total (all: readonly Metrics[], count: (metrics: Metrics) => number): number {
  return all.reduce((sum, metrics) => sum + count(metrics), 0)
}
