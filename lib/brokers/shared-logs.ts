import type { Follower, Log, LogOptions, NewRecord, Page, Position } from '../../types/broker.js'
import { FST_ERR_SSE_CHANNEL_CLOSED, FST_ERR_SSE_OPTION_INVALID } from '../errors.js'

/** A log that several apps of this process may have open. */
export interface SharedLog {
  append: (record: NewRecord, idempotencyKey?: string) => Position | Promise<Position>
  head: () => Position | Promise<Position>
  read: (after: Position | undefined, limit: number) => Page | Promise<Page>
  follow: (follower: Follower) => () => void
  /** Called when nobody has it open any more, and nobody follows it. */
  close: () => void | Promise<void>
}

interface Shared {
  readonly log: SharedLog
  readonly settings: string
  openers: number
}

/** The logs that a broker has open, by name: one each, whoever opens it. */
export class SharedLogs {
  readonly #make: (options: LogOptions) => SharedLog
  readonly #open = new Map<string, Shared>()

  /** @param make Makes a log, for the first who opens it. */
  constructor (make: (options: LogOptions) => SharedLog) {
    this.#make = make
  }

  /** @throws FST_ERR_SSE_OPTION_INVALID for a channel that another app has open with other limits. */
  open (options: LogOptions): Log {
    const { name } = options
    const settings = describeSettings(options)
    const shared = this.#open.get(name) ?? { log: this.#make(options), settings, openers: 0 }
    if (shared.settings !== settings) {
      throw FST_ERR_SSE_OPTION_INVALID(
        `the history of channel '${name}'`, `what the other apps that share it have (${shared.settings})`, settings
      )
    }
    shared.openers++
    this.#open.set(name, shared)
    return new OpenLog(name, shared.log, async () => { await this.#release(name, shared) })
  }

  async #release (name: string, shared: Shared): Promise<void> {
    if (--shared.openers > 0) return
    this.#open.delete(name)
    await shared.log.close()
  }
}

function describeSettings ({ retention, idempotencyWindowMs }: LogOptions): string {
  const limits = retention.latest === true
    ? `maxKeys ${retention.maxKeys}`
    : `maxEvents ${retention.maxEvents}, maxBytes ${retention.maxBytes}, maxAgeMs ${retention.maxAgeMs}`
  return `${limits}, idempotencyWindowMs ${idempotencyWindowMs}`
}

/** What one app has open of a log. */
class OpenLog implements Log {
  readonly #name: string
  readonly #log: SharedLog
  readonly #release: () => Promise<void>
  readonly #stops = new Set<() => void>()
  #isClosed = false

  constructor (name: string, log: SharedLog, release: () => Promise<void>) {
    this.#name = name
    this.#log = log
    this.#release = release
  }

  // Nothing is awaited before the call, so that calls arrive in the order in which they were made.
  async append (record: NewRecord, idempotencyKey?: string): Promise<Position> {
    return await this.#opened().append(record, idempotencyKey)
  }

  async head (): Promise<Position> {
    return await this.#opened().head()
  }

  async read (after: Position | undefined, limit: number): Promise<Page> {
    return await this.#opened().read(after, limit)
  }

  follow (follower: Follower): () => void {
    const stop = this.#opened().follow(follower)
    this.#stops.add(stop)
    return () => {
      stop()
      this.#stops.delete(stop)
    }
  }

  async close (): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    this.#stops.clear()
    await this.#release()
  }

  /** @throws FST_ERR_SSE_CHANNEL_CLOSED */
  #opened (): SharedLog {
    if (this.#isClosed) throw FST_ERR_SSE_CHANNEL_CLOSED(this.#name)
    return this.#log
  }
}
