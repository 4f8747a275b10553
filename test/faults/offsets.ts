/** Offsets, from which those in a range are to be found. */
export class Offsets {
  readonly #sorted: Float64Array

  constructor (offsets: Iterable<number>) {
    this.#sorted = Float64Array.from(offsets).sort()
  }

  get last (): number | undefined {
    return this.#sorted.at(-1)
  }

  /** How many come after `after`, up to and with `through`. */
  count (after: number, through: number): number {
    return Math.max(0, this.#indexAfter(through) - this.#indexAfter(after))
  }

  /** The first that comes after `after`. */
  next (after: number): number | undefined {
    return this.#sorted[this.#indexAfter(after)]
  }

  /** How many there are up to and with `offset`. */
  #indexAfter (offset: number): number {
    let [low, high] = [0, this.#sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sorted[middle] as number) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
