import type { Item } from './item.js'

/** An item and its place in line. */
interface Slot<Of> {
  item: Of
  readonly place: number | undefined
}

/** What waits for one subscriber, in order. Frames are shared: a backlog costs a reference each. */
export class Backlog<Of extends Item> {
  /** How many wait. A property, since it is read for each subscriber of each broadcast. */
  length = 0
  /** Characters of their frames. */
  size = 0
  /**
   * The place of what was taken last: its offset, or that of the one that it has replaced. Who has got everything up to
   * there has got all up to this offset, or something newer in its stead; what still waits stands after it.
   */
  place: number | undefined
  readonly #conflates: boolean
  /** What is taken next, from an index on. */
  #queue: ReadonlyArray<Slot<Of>> = []
  #next = 0
  /** After those: one of each key. */
  #slots = new Map<unknown, Slot<Of>>()
  /** And after those, what has come since. */
  #fresh: Array<Slot<Of>> = []

  /** @param conflates Whether {@link conflate} does anything. */
  constructor (conflates: boolean) {
    this.#conflates = conflates
  }

  push (item: Of): void {
    this.#fresh.push({ item, place: item.offset })
    this.length++
    this.size += item.size
  }

  shift (): Of | undefined {
    if (this.#next === this.#queue.length) this.#refill()
    const slot = this.#queue[this.#next]
    if (slot === undefined) return undefined
    this.#next++
    this.length--
    this.size -= slot.item.size
    this.place = slot.place
    return slot.item
  }

  /**
   * The subscriber is slow: of what waits for it, only the newest of each key is kept, at the place of the first. At the
   * place of the newest, a key that changes faster than the subscriber reads would never get to it.
   */
  conflate (): void {
    if (!this.#conflates) return
    if (this.#next < this.#queue.length) {
      const later = this.#slots
      this.#slots = new Map()
      this.#fold(this.#queue.slice(this.#next))
      this.#fold(later.values())
    }
    this.#queue = []
    this.#next = 0
    this.#fold(this.#fresh)
    this.#fresh = []
  }

  clear (): void {
    this.#queue = []
    this.#fresh = []
    this.#slots.clear()
    this.#next = this.length = this.size = 0
  }

  /** All at once: taking the first of a Map again and again steps over all that were taken before. */
  #refill (): void {
    if (this.#slots.size > 0) {
      this.#queue = [...this.#slots.values()]
      this.#slots.clear()
    } else {
      this.#queue = this.#fresh
      this.#fresh = []
    }
    this.#next = 0
  }

  #fold (slots: Iterable<Slot<Of>>): void {
    for (const slot of slots) {
      const first = this.#slots.get(slot.item.key)
      if (first === undefined) {
        this.#slots.set(slot.item.key, slot)
      } else {
        this.length--
        this.size -= first.item.size
        first.item = slot.item
      }
    }
  }
}
