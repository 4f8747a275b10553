import type { Follower, Position, StoredRecord } from '../../../types/broker.js'

interface Following {
  readonly follower: Follower
  hasBegun: boolean
}

/** Those who follow a log. They get records in batches, in a microtask of their own: never from within the client. */
export class Audience {
  readonly #followings = new Set<Following>()
  #batch: StoredRecord[] = []

  get size (): number {
    return this.#followings.size
  }

  /** @returns A function that removes the follower, and says whether it was there. */
  add (follower: Follower): () => boolean {
    const following: Following = { follower, hasBegun: false }
    this.#followings.add(following)
    return () => this.#followings.delete(following)
  }

  /** Those who have not begun. */
  newcomers (): ReadonlySet<object> {
    return new Set([...this.#followings].filter(({ hasBegun }) => !hasBegun))
  }

  /** Lets newcomers begin that are still there. */
  admit (newcomers: ReadonlySet<object>, position: Position): void {
    this.#flush()
    for (const following of this.#followings) {
      if (following.hasBegun || !newcomers.has(following)) continue
      following.hasBegun = true
      call(() => { following.follower.begin(position) })
    }
  }

  /** Tells those who have begun that something may have been missed. */
  begin (position: Position): void {
    this.#flush()
    for (const { follower, hasBegun } of this.#followings) if (hasBegun) call(() => { follower.begin(position) })
  }

  /** What comes in one go is handed on together. */
  receive (record: StoredRecord): void {
    this.#batch.push(record)
    if (this.#batch.length === 1) queueMicrotask(() => { this.#flush() })
  }

  #flush (): void {
    const records = this.#batch
    if (records.length === 0) return
    this.#batch = []
    for (const { follower, hasBegun } of this.#followings) if (hasBegun) call(() => { follower.receive(records) })
  }
}

/** A follower that throws is a bug that must not keep the records from the others. */
function call (run: () => void): void {
  try {
    run()
  } catch (error) {
    queueMicrotask(() => { throw error })
  }
}
