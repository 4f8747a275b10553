import type { HistoryRetention, Page, Position, StoredRecord } from '../../types/broker.js'
import { History } from './history.js'

/** Some seconds of a busy channel: most who come back have missed less. */
export const TAIL_EVENTS = 1_000

const LIMITS: HistoryRetention = { maxEvents: TAIL_EVENTS, maxBytes: 1024 * 1024, maxAgeMs: Infinity }

/**
 * The newest records of a log that is followed, as they came from its engine, whose offsets grow by one. Who has missed
 * only some of these is served without asking the engine.
 */
export class Tail {
  #epoch: string | undefined
  #history = new History(LIMITS)
  #isFilled = false

  /** The next records stand right after this position. What it had is of no use any more. */
  begin ({ epoch, offset }: Position): void {
    this.#epoch = epoch
    this.#history = new History(LIMITS, offset)
    this.#isFilled = false
  }

  push (records: readonly StoredRecord[]): void {
    for (const record of records) this.#history.append(record, 0)
  }

  /** Keeps nothing, and has nothing to give. */
  clear (): void {
    this.#epoch = undefined
    this.#history = new History(LIMITS)
  }

  /**
   * Reads what stands after a position. No records mean that none have arrived, not that none are stored.
   *
   * @returns undefined where it does not have all that has arrived.
   */
  read (after: Position, limit: number): Page | undefined {
    const { earliest, head } = this.#history
    if (after.epoch !== this.#epoch || !(after.offset >= earliest && after.offset <= head)) return undefined
    return { epoch: after.epoch, lost: false, earliest, ...this.#history.read(after.offset, limit) }
  }

  /** Where what it has begins, if what stands before can be put there: once, after each time that it has begun. */
  get gap (): Position | undefined {
    const { earliest } = this.#history
    return this.#epoch === undefined || this.#isFilled ? undefined : { epoch: this.#epoch, offset: earliest }
  }

  /** Puts records of an epoch before what it has. What does not end there is of no use. */
  fill (epoch: string, records: readonly StoredRecord[]): void {
    if (epoch !== this.#epoch) return
    this.#isFilled = true
    const { earliest, size } = this.#history
    const [first] = records
    if (first === undefined || records.at(-1)?.offset !== earliest) return
    const filled = new History(LIMITS, first.offset - 1)
    for (const record of [...records, ...this.#history.read(earliest, size).records]) filled.append(record, 0)
    this.#history = filled
  }
}
