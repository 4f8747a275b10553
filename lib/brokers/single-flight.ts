/**
 * Lets all who ask the same thing share an answer that was not asked for before they did: those who come while one is
 * on its way wait for the next, together.
 */
export class SingleFlight<T> {
  readonly #ask: () => Promise<T>
  #running: Promise<unknown> | undefined
  #next: Promise<T> | undefined

  constructor (ask: () => Promise<T>) {
    this.#ask = ask
  }

  async run (): Promise<T> {
    this.#next ??= this.#start(this.#running)
    return await this.#next
  }

  async #start (before: Promise<unknown> | undefined): Promise<T> {
    // Those who ask in the same tick are there before it is asked.
    await (before ?? Promise.resolve())
    const answer = this.#ask()
    this.#running = answer.then(() => {}, () => {}).then(() => { if (this.#next === undefined) this.#running = undefined })
    this.#next = undefined
    return await answer
  }
}
