/** Lets only so many pages of history be read at a time, in the order in which they were asked for. */
export class PageReads {
  readonly #limit: number
  #waiting: Array<() => void> = []
  #next = 0
  #running = 0

  /** @param limit Reads at a time. */
  constructor (limit: number) {
    this.#limit = limit
  }

  get running (): number {
    return this.#running
  }

  get waiting (): number {
    return this.#waiting.length - this.#next
  }

  /**
   * Reads when it is its turn.
   *
   * @param isWanted Asked when its turn comes, so that no work is done for those who have gone.
   */
  async run<T> (read: () => Promise<T>, isWanted: () => boolean): Promise<T | undefined> {
    if (this.#running >= this.#limit) await this.#turn()
    else this.#running++
    try {
      return isWanted() ? await read() : undefined
    } finally {
      // In the next turn of the event loop: reads from memory would else all be made in this one.
      setImmediate(() => { this.#pass() })
    }
  }

  async #turn (): Promise<void> {
    await new Promise<void>(resolve => { this.#waiting.push(resolve) })
  }

  /** The place is given to the one who has waited longest. */
  #pass (): void {
    const next = this.#waiting[this.#next++]
    if (next !== undefined) {
      next()
      return
    }
    this.#waiting = []
    this.#next = 0
    this.#running--
  }
}
