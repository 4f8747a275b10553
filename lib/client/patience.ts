import { onWake } from './on-wake.js'

const MAX_TIMER_MS = 2 ** 31 - 1

/** Waits for one thing at a time, and not for ever. */
export class Patience {
  readonly #closed: AbortSignal
  #lose: ((isWake?: boolean) => void) | undefined

  constructor (closed: AbortSignal) {
    this.#closed = closed
    onWake(() => { this.#lose?.(true) }, closed)
    closed.addEventListener('abort', () => { this.#lose?.() })
  }

  /**
   * Waits for something that should come within a time, or for nothing but that time.
   *
   * When the page wakes, it waits for the rest of `minMs` alone, by the clock: a timer may stand still while the machine
   * sleeps.
   *
   * @throws Error if it has not come in time, or the stream is closed.
   */
  async wait<Value> (ms: number, coming?: Promise<Value>, minMs = ms): Promise<Value | undefined> {
    const sinceMs = Date.now()
    let timer: NodeJS.Timeout | undefined
    try {
      // Not a race against one promise for all: that would keep something of every chunk for as long as it is pending.
      return await new Promise<Value | undefined>((resolve, reject) => {
        const arm = (ms: number): void => {
          clearTimeout(timer)
          if (ms < MAX_TIMER_MS) timer = setTimeout(this.#lose!, ms)
        }
        this.#lose = isWake => {
          const leftMs = sinceMs + minMs - Date.now()
          if (isWake && leftMs >= 0) arm(leftMs)
          else if (coming) reject(new Error(`nothing came for ${ms} ms`))
          else resolve(undefined)
        }
        arm(ms)
        if (this.#closed.aborted) this.#lose() // by who was told of a state, or asked for headers
        coming?.then(resolve, reject)
      })
    } finally {
      clearTimeout(timer)
      this.#lose = undefined
    }
  }
}
