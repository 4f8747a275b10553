/** What was counted of something, and when it was looked at last. */
interface Count {
  count: number
  atMs: number
  perSecond: number | null
}

/** How much a second is added to what only grows, from one look to the next. What is gone is forgotten. */
export class Rates<Key extends object | string> {
  #counts = new Map<Key, Count>()
  #looked = new Map<Key, Count>()

  /** Looks at what is there now. */
  look (nowMs: number, counts: Iterable<readonly [key: Key, count: number]>): void {
    const looked = this.#looked
    for (const [key, count] of counts) {
      const last = this.#counts.get(key)
      if (last === undefined) {
        looked.set(key, { count, atMs: nowMs, perSecond: null })
        continue
      }
      const seconds = (nowMs - last.atMs) / 1_000
      if (seconds > 0) {
        last.perSecond = Math.max(0, count - last.count) / seconds
        last.count = count
        last.atMs = nowMs
      }
      looked.set(key, last)
    }
    // Changed over, since there may be thousands.
    this.#looked = this.#counts
    this.#counts = looked
    this.#looked.clear()
  }

  /** Null where it was looked at once at most. */
  of (key: Key): number | null {
    return this.#counts.get(key)?.perSecond ?? null
  }

  clear (): void {
    this.#counts.clear()
  }
}
