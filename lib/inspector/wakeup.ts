/** One who waits for the next of many calls. Those that come while nobody waits are one. */
export class Wakeup {
  #isDue = false
  #wake: (() => void) | undefined

  /** Resolves with the next call, or at once where there was one since the last time. */
  async next (): Promise<void> {
    if (!this.#isDue) await new Promise<void>(resolve => { this.#wake = resolve })
    this.#isDue = false
  }

  readonly call = (): void => {
    this.#isDue = true
    this.#wake?.()
  }
}
