import type { Test } from 'tap'

/** Random numbers that begin anew with each seed. */
export class Random {
  #state: number

  constructor (seed: number) {
    this.#state = seed
  }

  /** From 0 up to 1. */
  next (): number {
    let mixed = this.#state = (this.#state + 0x6D2B79F5) | 0
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0 up to `end`. */
  below (end: number): number {
    return Math.floor(this.next() * end)
  }

  chance (probability: number): boolean {
    return this.next() < probability
  }

  pick<Item> (items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] as Item
  }

  /** Another sequence, so that what one actor does depends on no other. */
  fork (): Random {
    return new Random(this.below(2 ** 32))
  }
}

/** Another seed each time, said in the output; SSE_SEED replays one. */
export function seeded (t: Test): Random {
  const seed = Number(process.env.SSE_SEED ?? Date.now() % 2 ** 31)
  t.comment(`replay with SSE_SEED=${seed}`)
  return new Random(seed)
}

/** How much is done in one run: SSE_PROOF_SCALE=10 takes about ten times as long. */
export const SCALE = Number(process.env.SSE_PROOF_SCALE ?? 1)
