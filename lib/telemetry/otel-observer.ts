import type { BatchObservableCallback, Histogram, Meter, MeterProvider, Observable } from '@opentelemetry/api'
import type { ChannelMetrics, Metrics } from '../../types/telemetry.js'
import { BOUNDS } from './histogram.js'
import { OBSERVED } from './otel-observed.js'
import { isTogether } from './per-channel.js'
import { NO_METRICS, pastOf, sumMetrics } from './sum.js'

const observers = new WeakMap<MeterProvider, MeterObserver>()

/**
 * Tells a provider of all servers that have it, together: of two that were observed each by itself, with the same
 * attributes, one would take the other's place.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/api/#asynchronous-instrument-api
 */
export class MeterObserver {
  readonly timeToFirstEvent: Histogram
  readonly publishToWrite: Histogram
  readonly #meter: Meter
  readonly #instruments: Observable[]
  readonly #servers = new Set<() => Metrics>()
  /** What has come of servers that were closed. */
  #past: Metrics = NO_METRICS
  /** Channels of which it was told last. */
  #told = new Set<string>()
  #isObserving = false

  /** That of a provider. */
  static of (provider: MeterProvider): MeterObserver {
    let observer = observers.get(provider)
    if (observer === undefined) {
      observer = new MeterObserver(provider.getMeter('fastify-typed-sse'))
      observers.set(provider, observer)
    }
    return observer
  }

  constructor (meter: Meter) {
    this.#meter = meter
    this.#instruments = OBSERVED.map(({ name, kind, unit, description }) => meter[`create${kind}`](name, { unit, description }) as Observable)
    const advice = { explicitBucketBoundaries: [...BOUNDS] }
    this.timeToFirstEvent = meter.createHistogram('sse.server.stream.time_to_first_event', {
      unit: 's', description: 'From when a request came to its handler to the first event of its stream.', advice
    })
    this.publishToWrite = meter.createHistogram('sse.server.channel.publish_to_write', {
      unit: 's', description: 'From the publishing of an event until it was written to all subscribers of this process.', advice
    })
  }

  /** Tells of a server as well. @returns A function that ends it. */
  add (read: () => Metrics): () => void {
    this.#servers.add(read)
    if (!this.#isObserving) this.#meter.addBatchObservableCallback(this.#observe, this.#instruments)
    this.#isObserving = true
    return () => {
      this.#servers.delete(read)
      this.#past = sumMetrics([this.#past, pastOf(read())])
      this.#keepOpen(this.#read()) // here as well: perhaps nobody ever collects
    }
  }

  #read (): Metrics {
    return sumMetrics(Array.from(this.#servers, read => read()))
  }

  /** Counters of channels stay as long as another server has one of the same name, whose own are added to them. */
  #keepOpen ({ channels }: Metrics): void {
    const open = new Set(channels.map(({ channel }) => channel))
    this.#past = { ...this.#past, channels: this.#past.channels.filter(({ channel }) => isTogether(channel) || open.has(channel)) }
  }

  /** Channels that were there the last time, and are not any more: said once, else the SDK would tell of them as they were. */
  #gone ({ channels }: Metrics): ChannelMetrics[] {
    const told = new Set(channels.map(({ channel }) => channel))
    const gone = [...this.#told].filter(channel => !told.has(channel))
    this.#told = told
    return gone.map(channel => ({ ...NO_METRICS.allChannels, channel }))
  }

  readonly #observe: BatchObservableCallback = result => {
    // Once more after the end: what an SDK was told last, it goes on telling, and streams that were open then would stay so.
    if (this.#servers.size === 0) {
      this.#meter.removeBatchObservableCallback(this.#observe, this.#instruments)
      this.#isObserving = false
    }
    const current = this.#read()
    this.#keepOpen(current)
    const metrics = sumMetrics([current, this.#past])
    const withGone = { ...metrics, channels: [...metrics.channels, ...this.#gone(metrics)] }
    OBSERVED.forEach(({ kind, values }, i) => {
      // A counter that is not observed stays as it is; at 0 it would begin anew.
      for (const [value, attributes] of values(kind === 'ObservableCounter' ? metrics : withGone)) result.observe(this.#instruments[i] as Observable, value, attributes)
    })
  }
}
