import type { HistoryRetention, Page, StoredRecord } from '../../types/broker.js'
import { Ring } from './ring.js'

interface Entry {
  readonly record: StoredRecord
  readonly bytes: number
  readonly storedAtMs: number
}

/**
 * The newest records of a log whose offsets grow by one. What it holds has no holes: a record that is too large for
 * `maxBytes` drops all before it and then itself. Times are those of `performance.now()`.
 */
export class History {
  readonly #limits: HistoryRetention
  readonly #entries = new Ring<Entry>()
  #head: number
  #bytes = 0

  /** @param head The offset after which it begins. */
  constructor (limits: HistoryRetention, head = 0) {
    this.#limits = limits
    this.#head = head
  }

  /** Records that are retained. */
  get size (): number {
    return this.#entries.size
  }

  /** The newest offset. */
  get head (): number {
    return this.#head
  }

  /** Bytes of the data that is retained. */
  get bytes (): number {
    return this.#bytes
  }

  /** The offset right before the first record that is retained; the end of the log where there is none. */
  get earliest (): number {
    return this.#head - this.#entries.size
  }

  append (record: StoredRecord, nowMs: number): void {
    const bytes = Buffer.byteLength(record.data)
    this.#head = record.offset
    this.#bytes += bytes
    this.#entries.push({ record, bytes, storedAtMs: nowMs })
    this.evict(nowMs)
  }

  /** Drops what is beyond the limits. Age alone does so without a new record. */
  evict (nowMs: number): void {
    for (let oldest = this.#entries.at(0); oldest !== undefined && this.#isBeyond(oldest, nowMs); oldest = this.#entries.at(0)) {
      this.#entries.shift()
      this.#bytes -= oldest.bytes
    }
  }

  /** @param after An offset between `earliest` and the end. Undefined reads from the first. */
  read (after: number | undefined, limit: number): Pick<Page, 'records' | 'through'> {
    const from = after ?? this.earliest
    const through = Math.min(from + limit, this.#head)
    const records: StoredRecord[] = []
    for (let offset = from; offset < through; offset++) records.push((this.#entries.at(offset - this.earliest) as Entry).record)
    return { records, through }
  }

  #isBeyond (oldest: Entry, nowMs: number): boolean {
    const { maxEvents, maxBytes, maxAgeMs } = this.#limits
    return this.#entries.size > maxEvents || this.#bytes > maxBytes || nowMs - oldest.storedAtMs >= maxAgeMs
  }
}
