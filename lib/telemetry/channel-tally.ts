import type { FastifyInstance } from 'fastify'
import type { Position, StoredRecord } from '../../types/broker.js'
import type { ChannelMetrics } from '../../types/telemetry.js'
import { announceWritten } from './announce-written.js'
import { ChannelTallies, type Tallied } from './channel-tallies.js'
import { DeliveryTraces } from './delivery-traces.js'
import { Lag } from './lag.js'
import { PublishTimer, type TimedEnd, type Timing } from './publish-timer.js'
import { NO_METRICS, sumChannels } from './sum.js'

/** The live end of a channel, and who is there. */
export interface LiveEnd extends TimedEnd {
  readonly subscribers: ReadonlySet<{ readonly waiting: number }>
}

/** Counts what comes of one channel in this process. */
export class ChannelTally implements Tallied {
  invalidEvents = 0
  gaps = 0
  snapshots = 0
  readonly channel: string
  readonly #tallies: ChannelTallies
  readonly #live: LiveEnd
  readonly #timer: PublishTimer
  readonly #lag = new Lag()
  readonly #traces: DeliveryTraces
  #published = 0
  #inherited: ChannelMetrics | undefined

  /** @param app By which the channel was opened. */
  constructor (app: FastifyInstance, channel: string, live: LiveEnd) {
    this.channel = channel
    this.#live = live
    this.#traces = new DeliveryTraces(app, channel)
    this.#timer = new PublishTimer(seconds => { announceWritten(app, channel, seconds) })
    this.#tallies = ChannelTallies.of(app)
    this.#tallies.open(this)
  }

  /** @returns How long it takes from now on to be written; undefined where that is not timed. */
  beginStoring (): Timing | undefined {
    return this.#timer.begin(this.#live)
  }

  /** An event is stored. */
  store (position: Position, timing: Timing | undefined): void {
    this.#published++
    this.#lag.see(position)
    if (timing !== undefined) this.#timer.store(timing, position, this.#live)
  }

  /** It could not be stored. */
  failToStore (timing: Timing | undefined): void {
    if (timing !== undefined) this.#timer.cancel(timing)
  }

  /** A record has come, and is about to be written. */
  receive (record: StoredRecord, epoch: string): void {
    this.#traces.add(record, epoch)
  }

  /** All have got what was published before. */
  settle (): void {
    this.#traces.settle(this.#live.settled)
    this.#timer.settle(this.#live)
  }

  /** The log is known to reach up to here. */
  see (position: Position): void {
    this.#lag.see(position)
  }

  read (): ChannelMetrics {
    const { subscribers, head } = this.#live
    let queuedBytes = 0
    for (const { waiting } of subscribers) queuedBytes += waiting
    const own = {
      channel: this.channel,
      subscribers: subscribers.size,
      published: this.#published,
      invalidEvents: this.invalidEvents,
      gaps: this.gaps,
      snapshots: this.snapshots,
      queuedBytes,
      lag: this.#lag.behind(head),
      publishToWrite: this.#timer.histogram.read()
    }
    return this.#inherited === undefined ? own : sumChannels(own, this.#inherited)
  }

  inherit (counters: ChannelMetrics): void {
    this.#inherited = sumChannels(counters, this.#inherited ?? NO_METRICS.allChannels)
  }

  /** The channel is closed. */
  close (): void {
    this.#tallies.close(this)
  }
}
