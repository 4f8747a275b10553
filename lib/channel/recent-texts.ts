/** Remembers texts that were made, the newest ones: as many as it may, up to twice. */
export class RecentTexts {
  readonly #limit: number
  #young = new Map<string, string>()
  /** Those before. Given up as a whole: to take the oldest out of one Map, each time, costs as much as what is remembered here. */
  #old = new Map<string, string>()

  constructor (limit: number) {
    this.#limit = limit
  }

  get size (): number {
    return this.#young.size + this.#old.size
  }

  get (key: string, make: () => string): string {
    const known = this.#young.get(key)
    if (known !== undefined) return known
    const text = this.#old.get(key) ?? make()
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, text)
    return text
  }
}
