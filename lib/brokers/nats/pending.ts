import type { NewRecord, Position } from '../../../types/broker.js'
import { FST_ERR_SSE_BROKER_OVERLOADED } from '../../errors.js'

/** What a record without much data counts as, so that many of them are too much as well. */
const MIN_BYTES = 100

/** One append, until it is known what has become of it. */
export interface Pending {
  readonly record: NewRecord
  readonly key: string | undefined
  /** What it counts as. */
  readonly bytes: number
  readonly deadlineMs: number
  /** Whether the server may have it although no answer is on its way. */
  mayBeStored: boolean
  readonly resolve: (position: Position | Promise<Position>) => void
  readonly reject: (error: Error) => void
}

export interface PendingOptions {
  readonly channel: string
  readonly timeoutMs: number
  readonly maxPendingBytes: number
  /** Called with those whose time is over. They are to be ended. */
  readonly onLate: (late: readonly Pending[]) => void
}

/** All appends of a log that have no answer yet: how much they are, and how long they wait. */
export class PendingAppends {
  readonly #options: PendingOptions
  /** In the order of the calls. */
  readonly #all = new Set<Pending>()
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  #idle: Array<() => void> = []

  constructor (options: PendingOptions) {
    this.#options = options
  }

  /**
   * @param start Takes it on.
   * @throws FST_ERR_SSE_BROKER_OVERLOADED
   */
  async add (record: NewRecord, key: string | undefined, start: (pending: Pending) => void): Promise<Position> {
    const { channel, timeoutMs, maxPendingBytes } = this.#options
    const bytes = Math.max(MIN_BYTES, Buffer.byteLength(record.data))
    // One that is too large alone would never be stored.
    if (this.#bytes > 0 && this.#bytes + bytes > maxPendingBytes) throw FST_ERR_SSE_BROKER_OVERLOADED(channel, maxPendingBytes)
    return await new Promise<Position>((resolve, reject) => {
      const pending = { record, key, bytes, deadlineMs: performance.now() + timeoutMs, mayBeStored: false, resolve, reject }
      this.#all.add(pending)
      this.#bytes += bytes
      this.#watch(timeoutMs)
      start(pending)
    })
  }

  end (pending: Pending): void {
    this.#bytes -= pending.bytes
    this.#all.delete(pending)
    if (this.#all.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Resolves when there are none. */
  async settled (): Promise<void> {
    if (this.#all.size > 0) await new Promise<void>(resolve => { this.#idle.push(resolve) })
  }

  /** One timer for all: the next whose time is over is the one that was called first. */
  #watch (ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#endLate(performance.now())
    }, ms).unref()
  }

  #endLate (nowMs: number): void {
    const late: Pending[] = []
    for (const pending of this.#all) {
      if (pending.deadlineMs > nowMs) {
        this.#watch(pending.deadlineMs - nowMs)
        break
      }
      late.push(pending)
    }
    this.#options.onLate(late)
  }
}
