import type { ChannelName } from './channels.js'
import { placeOf } from './place.js'
import type { Told } from './truth.js'

/** An event that somebody was asked to publish. */
interface Entry {
  readonly channel: ChannelName
  /** Whose events are in order among themselves; undefined where they were tried again. */
  readonly publisher: number | undefined
  outcome: 'acknowledged' | 'refused' | 'uncertain'
}

/** What was published, what became of it, and who was told where it stands. */
export class Ledger {
  readonly #entries: Entry[] = []
  readonly #told = new Map<ChannelName, Map<string, Told>>()

  /** @returns The number of a new event, of which nothing is known yet. */
  issue (channel: ChannelName, publisher?: number): number {
    return this.#entries.push({ channel, publisher, outcome: 'uncertain' }) - 1
  }

  acknowledge (n: number, id: string): void {
    const entry = this.#entries[n] as Entry
    entry.outcome = 'acknowledged'
    this.tell(entry.channel, n, id)
  }

  /** It is not stored, and never will be. */
  refuse (n: number): void {
    (this.#entries[n] as Entry).outcome = 'refused'
  }

  tell (channel: ChannelName, n: number, id: string): void {
    const told = this.#told.get(channel) ?? new Map<string, Told>()
    this.#told.set(channel, told)
    const key = `${id}=${n}`
    if (!told.has(key)) told.set(key, { n, place: placeOf(id) })
  }

  told (channel: ChannelName): Told[] {
    return [...this.#told.get(channel)?.values() ?? []]
  }

  /** How many of each outcome there are. */
  count (): Record<Entry['outcome'], number> {
    const counts = { acknowledged: 0, refused: 0, uncertain: 0 }
    for (const { outcome } of this.#entries) counts[outcome]++
    return counts
  }

  /** Of these, those that were acknowledged. */
  acknowledged (told: readonly Told[]): Told[] {
    return told.filter(({ n }) => this.#entries[n]?.outcome === 'acknowledged')
  }

  /**
   * Holds a channel's events, in their order, against what their publishers were told.
   *
   * @throws Where one was refused and is there nevertheless, or those of one publisher are in another order.
   */
  check (channel: ChannelName, events: readonly number[]): void {
    const newest = new Map<number, number>()
    for (const n of events) {
      const entry = this.#entries[n]
      if (entry?.channel !== channel) throw new Error(`${n} is on ${channel}, where nobody has published it`)
      if (entry.outcome === 'refused') throw new Error(`${n} is on ${channel}, though its publisher was told that it was not stored`)
      const { publisher, outcome } = entry
      if (publisher === undefined || outcome !== 'acknowledged') continue
      const before = newest.get(publisher) ?? -1
      if (n < before) throw new Error(`${n} is on ${channel} after ${before}, though its publisher published it before`)
      newest.set(publisher, n)
    }
  }
}
