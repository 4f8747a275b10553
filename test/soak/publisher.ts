import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../proof/random.js'
import type { ChannelName, Instance, Order, Outcome } from './instance.js'
import { bulkTopics, tickTopics } from './topics.js'

/** What publishing may fail with while an instance or Redis is away: the event is published again, by whoever is there. */
const EXPECTED = [
  'FST_ERR_SSE_BROKER_UNAVAILABLE', 'FST_ERR_SSE_BROKER_OVERLOADED', 'FST_ERR_SSE_CHANNEL_CLOSED', 'FST_ERR_SSE_PUBLISH_UNCERTAIN'
]

/** Ten a second fill all queues of who does not read, also the megabytes of the kernel, within half a minute. */
const BULK_BYTES = 32 * 1024
const MOST_PAD_BYTES = 100
const RETRY_MS = 50

/** One in five bursts is large; together they have the rate that is wanted. */
const LARGE = { chance: 0.2, least: 1.5, spread: 3 }

/** Publishes each event until it is stored, once; of a topic, one after the other: what is stored is numbered without a hole. */
export class Publisher {
  /** The number of the last event of each topic. */
  readonly last: Record<string, number> = {}
  /** Events that were not stored at the first try. */
  repeated = 0
  largestBurst = 0
  /** What nothing explains. */
  readonly troubles: string[] = []
  readonly #random: Random
  readonly #instances: readonly Instance[]
  /** Of topics that have an event which is not stored yet. */
  readonly #held = new Map<string, Promise<void>>()
  #isStopped = false

  constructor (random: Random, instances: readonly Instance[]) {
    this.#random = random
    this.#instances = instances
  }

  /** Events that are stored. */
  get published (): number {
    return Object.values(this.last).reduce((sum, n) => sum + n, 0)
  }

  /** Gives up what is not stored yet. */
  stop (): void {
    this.#isStopped = true
  }

  /** Publishes bursts of small events, so many a second on an average. */
  async publishTicks (perSecond: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#isStopped) {
      const size = this.#burst(perSecond)
      this.largestBurst = Math.max(this.largestBurst, size)
      for (let left = size; left > 0 && !signal.aborted; left -= tickTopics.length) {
        const topics = shuffled(tickTopics, this.#random).slice(0, left).filter(topic => !this.#held.has(topic))
        await this.#publish('ticks', topics, () => this.#random.below(MOST_PAD_BYTES))
      }
      await delay(this.#random.below(2_000))
    }
  }

  /** Publishes large ones, ten each second. */
  async publishBulk (signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#isStopped) {
      await this.#publish('bulk', bulkTopics, () => BULK_BYTES)
      await delay(1_000)
    }
  }

  /** One more on each topic, when everything else is stored. */
  async publishLast (): Promise<void> {
    await Promise.all(this.#held.values())
    await this.#publish('ticks', tickTopics, () => 0)
    await this.#publish('bulk', bulkTopics, () => 0)
  }

  #burst (mean: number): number {
    const { chance, least, spread } = LARGE
    // The mean of the small ones is what the large ones leave.
    const small = (mean - chance * (least + spread / 2) * mean) / (1 - chance)
    return Math.round(this.#random.chance(chance) ? (least + spread * this.#random.next()) * mean : 2 * small * this.#random.next())
  }

  async #publish (channel: ChannelName, topics: readonly string[], padBytes: () => number): Promise<void> {
    const orders = topics.map(topic => {
      const n = (this.last[topic] ?? 0) + 1
      return { topic, n, padBytes: padBytes(), key: `${topic} ${n}` }
    })
    const stored = this.#insist(channel, orders)
    for (const topic of topics) this.#held.set(topic, stored)
    await stored
    for (const topic of topics) this.#held.delete(topic)
  }

  async #insist (channel: ChannelName, orders: readonly Order[]): Promise<void> {
    for (let left = orders; left.length > 0 && !this.#isStopped;) {
      const outcomes = await this.#send(channel, left)
      left = left.filter(({ topic, n }, i) => {
        const { code } = outcomes[i] as Outcome
        if (code === undefined) this.last[topic] = n
        else if (!EXPECTED.includes(code)) this.troubles.push(`publishing failed with ${code}`)
        return code !== undefined
      })
      this.repeated += left.length
      if (left.length > 0) await delay(RETRY_MS)
    }
  }

  async #send (channel: ChannelName, orders: readonly Order[]): Promise<Outcome[]> {
    const [first, ...rest] = this.#instances.filter(({ isServing }) => isServing)
    const unavailable = orders.map(() => ({ code: 'FST_ERR_SSE_BROKER_UNAVAILABLE' }))
    if (first === undefined || orders.length === 0) return unavailable
    try {
      return await this.#random.pick([first, ...rest]).ask<Outcome[]>('publish', { channel, orders })
    } catch {
      return unavailable // it was killed: nobody knows what became of these
    }
  }
}

function shuffled<Item> (items: readonly Item[], random: Random): Item[] {
  return items.map(item => ({ item, at: random.next() })).sort((a, b) => a.at - b.at).map(({ item }) => item)
}
