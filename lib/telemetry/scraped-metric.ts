import type { DurationHistogram, Metrics } from '../../types/telemetry.js'

type Labels = Record<string, string | number>

/** A value, and what it is of. */
export interface Sample {
  readonly labels: Labels
  readonly value: number | DurationHistogram
}

/** One metric, and where its values are found. */
export interface Description {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: (metrics: Metrics) => Sample[]
}

/** A line of what is scraped. */
interface Value {
  readonly labels: Labels
  readonly value: number
  /** Where it is not the metric's own. */
  readonly metricName?: string
}

/** What a registry of prom-client takes for a metric: one whose values are there when it asks for them, and nowhere before. */
export class ScrapedMetric {
  /** Written by a registry that speaks OpenMetrics, in which a counter has its suffix only on its values. */
  name: string
  readonly type: Description['type']
  readonly help: string
  /** How the values of several workers become one. */
  readonly aggregator = 'sum'
  readonly #samples: Description['samples']
  readonly #read: () => Metrics

  constructor ({ name, type, help, samples }: Description, read: () => Metrics) {
    this.name = name
    this.type = type
    this.help = help
    this.#samples = samples
    this.#read = read
  }

  async get (): Promise<Pick<ScrapedMetric, 'name' | 'type' | 'help' | 'aggregator'> & { values: Value[] }> {
    const { name, type, help, aggregator } = this
    const values = this.#samples(this.#read()).flatMap(({ labels, value }) => {
      return typeof value === 'number' ? { labels, value } : histogramValues(name, labels, value)
    })
    return { name, type, help, aggregator, values }
  }

  /** The streams go on as they were. */
  reset (): void {}
}

/** In the format of Prometheus, each bucket has what is in those below it as well. */
function histogramValues (name: string, labels: Labels, { bounds, counts, sum, count }: DurationHistogram): Value[] {
  let below = 0
  const buckets = counts.map((inBucket, i) => {
    below += inBucket
    return { metricName: `${name}_bucket`, labels: { ...labels, le: bounds[i] ?? '+Inf' }, value: below }
  })
  return [...buckets, { metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: count }]
}
