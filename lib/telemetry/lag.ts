import type { Position } from '../../types/broker.js'

/** How far a log is ahead of what has come of it. */
export class Lag {
  /** The furthest that is known to be stored. */
  #stored: Position | undefined

  /** A record is known to be stored here. */
  see (position: Position): void {
    if (this.#stored?.epoch === position.epoch && this.#stored.offset > position.offset) return
    this.#stored = position
  }

  /** @param head The last record that has come; undefined where nobody follows, or where that has yet to begin. */
  behind (head: Position | undefined): number {
    const stored = this.#stored
    if (stored === undefined || head === undefined) return 0
    // How much of the epoch before is missing, nobody can say.
    return stored.epoch === head.epoch ? Math.max(0, stored.offset - head.offset) : Math.max(1, stored.offset)
  }
}
