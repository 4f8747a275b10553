import type { Follower, LogOptions, NewRecord, Page, Position } from '../../../types/broker.js'
import { Recent } from '../recent.js'
import type { SharedLog } from '../shared-logs.js'
import { SingleFlight } from '../single-flight.js'
import { Appends } from './appends.js'
import { Following } from './following.js'
import type { Link, LinkListener } from './link.js'
import { namesOf } from './names.js'
import { readPage } from './pages.js'
import { type Patience, persist } from './persist.js'
import { limitsOf, settingsOf } from './settings.js'
import { Stream } from './stream.js'
import { Away } from './trouble.js'

/** What a broker was made with. */
export interface LogSettings {
  readonly prefix: string
  readonly replicas: number
  readonly storage: 'file' | 'memory'
  readonly timeoutMs: number
  readonly maxPendingBytes: number
}

/** How often a question is asked within the time. A cluster that is about to choose a leader does not answer, not even later. */
const ASKS = 4

/** A log in JetStream, for all of this process who have opened it. */
export class NatsLog implements SharedLog, LinkListener {
  readonly #link: Link
  readonly #stream: Stream
  readonly #patience: Patience
  readonly #appends: Appends
  readonly #following: Following
  readonly #recent: Recent
  readonly #heads: SingleFlight<Position>
  readonly #reads = new Set<Promise<unknown>>()

  constructor (link: Link, settings: LogSettings, options: LogOptions) {
    const { name, retention, idempotencyWindowMs } = options
    const { timeoutMs, maxPendingBytes } = settings
    const isLatest = retention.latest === true
    const names = namesOf(settings.prefix, name, isLatest)
    const limits = limitsOf(options, settings)
    this.#link = link
    this.#patience = { channel: name, timeoutMs }
    this.#stream = new Stream(link, { names, limits, settings: settingsOf(names, limits, settings, name), isLatest, askMs: Math.ceil(timeoutMs / ASKS) })
    this.#heads = new SingleFlight(async () => (await this.#stream.head()).position)
    this.#appends = new Appends(link, this.#stream, { ...this.#patience, maxPendingBytes, remembersKeys: idempotencyWindowMs > 0 })
    this.#recent = new Recent({
      hasHoles: isLatest,
      findHead: async () => await this.head(),
      readPage: async (after, limit) => await this.#persist(async () => await readPage(link, this.#stream, after, limit))
    })
    this.#following = new Following({
      link,
      subject: `${names.live}.>`,
      recent: this.#recent,
      witness: this.#stream.witness,
      quietMs: 2 * timeoutMs,
      head: async () => await this.#heads.run(),
      read: async (after, limit) => await readPage(link, this.#stream, after, limit)
    })
    link.health.log = options.log
    link.add(this)
  }

  async append (record: NewRecord, idempotencyKey?: string): Promise<Position> {
    return await this.#appends.append(record, idempotencyKey)
  }

  async head (): Promise<Position> {
    return await this.#persist(async () => await this.#heads.run())
  }

  async read (after: Position | undefined, limit: number): Promise<Page> {
    return await this.#recent.read(after, limit)
  }

  follow (follower: Follower): () => void {
    return this.#following.add(follower)
  }

  /** Resolves when all that was asked before has its answer. */
  async close (): Promise<void> {
    await Promise.allSettled([this.#appends.settled(), ...this.#reads])
    await this.#stream.settled()
    this.#link.delete(this)
  }

  onLost (): void {
    this.#stream.forget()
    this.#stream.witness.doubt()
    this.#following.onLost()
    this.#appends.onLost()
  }

  onBack (): void {
    // Also where nobody publishes or follows. Those who do wait for the same.
    if (this.#stream.witness.doubted !== undefined) this.#persist(async () => { await this.#tellLoss() }).catch(() => {})
    this.#appends.onBack()
    this.#following.check()
  }

  async #tellLoss (): Promise<void> {
    await this.#stream.ready()
    if (this.#stream.witness.doubted !== undefined) throw new Away('it is not known whether something was lost')
  }

  async #persist<T> (attempt: () => Promise<T>): Promise<T> {
    const reading = persist(this.#link, this.#patience, attempt)
    this.#reads.add(reading)
    try {
      return await reading
    } finally {
      this.#reads.delete(reading)
    }
  }
}
