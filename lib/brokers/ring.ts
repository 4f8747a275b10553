/** Slots that a ring has at least, once something is in it. A power of two, as all its capacities are. */
const MIN_CAPACITY = 8

/** A queue that is also read by index: adding, removing and looking up take the same time however much is in it. */
export class Ring<Item extends object> {
  #slots: Array<Item | undefined> = []
  #start = 0
  #size = 0

  get size (): number {
    return this.#size
  }

  /** Slots that are held: at most four times what is in it, or a few. */
  get capacity (): number {
    return this.#slots.length
  }

  push (item: Item): void {
    if (this.#size === this.#slots.length) this.#resize(Math.max(MIN_CAPACITY, this.#size * 2))
    this.#slots[this.#slot(this.#size++)] = item
  }

  /** Removes the oldest. */
  shift (): Item | undefined {
    if (this.#size === 0) return undefined
    const item = this.#slots[this.#start]
    this.#slots[this.#start] = undefined
    this.#start = this.#slot(1)
    this.#size--
    // Halved at a quarter, so that it takes as many further steps until the next copy as this one has items.
    if (this.#size <= this.#slots.length / 4 && this.#slots.length > MIN_CAPACITY) this.#resize(this.#slots.length / 2)
    return item
  }

  /** @param index 0 is the oldest. */
  at (index: number): Item | undefined {
    return index < this.#size ? this.#slots[this.#slot(index)] : undefined
  }

  #slot (index: number): number {
    return (this.#start + index) & (this.#slots.length - 1)
  }

  #resize (capacity: number): void {
    const slots = new Array<Item | undefined>(capacity)
    for (let index = 0; index < this.#size; index++) slots[index] = this.#slots[this.#slot(index)]
    this.#slots = slots
    this.#start = 0
  }
}
