import { FST_ERR_SSE_REPLAY_OVERLOADED } from '../errors.js'

/** Lets only so many pages of history be read at a time, in the order in which they were asked for. */
export class PageReads {
  readonly #limit: number
  readonly #maxWaiting: number
  /** By who waits: whether it is their turn, or they have gone. */
  readonly #waiting = new Map<object, (isTurn: boolean) => void>()
  /** Goes on where it was: begun anew each time, it would pass all places again that were given up. */
  #inOrder = this.#waiting.entries()
  #running = 0

  /**
   * @param limit Reads at a time.
   * @param maxWaiting Readers that may wait for their turn.
   */
  constructor (limit: number, maxWaiting: number) {
    this.#limit = limit
    this.#maxWaiting = maxWaiting
  }

  get running (): number {
    return this.#running
  }

  get waiting (): number {
    return this.#waiting.size
  }

  /**
   * Reads when it is the reader's turn.
   *
   * @param reader Who reads one page at a time.
   * @param isWanted Asked when its turn comes.
   * @returns undefined when it is not wanted any more.
   * @throws FST_ERR_SSE_REPLAY_OVERLOADED when too many wait already.
   */
  async run<T> (reader: object, read: () => Promise<T>, isWanted: () => boolean): Promise<T | undefined> {
    if (this.#running < this.#limit) this.#running++
    else if (this.#waiting.size >= this.#maxWaiting) throw FST_ERR_SSE_REPLAY_OVERLOADED(this.#maxWaiting)
    else if (!await this.#turn(reader)) return undefined
    try {
      return isWanted() ? await read() : undefined
    } finally {
      // In the next turn of the event loop: reads from memory would else all be made in this one.
      setImmediate(() => { this.#pass() })
    }
  }

  /** A reader has gone, and does not wait any more. */
  leave (reader: object): void {
    const resolve = this.#waiting.get(reader)
    this.#waiting.delete(reader)
    resolve?.(false)
  }

  async #turn (reader: object): Promise<boolean> {
    return await new Promise<boolean>(resolve => { this.#waiting.set(reader, resolve) })
  }

  /** The place is given to the one who has waited longest. */
  #pass (): void {
    const { value: next } = this.#inOrder.next()
    if (next === undefined) {
      this.#inOrder = this.#waiting.entries() // it was the last: an iterator that has come to its end finds nothing new
      this.#running--
      return
    }
    const [reader, resolve] = next
    this.#waiting.delete(reader)
    resolve(true)
  }
}
