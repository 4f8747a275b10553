import type { Item } from './item.js'

/** The newest of a key, at the place of the first that it has replaced. */
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
  /** How many were replaced by newer ones of their keys. */
  conflated = 0
  readonly #conflates: boolean
  /** What is taken next, from an index on. */
  #queue: readonly Of[] = []
  /** Its places, where they are not its offsets. */
  #places: ReadonlyArray<number | undefined> | undefined
  #next = 0
  /** After those: one of each key. */
  readonly #slots = new Map<unknown, Slot<Of>>()
  /** And after those, what has come since. */
  #fresh: Of[] = []

  /** @param conflates Whether {@link conflate} does anything. */
  constructor (conflates: boolean) {
    this.#conflates = conflates
  }

  push (item: Of): void {
    this.#fresh.push(item)
    this.length++
    this.size += item.size
  }

  shift (): Of | undefined {
    if (this.#next === this.#queue.length) this.#refill()
    const item = this.#queue[this.#next]
    if (item === undefined) return undefined
    this.place = this.#placeOf(item, this.#next++)
    this.length--
    this.size -= item.size
    return item
  }

  /**
   * The subscriber is slow: of what waits for it, only the newest of each key is kept, at the place of the first. At the
   * place of the newest, a key that changes faster than the subscriber reads would never get to it.
   */
  conflate (): void {
    if (!this.#conflates) return
    // As long as there is something in it, there are no slots: they were all taken into it.
    for (let i = this.#next; i < this.#queue.length; i++) this.#keep(this.#queue[i] as Of, this.#placeOf(this.#queue[i] as Of, i))
    for (const item of this.#fresh) this.#keep(item, item.offset)
    this.#queue = []
    this.#fresh = []
    this.#next = 0
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
      const slots = [...this.#slots.values()]
      this.#queue = slots.map(({ item }) => item)
      this.#places = slots.map(({ place }) => place)
      this.#slots.clear()
    } else {
      this.#queue = this.#fresh
      this.#places = undefined
      this.#fresh = []
    }
    this.#next = 0
  }

  #placeOf (item: Of, index: number): number | undefined {
    return this.#places === undefined ? item.offset : this.#places[index]
  }

  #keep (item: Of, place: number | undefined): void {
    const first = this.#slots.get(item.key)
    if (first === undefined) {
      this.#slots.set(item.key, { item, place })
      return
    }
    this.length--
    this.size -= first.item.size
    this.conflated++
    first.item = item
  }
}
