import type { Broker, Follower, Log, LogOptions, NewRecord, Page, Position } from '../../types/broker.js'
import { FST_ERR_SSE_CHANNEL_CLOSED, FST_ERR_SSE_OPTION_INVALID } from '../errors.js'
import { MemoryLog } from './memory-log.js'

/** A log, and what it was opened with. */
interface Shared {
  readonly log: MemoryLog
  readonly settings: string
  openers: number
}

/**
 * Keeps the events of channels in this process, for apps that run as a single instance. Several apps of one process
 * that are given the same broker share their channels. What it holds is freed with the last of them: there is nothing
 * that `close()` would have to free.
 *
 * @throws FST_ERR_SSE_OPTION_INVALID (from `open`) for a channel that another app has open with other limits.
 * @example
 * const broker = memoryBroker()
 * first.register(sse, { broker })
 * second.register(sse, { broker }) // gets what the first one publishes
 */
export function memoryBroker (): Broker {
  const open = new Map<string, Shared>()
  return {
    open: options => new OpenLog(options.name, share(open, options), () => release(open, options.name)),
    close: async () => {}
  }
}

function share (open: Map<string, Shared>, options: LogOptions): MemoryLog {
  const settings = describeSettings(options)
  const shared = open.get(options.name) ?? { log: new MemoryLog(options), settings, openers: 0 }
  if (shared.settings !== settings) {
    throw FST_ERR_SSE_OPTION_INVALID(
      `the history of channel '${options.name}'`, `what the other apps that share it have (${shared.settings})`, settings
    )
  }
  shared.openers++
  open.set(options.name, shared)
  return shared.log
}

function release (open: Map<string, Shared>, name: string): void {
  const shared = open.get(name) as Shared
  if (--shared.openers === 0) open.delete(name)
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
  readonly #log: MemoryLog
  readonly #release: () => void
  readonly #stops = new Set<() => void>()
  #closed = false

  constructor (name: string, log: MemoryLog, release: () => void) {
    this.#name = name
    this.#log = log
    this.#release = release
  }

  // These run to their end within the call: in the order of the calls, records are stored and handed on.
  async append (record: NewRecord, idempotencyKey?: string): Promise<Position> {
    return this.#opened().append(record, idempotencyKey)
  }

  async head (): Promise<Position> {
    return this.#opened().head()
  }

  async read (after: Position | undefined, limit: number): Promise<Page> {
    return this.#opened().read(after, limit)
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
    if (this.#closed) return
    this.#closed = true
    for (const stop of this.#stops) stop()
    this.#stops.clear()
    this.#release()
  }

  /** @throws FST_ERR_SSE_CHANNEL_CLOSED */
  #opened (): MemoryLog {
    if (this.#closed) throw FST_ERR_SSE_CHANNEL_CLOSED(this.#name)
    return this.#log
  }
}
