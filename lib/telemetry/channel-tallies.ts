import type { FastifyInstance } from 'fastify'
import type { ChannelMetrics, ChannelTotals, Metrics } from '../../types/telemetry.js'
import { countersOf, NO_METRICS, sumTotals } from './sum.js'

// Symbol.for, so that the ESM and the CommonJS copy of this package know each other's channels.
const kTallies = Symbol.for('fastify-typed-sse.channelTallies')

type Server = FastifyInstance['server'] & { [kTallies]?: ChannelTallies }

/** What is counted of an open channel. */
export interface Tallied {
  readonly channel: string
  read: () => ChannelMetrics
  /** Takes the counters of another one of its name. */
  inherit: (counters: ChannelMetrics) => void
}

/** The open channels of a server by name, of which each of its scopes may have one, and what has come of those that were closed. */
export class ChannelTallies {
  readonly #open = new Map<string, Set<Tallied>>()
  #closed: ChannelTotals = NO_METRICS.allChannels

  /** Those of a server. */
  static of ({ server }: { readonly server: Server }): ChannelTallies {
    return (server[kTallies] ??= new ChannelTallies())
  }

  /** Names of channels that are open. */
  get size (): number {
    return this.#open.size
  }

  /** What has come of the channels that were closed, and is in no open one. Nothing is kept for a name. */
  get closed (): Metrics {
    return { ...NO_METRICS, allChannels: this.#closed }
  }

  open (tally: Tallied): void {
    const others = this.#open.get(tally.channel)
    if (others === undefined) this.#open.set(tally.channel, new Set([tally]))
    else others.add(tally)
  }

  /** Metrics add up channels of the same name: as long as another one is open, nothing may be missing there. */
  close (tally: Tallied): void {
    const { channel } = tally
    const others = this.#open.get(channel) as Set<Tallied>
    others.delete(tally)
    const counters = countersOf(tally.read())
    const [heir] = others
    if (heir !== undefined) {
      heir.inherit(counters)
      return
    }
    this.#open.delete(channel)
    this.#closed = sumTotals([this.#closed, counters])
  }
}
