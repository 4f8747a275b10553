import type { Page, Position, StoredRecord } from '../../../types/broker.js'
import type { RecentSource } from '../recent.js'
import { Tail } from '../tail.js'

/**
 * Reads a log of latest values that is followed: what has come without a hole is given without asking the server. What
 * was stored before has holes, and can't be put there.
 */
export class Newest {
  readonly #source: RecentSource
  readonly #tail = new Tail()

  constructor (source: RecentSource) {
    this.#source = source
  }

  begin (position: Position): void {
    this.#tail.begin(position)
  }

  push (records: readonly StoredRecord[]): void {
    this.#tail.push(records)
  }

  clear (): void {
    this.#tail.clear()
  }

  async read (after: Position | undefined, limit: number): Promise<Page> {
    const near = after && await this.#readNear(after, limit)
    return near ?? await this.#source.readPage(after, limit)
  }

  async #readNear (after: Position, limit: number): Promise<Page | undefined> {
    const near = this.#tail.read(after, limit)
    if (near === undefined || near.records.length > 0) return near
    const { epoch, offset } = await this.#source.findHead()
    return epoch === after.epoch && offset === after.offset ? near : undefined
  }
}
