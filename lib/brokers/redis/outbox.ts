import { setTimeout as sleep } from 'node:timers/promises'
import type { NewRecord, Position } from '../../../types/broker.js'
import { FST_ERR_SSE_BROKER_FAILED, FST_ERR_SSE_BROKER_OVERLOADED, FST_ERR_SSE_BROKER_UNAVAILABLE, FST_ERR_SSE_PUBLISH_UNCERTAIN } from '../../errors.js'
import { withCause } from '../../with-cause.js'
import { backoffMs } from '../backoff.js'
import { Unreachable } from './unreachable.js'

/** Records in a batch, and the bytes of data after which it is full: a script holds up everybody else. */
const MAX_BATCH = 256
const MAX_BATCH_BYTES = 1024 * 1024

/** A record that is to be stored. */
export interface Outgoing {
  readonly record: NewRecord
  readonly idempotencyKey: string | undefined
}

export interface OutboxOptions {
  readonly channel: string
  /** How long a record may wait for its confirmation, in milliseconds. */
  readonly timeoutMs: number
  /** Bytes of data that may wait to be sent. */
  readonly maxPendingBytes: number
  /** Resolves when there is a connection, or none is needed any more. */
  readonly ready: () => Promise<void>
  /**
   * Stores records, and again only once where they have this number again. Rejects with Unreachable where nobody knows.
   *
   * @returns where each of them stands.
   */
  readonly store: (batch: readonly Outgoing[], number: number) => Promise<Position[]>
}

interface Pending extends Outgoing {
  readonly bytes: number
  readonly deadlineMs: number
  readonly resolve: (position: Position) => void
  readonly reject: (error: Error) => void
  isSettled: boolean
}

/**
 * What is to be stored in one log, in order: a batch at a time, and while that is on its way, the next one gathers. A
 * batch whose answer was lost is sent again under the same number, as long as somebody waits for it.
 */
export class Outbox {
  readonly #options: OutboxOptions
  #waiting: Pending[] = []
  #batch: Pending[] = []
  #isOnItsWay = false
  /** Whether the batch may have arrived. */
  #wasSent = false
  #bytes = 0
  #pending = 0
  #number = 0
  #isSending = false
  #timer: NodeJS.Timeout | undefined
  #onEmpty: Array<() => void> = []

  constructor (options: OutboxOptions) {
    this.#options = options
  }

  /** @throws FST_ERR_SSE_BROKER_OVERLOADED, _UNAVAILABLE, _FAILED, FST_ERR_SSE_PUBLISH_UNCERTAIN */
  async add (record: NewRecord, idempotencyKey: string | undefined): Promise<Position> {
    const { channel, maxPendingBytes, timeoutMs } = this.#options
    const bytes = Buffer.byteLength(record.data)
    if (this.#pending > 0 && this.#bytes + bytes > maxPendingBytes) throw FST_ERR_SSE_BROKER_OVERLOADED(channel, maxPendingBytes)
    this.#bytes += bytes
    this.#pending++
    const stored = new Promise<Position>((resolve, reject) => {
      this.#waiting.push({ record, idempotencyKey, bytes, deadlineMs: performance.now() + timeoutMs, resolve, reject, isSettled: false })
    })
    this.#watch()
    // In the next microtask, so that what is published together is sent together.
    if (!this.#isSending) {
      this.#isSending = true
      queueMicrotask(() => { void this.#send() })
    }
    return await stored
  }

  /** Resolves when everybody has been answered, which is after `timeoutMs` at the latest. */
  async drain (): Promise<void> {
    if (this.#pending > 0) await new Promise<void>(resolve => { this.#onEmpty.push(resolve) })
  }

  async #send (): Promise<void> {
    let tries = 0
    for (this.#fill(); this.#batch.length > 0; this.#fill()) {
      await this.#options.ready()
      // Those who have waited in vain were told that nothing is stored.
      if (!this.#wasSent) this.#batch = this.#batch.filter(({ isSettled }) => !isSettled)
      if (this.#batch.every(({ isSettled }) => isSettled)) {
        this.#batch = []
      } else if (await this.#attempt(this.#batch)) {
        this.#batch = []
        tries = 0
      } else {
        await sleep(backoffMs(tries++), undefined, { ref: false })
      }
    }
    this.#isSending = false
  }

  #fill (): void {
    if (this.#batch.length > 0 || this.#waiting.length === 0) return
    let bytes = 0
    const isBeyond = (each: Pending, index: number): boolean => {
      bytes += each.bytes
      return index === MAX_BATCH || (index > 0 && bytes > MAX_BATCH_BYTES)
    }
    const end = this.#waiting.findIndex(isBeyond)
    this.#batch = this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
    this.#wasSent = false
    this.#number++
  }

  /** @returns Whether it has an answer. */
  async #attempt (batch: readonly Pending[]): Promise<boolean> {
    this.#isOnItsWay = true
    try {
      const positions = await this.#options.store(batch, this.#number)
      for (const [index, each] of batch.entries()) this.#settle(each, () => { each.resolve(positions[index] as Position) })
    } catch (error) {
      if (error instanceof Unreachable) {
        this.#wasSent ||= error.wasSent
        return false
      }
      const { channel } = this.#options
      for (const each of batch) {
        this.#settle(each, () => { each.reject(FST_ERR_SSE_BROKER_FAILED(channel, (error as Error).message, ...withCause(error))) })
      }
    } finally {
      this.#isOnItsWay = false
    }
    return true
  }

  /** Waits for the oldest one's time: all have the same, so that it is the first that ends. */
  #watch (): void {
    const oldest = this.#batch.find(({ isSettled }) => !isSettled) ?? this.#waiting[0]
    if (oldest === undefined) return
    this.#timer ??= setTimeout(() => { this.#expire() }, oldest.deadlineMs - performance.now())
  }

  #expire (): void {
    this.#timer = undefined
    const nowMs = performance.now()
    const isLate = ({ deadlineMs }: Pending): boolean => deadlineMs <= nowMs
    const { channel, timeoutMs } = this.#options
    const isUncertain = this.#isOnItsWay || this.#wasSent
    const LateError = isUncertain ? FST_ERR_SSE_PUBLISH_UNCERTAIN : FST_ERR_SSE_BROKER_UNAVAILABLE
    for (const late of this.#batch.filter(isLate)) this.#settle(late, () => { late.reject(LateError(channel, timeoutMs)) })
    const end = this.#waiting.findIndex(pending => !isLate(pending))
    for (const late of this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)) {
      this.#settle(late, () => { late.reject(FST_ERR_SSE_BROKER_UNAVAILABLE(channel, timeoutMs)) })
    }
    this.#watch()
  }

  #settle (pending: Pending, settle: () => void): void {
    if (pending.isSettled) return
    pending.isSettled = true
    this.#bytes -= pending.bytes
    this.#pending--
    settle()
    if (this.#pending > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const resolve of this.#onEmpty.splice(0)) resolve()
  }
}
