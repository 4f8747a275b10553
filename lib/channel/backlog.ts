import type { Item } from './item.js'

/** What waits for one subscriber, in order. Frames are shared: a backlog costs a reference each. */
export class Backlog<Of extends Item> {
  /** Characters of the frames that wait. */
  size = 0
  readonly #conflates: boolean
  /** What is taken next, from an index on. */
  #queue: Of[] = []
  #next = 0
  /** After those: the newest of each key. */
  #newest = new Map<unknown, Of>()
  /** And after those, what has come since. */
  #fresh: Of[] = []

  /** @param conflates Whether {@link conflate} does anything. */
  constructor (conflates: boolean) {
    this.#conflates = conflates
  }

  get length (): number {
    return this.#queue.length - this.#next + this.#newest.size + this.#fresh.length
  }

  push (item: Of): void {
    this.#fresh.push(item)
    this.size += item.size
  }

  shift (): Of | undefined {
    if (this.#next === this.#queue.length) this.#refill()
    const item = this.#queue[this.#next]
    if (item === undefined) return undefined
    this.#next++
    this.size -= item.size
    return item
  }

  /** The subscriber is slow: of what waits for it, only the newest of each key is kept, in the order of the newest. */
  conflate (): void {
    if (!this.#conflates) return
    if (this.#next < this.#queue.length) {
      const since = this.#newest
      this.#newest = new Map()
      this.#keepNewest(this.#queue.slice(this.#next))
      this.#keepNewest(since.values())
    }
    this.#queue = []
    this.#next = 0
    this.#keepNewest(this.#fresh)
    this.#fresh = []
  }

  clear (): void {
    this.#queue = []
    this.#fresh = []
    this.#newest.clear()
    this.#next = this.size = 0
  }

  /** All at once: taking the first of a Map again and again steps over all that were taken before. */
  #refill (): void {
    if (this.#newest.size > 0) {
      this.#queue = [...this.#newest.values()]
      this.#newest.clear()
    } else {
      this.#queue = this.#fresh
      this.#fresh = []
    }
    this.#next = 0
  }

  #keepNewest (items: Iterable<Of>): void {
    for (const item of items) {
      this.size -= this.#newest.get(item.key)?.size ?? 0
      this.#newest.delete(item.key) // it takes the place of the newest, so that offsets ascend
      this.#newest.set(item.key, item)
    }
  }
}
