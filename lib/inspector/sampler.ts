import type { FastifyInstance } from 'fastify'
import type { ServerStream } from '../../types/channel.js'
import type { Metrics, RouteMetrics } from '../../types/telemetry.js'
import { channelRows } from './channel-rows.js'
import { overview, type Sample } from './events.js'
import { Rates } from './rates.js'
import { type Order, streamRows } from './stream-rows.js'

const INTERVAL_MS = 1_000

/** How long a page can plot. */
const HISTORY_MS = 5 * 60_000

/** What it looks at, and what is left out of it. */
export interface Sampled {
  readonly app: FastifyInstance
  /** Whether there is more to tell than numbers. */
  readonly isOpen: boolean
  /** Whether a stream is the inspector's own. */
  readonly isOwn: (stream: ServerStream) => boolean
  /** Whether a route is, by its name. */
  readonly isOwnRoute: (route: string) => boolean
}

/** Looks at the server once a second for all pages that are open, and not at all when there is none. */
export class Sampler {
  readonly #sampled: Sampled
  readonly #viewers = new Set<() => void>()
  readonly #streamRates = new Rates<ServerStream>()
  readonly #channelRates = new Rates<string>()
  readonly #totalRates = new Rates<'events' | 'bytes'>()
  #timer: NodeJS.Timeout | undefined
  #history: Sample[] = []
  #streams: ServerStream[] = []
  #metrics: Metrics | undefined

  constructor (sampled: Sampled) {
    this.#sampled = sampled
  }

  /** Pages that are open. */
  get viewers (): number {
    return this.#viewers.size
  }

  /** What was seen in the last minutes, while a page was open. */
  get history (): readonly Sample[] {
    return this.#history
  }

  /**
   * Somebody looks.
   *
   * @param wake Called after each look at the server.
   * @returns To be called when they go.
   */
  enter (wake: () => void): () => void {
    if (this.#timer === undefined) {
      this.#look()
      this.#timer = setInterval(() => { this.#look() }, INTERVAL_MS)
      this.#timer.unref()
    }
    this.#viewers.add(wake)
    return () => {
      if (this.#viewers.delete(wake) && this.#viewers.size === 0) this.#rest()
    }
  }

  /** What there is now, as it was seen last. */
  read (order: Order): ReturnType<typeof overview.event.now> {
    const { app, isOpen } = this.#sampled
    const { channels = [] } = this.#metrics ?? {}
    const streams = this.#streams
    const sample = this.#history.at(-1)
    return overview.event.now({
      ...sample !== undefined && { sample },
      streams: { total: streams.length, rows: streamRows(streams, order, { rateOf: stream => this.#streamRates.of(stream), isOpen }) },
      channels: {
        total: channels.length,
        rows: channelRows(app.sse.channels(), { metrics: channels, rateOf: channel => this.#channelRates.of(channel), isOpen })
      }
    })
  }

  #look (): void {
    const { app, isOwn, isOwnRoute } = this.#sampled
    const nowMs = performance.now()
    const metrics = this.#metrics = app.sse.metrics()
    const streams = this.#streams = app.sse.streams().filter(stream => !isOwn(stream))
    const routes = metrics.routes.filter(({ route }) => !isOwnRoute(route))
    this.#streamRates.look(nowMs, streams.map(stream => [stream, stream.events]))
    this.#channelRates.look(nowMs, metrics.channels.map(({ channel, published }) => [channel, published]))
    this.#totalRates.look(nowMs, [['events', sum(routes, 'events')], ['bytes', sum(routes, 'bytes')]])
    this.#keep({ streams: streams.length, queuedBytes: sum(routes, 'queuedBytes') })
    for (const wake of this.#viewers) wake()
  }

  #keep ({ streams, queuedBytes }: Pick<Sample, 'streams' | 'queuedBytes'>): void {
    const [eventsPerSecond, bytesPerSecond] = [this.#totalRates.of('events'), this.#totalRates.of('bytes')]
    if (eventsPerSecond === null || bytesPerSecond === null) return
    const at = Date.now()
    this.#history = this.#history.filter(sample => sample.at > at - HISTORY_MS)
    this.#history.push({ at, streams, eventsPerSecond, bytesPerSecond, queuedBytes })
  }

  /** Nobody looks: what was counted meanwhile would come as one great second. */
  #rest (): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#streams = []
    this.#metrics = undefined
    for (const rates of [this.#streamRates, this.#channelRates, this.#totalRates]) rates.clear()
  }
}

function sum (routes: readonly RouteMetrics[], what: 'events' | 'bytes' | 'queuedBytes'): number {
  return routes.reduce((total, route) => total + route[what], 0)
}
