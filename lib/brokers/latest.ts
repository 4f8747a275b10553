import type { Page, StoredRecord } from '../../types/broker.js'
import { RecordList, type Link } from './record-list.js'

/**
 * The newest record of each key. One that a later record of its key replaces is lost to nobody: who reads on gets the
 * later one.
 *
 * A tombstone is kept for those who saw a value of its key, and so have to hear that it is deleted. Who reads from the
 * start saw none, and gets none. Since values are worth more, tombstones are dropped first.
 *
 * Whatever `maxKeys` drops, value or tombstone, those before it would never hear of: their places are lost.
 */
export class Latest {
  readonly #maxKeys: number
  readonly #links = new Map<string | undefined, Link>()
  readonly #values = new RecordList()
  readonly #tombstones = new RecordList()
  #head = 0
  #lastDropped = 0

  constructor (maxKeys: number) {
    this.#maxKeys = maxKeys
  }

  /** Keys that are retained, deleted ones included. */
  get size (): number {
    return this.#links.size
  }

  /** The newest offset. */
  get head (): number {
    return this.#head
  }

  /** The first offset after which nothing is lost. Values before it may well be retained, for those who read from the start. */
  get earliest (): number {
    return this.#lastDropped
  }

  append (record: StoredRecord): void {
    this.#head = record.offset
    const replaced = this.#links.get(record.key)
    if (replaced !== undefined) this.#listOf(replaced.record).remove(replaced)
    this.#links.set(record.key, this.#listOf(record).append(record))
    if (this.#links.size > this.#maxKeys) this.#drop(this.#tombstones.first ?? this.#values.first)
  }

  /** Only `maxKeys` drops records, whatever their age. */
  evict (): void {}

  /**
   * Gives all at once: a part of what is read from the start could not be told from a place to resume at.
   *
   * @param after An offset from `earliest` on. Undefined reads the values from the start.
   */
  read (after?: number): Pick<Page, 'records' | 'through'> {
    const values = this.#values.after(after ?? 0)
    const tombstones = after === undefined ? [] : this.#tombstones.after(after)
    // Both are in order already, and the sort merges them in one pass.
    const records = tombstones.length === 0 ? values : [...values, ...tombstones].sort((a, b) => a.offset - b.offset)
    return { records, through: this.#head }
  }

  #listOf ({ tombstone }: StoredRecord): RecordList {
    return tombstone === true ? this.#tombstones : this.#values
  }

  #drop (link: Link | undefined): void {
    const { record } = link as Link
    this.#listOf(record).remove(link as Link)
    this.#links.delete(record.key)
    // Tombstones are dropped before older values, so that offsets are not dropped in order.
    this.#lastDropped = Math.max(this.#lastDropped, record.offset)
  }
}
