import type { Follower, LogOptions, NewRecord, Page, Position, StoredRecord } from '../../types/broker.js'
import { newEpoch } from './epoch.js'
import { Followers } from './followers.js'
import { History } from './history.js'
import { IdempotencyKeys } from './idempotency.js'
import { Latest } from './latest.js'
import type { SharedLog } from './shared-logs.js'

/** A log in memory, for all who have opened it. Its offsets are 1, 2, 3 and so on. */
export class MemoryLog implements SharedLog {
  readonly #epoch = newEpoch()
  readonly #retained: History | Latest
  readonly #keys: IdempotencyKeys
  readonly #followers = new Followers()

  constructor ({ retention, idempotencyWindowMs }: LogOptions) {
    this.#retained = retention.latest === true ? new Latest(retention.maxKeys) : new History(retention)
    this.#keys = new IdempotencyKeys(idempotencyWindowMs)
  }

  append (record: NewRecord, idempotencyKey?: string): Position {
    const nowMs = performance.now()
    const offset = this.#retained.head + 1
    this.#keys.evict(nowMs)
    if (idempotencyKey !== undefined) {
      const known = this.#keys.find(idempotencyKey)
      if (known !== undefined) return this.#at(known)
      this.#keys.remember(idempotencyKey, offset, nowMs)
    }
    const stored = toStored(record, offset)
    this.#retained.append(stored, nowMs)
    this.#followers.handOn(stored)
    return this.#at(offset)
  }

  head (): Position {
    this.#retained.evict(performance.now())
    return this.#at(this.#retained.head)
  }

  read (after: Position | undefined, limit: number): Page {
    this.#retained.evict(performance.now())
    const { earliest, head } = this.#retained
    const place = { epoch: this.#epoch, earliest }
    // Not written the other way round, so that NaN is lost too.
    if (after !== undefined && !(after.epoch === this.#epoch && after.offset >= earliest && after.offset <= head)) {
      return { ...place, lost: true, records: [], through: head }
    }
    return { ...place, lost: false, ...this.#retained.read(after?.offset, limit) }
  }

  follow (follower: Follower): () => void {
    return this.#followers.add(follower, this.#at(this.#retained.head))
  }

  /** There is nothing to free that is not freed with it. */
  close (): void {}

  #at (offset: number): Position {
    return { epoch: this.#epoch, offset }
  }
}

/** All with the same properties in the same order, whatever the channel left out: engines are faster with one shape. */
function toStored ({ event, data, retry, topic, key, tombstone, trace }: NewRecord, offset: number): StoredRecord {
  return { offset, event, data, retry, topic, key, tombstone, trace, cache: undefined }
}
