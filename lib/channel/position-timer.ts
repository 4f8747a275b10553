import { inSlices } from '../in-slices.js'

/** Who may have to be told where it stands. */
export interface Positioned {
  tellPosition: () => void
}

const MAX_INTERVAL_MS = 15_000
const MIN_INTERVAL_MS = 5

/** Subscribers that are told in one turn of the event loop: each takes some 7 µs, nearly all of it for the socket. */
const SUBSCRIBERS_PER_TURN = 500

/**
 * Tells subscribers where they stand from time to time. Who gets few of a channel's events, by topic or filter, would
 * else come back with an id so old that what stands after it is gone, though none of it was for him.
 */
export class PositionTimer {
  readonly #intervalMs: number
  readonly #subscribers = new Set<Positioned>()
  #isTelling = false
  #timer: NodeJS.Timeout | undefined

  /** @param intervalMs In milliseconds; at most 15 s are taken. */
  constructor (intervalMs: number) {
    this.#intervalMs = Math.max(MIN_INTERVAL_MS, Math.min(MAX_INTERVAL_MS, intervalMs))
  }

  get size (): number {
    return this.#subscribers.size
  }

  add (subscriber: Positioned): void {
    this.#subscribers.add(subscriber)
    this.#timer ??= setInterval(() => { this.#tell() }, this.#intervalMs).unref()
  }

  delete (subscriber: Positioned): void {
    this.#subscribers.delete(subscriber)
    if (this.#subscribers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tell (): void {
    if (this.#isTelling) return
    this.#isTelling = true
    inSlices(this.#subscribers.values(), SUBSCRIBERS_PER_TURN, each => { each.tellPosition() }, () => { this.#isTelling = false })
  }
}
