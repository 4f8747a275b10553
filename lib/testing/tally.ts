/** Names that an error lists at most. */
const LISTED = 5

/** What has come of a stream, for the errors that tell it. */
export class Tally {
  #count = 0
  readonly #latest: string[] = []

  add (name: string): void {
    this.#count++
    this.#latest.push(name)
    if (this.#latest.length > LISTED) this.#latest.shift()
  }

  toString (): string {
    if (this.#count === 0) return 'no event'
    const names = [...this.#count > LISTED ? ['…'] : [], ...this.#latest]
    return `${this.#count} event${this.#count === 1 ? '' : 's'} (${names.join(', ')})`
  }
}
