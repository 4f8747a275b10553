/** The events that were pushed into reply.sse, for code that iterates it. Bounded by whoever pushes. */
export class SinkIterator implements AsyncIterableIterator<unknown> {
  /** Characters of the frames that wait. */
  queuedChars = 0
  readonly #onReturn: () => void
  readonly #queue: Array<{ event: unknown, chars: number }> = []
  #waiting: ((result: IteratorResult<unknown>) => void) | undefined
  #ended = false

  /** @param onReturn Called when nobody iterates any more. */
  constructor (onReturn: () => void) {
    this.#onReturn = onReturn
  }

  push (event: unknown, chars: number): void {
    if (this.#waiting !== undefined) {
      this.#settle({ done: false, value: event })
    } else {
      this.#queue.push({ event, chars })
      this.queuedChars += chars
    }
  }

  end (): void {
    this.#ended = true
    this.#settle({ done: true, value: undefined })
  }

  async next (): Promise<IteratorResult<unknown>> {
    const first = this.#queue.shift()
    if (first !== undefined) {
      this.queuedChars -= first.chars
      return { done: false, value: first.event }
    }
    if (this.#ended) return { done: true, value: undefined }
    return await new Promise(resolve => { this.#waiting = resolve })
  }

  async return (): Promise<IteratorResult<unknown>> {
    this.#queue.length = this.queuedChars = 0
    this.end()
    this.#onReturn()
    return { done: true, value: undefined }
  }

  /** Without this, `yield *` would replace the error that refuses an event by a TypeError. */
  async throw (error: unknown): Promise<IteratorResult<unknown>> {
    await this.return()
    throw error
  }

  [Symbol.asyncIterator] (): this {
    return this
  }

  #settle (result: IteratorResult<unknown>): void {
    this.#waiting?.(result)
    this.#waiting = undefined
  }
}
