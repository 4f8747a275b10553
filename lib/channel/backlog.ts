import type { Item } from './item.js'

/** What waits for one subscriber, in order. Frames are shared: a backlog costs a reference each. */
export class Backlog<Of extends Item> {
  /** Characters of the frames that wait. */
  size = 0
  readonly #conflates: boolean
  /** Those that have waited before, the newest of each key. */
  readonly #older = new Map<unknown, Of>()
  #fresh: Of[] = []
  #next = 0

  /** @param conflates Whether {@link conflate} does anything. */
  constructor (conflates: boolean) {
    this.#conflates = conflates
  }

  get length (): number {
    return this.#older.size + this.#fresh.length - this.#next
  }

  push (item: Of): void {
    this.#fresh.push(item)
    this.size += item.size
  }

  shift (): Of | undefined {
    const item = this.#older.size > 0 ? this.#shiftOlder() : this.#shiftFresh()
    if (item !== undefined) this.size -= item.size
    return item
  }

  /** The subscriber is slow: of what waits for it, only the newest of each key is kept, in the order of the newest. */
  conflate (): void {
    if (!this.#conflates) return
    for (let item = this.#shiftFresh(); item !== undefined; item = this.#shiftFresh()) {
      this.size -= this.#older.get(item.key)?.size ?? 0
      this.#older.delete(item.key)
      this.#older.set(item.key, item)
    }
  }

  clear (): void {
    this.#older.clear()
    this.#fresh = []
    this.#next = this.size = 0
  }

  #shiftOlder (): Of | undefined {
    const { value } = this.#older.values().next()
    this.#older.delete(value?.key)
    return value
  }

  #shiftFresh (): Of | undefined {
    if (this.#next === this.#fresh.length) return undefined
    const item = this.#fresh[this.#next++]
    // Half of it is empty: the rest moves up. Each item moves less than once on average.
    if (this.#next * 2 >= this.#fresh.length) {
      this.#fresh = this.#fresh.slice(this.#next)
      this.#next = 0
    }
    return item
  }
}
