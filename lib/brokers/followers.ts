import type { Follower, Position, StoredRecord } from '../../types/broker.js'

interface Following {
  readonly follower: Follower
  /** Where it begins. */
  readonly position: Position
  /** What came before it has begun. */
  parked: StoredRecord[] | undefined
}

/** Those who follow a log. All get the same records in the same order, whatever they do when they get them. */
export class Followers {
  readonly #followings = new Set<Following>()
  readonly #outgoing: StoredRecord[] = []

  get size (): number {
    return this.#followings.size
  }

  /**
   * @param position The end of the log.
   * @returns A function that removes the follower.
   */
  add (follower: Follower, position: Position): () => void {
    const following: Following = { follower, position, parked: [] }
    this.#followings.add(following)
    queueMicrotask(() => this.#begin(following))
    return () => { this.#followings.delete(following) }
  }

  handOn (record: StoredRecord): void {
    this.#outgoing.push(record)
    // A follower that appends while it receives: the others get the first record before the second.
    if (this.#outgoing.length > 1) return
    for (const next of this.#outgoing) { // also iterates over what is added on the way
      const records = [next]
      for (const following of this.#followings) {
        // One that was added on the way begins after this record.
        if (next.offset > following.position.offset) give(following, records)
      }
    }
    this.#outgoing.length = 0
  }

  #begin (following: Following): void {
    if (!this.#followings.has(following)) return
    following.follower.begin(following.position)
    while (following.parked !== undefined && following.parked.length > 0 && this.#followings.has(following)) {
      const records = following.parked
      following.parked = []
      following.follower.receive(records)
    }
    following.parked = undefined
  }
}

/** A follower that throws is a bug that must not keep the record from the others, nor look like a failed append. */
function give ({ follower, parked }: Following, records: readonly StoredRecord[]): void {
  if (parked !== undefined) {
    parked.push(...records)
    return
  }
  try {
    follower.receive(records)
  } catch (error) {
    queueMicrotask(() => { throw error })
  }
}
