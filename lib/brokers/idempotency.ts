import { Ring } from './ring.js'

/** Keys that are remembered at most, so that a long window does not fill the memory: some 20 MB with keys of 36 characters. */
const MAX_KEYS = 100_000

interface Use {
  readonly key: string
  readonly usedAtMs: number
}

/** Idempotency keys, and the offset of the record that each was used for. Times are those of `performance.now()`. */
export class IdempotencyKeys {
  readonly #windowMs: number
  readonly #offsets = new Map<string, number>()
  // Removed through a queue of their own: a Map steps over all that were deleted before its first entry.
  readonly #uses = new Ring<Use>()

  /** @param windowMs How long a key is remembered after its first use; another use does not make it longer. */
  constructor (windowMs: number) {
    this.#windowMs = windowMs
  }

  get size (): number {
    return this.#offsets.size
  }

  /** The offset of the record that the key was used for, as long as it is remembered. */
  find (key: string): number | undefined {
    return this.#offsets.get(key)
  }

  /** Remembers a key that is not found. */
  remember (key: string, offset: number, nowMs: number): void {
    this.#offsets.set(key, offset)
    this.#uses.push({ key, usedAtMs: nowMs })
    this.evict(nowMs)
  }

  /** Forgets what was used before the window, and the oldest of too many. */
  evict (nowMs: number): void {
    for (let oldest = this.#uses.at(0); oldest !== undefined && this.#isBeyond(oldest, nowMs); oldest = this.#uses.at(0)) {
      this.#uses.shift()
      this.#offsets.delete(oldest.key)
    }
  }

  #isBeyond (oldest: Use, nowMs: number): boolean {
    return this.#uses.size > MAX_KEYS || nowMs - oldest.usedAtMs >= this.#windowMs
  }
}
