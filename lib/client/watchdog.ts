import { onWake } from './on-wake.js'

const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Gives up a connection of which nothing is heard. It watches only while somebody waits for it: who takes long over an
 * event is not to blame the server.
 */
export class Watchdog {
  readonly #staleAfterMs: number
  readonly #closed: AbortSignal
  readonly #connection = new AbortController()
  readonly #stop: () => void
  #waiting: { sinceMs: number, reject: (reason: Error) => void } | undefined

  constructor (staleAfterMs: number, closed: AbortSignal) {
    this.#staleAfterMs = staleAfterMs
    this.#closed = closed
    closed.addEventListener('abort', this.end)
    // A timer may stand still while the machine sleeps; the clock goes on.
    this.#stop = onWake(() => {
      if (this.#waiting !== undefined && Date.now() - this.#waiting.sinceMs > staleAfterMs) this.#giveUp()
    })
  }

  /** Aborts when nothing is heard, or the stream is closed. */
  get signal (): AbortSignal {
    return this.#connection.signal
  }

  /** Waits for something that should come before the connection counts as stale. One thing at a time. */
  async watch<Value> (coming: Promise<Value>): Promise<Value> {
    const timer = this.#staleAfterMs > MAX_TIMER_MS ? undefined : setTimeout(this.#giveUp, this.#staleAfterMs)
    try {
      // Not a race against one promise for all: that would keep something of every chunk for as long as it is pending.
      return await new Promise<Value>((resolve, reject) => {
        this.#waiting = { sinceMs: Date.now(), reject }
        coming.then(resolve, reject)
      })
    } finally {
      clearTimeout(timer)
      this.#waiting = undefined
    }
  }

  /** Idempotent. */
  readonly end = (): void => {
    this.#abort(new Error('the stream was closed'))
    this.#stop()
    this.#closed.removeEventListener('abort', this.end)
  }

  readonly #giveUp = (): void => {
    this.#abort(new Error(`not one byte came for ${this.#staleAfterMs} ms`))
  }

  #abort (reason: Error): void {
    this.#connection.abort(reason)
    this.#waiting?.reject(reason) // whatever is waited for: it may know no signal
  }
}
