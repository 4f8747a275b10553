import type { Position } from '../../types/broker.js'
import { Histogram } from './histogram.js'

/** The live end of a channel, as far as a timer looks at it. */
export interface TimedEnd {
  /** The last record that has come; undefined where nobody follows. */
  readonly head: Position | undefined
  /** Every live subscriber has got what it should up to this offset. */
  readonly settled: number
  /** Another one where others follow, or the same ones anew: those before will not be written what was published. */
  readonly generation: number
}

/** A publish that is timed. */
export interface Timing {
  readonly startedAtMs: number
  /** That of those for whom it is. */
  readonly generation: number
  /** Where its event stands; undefined before it is stored. */
  position: Position | undefined
}

/**
 * Times how long what is published takes to be written. One event of a channel at a time, the first of each tick then: so
 * many events that are published together cost one look at the clock, and how many get them makes no difference.
 */
export class PublishTimer {
  readonly histogram = new Histogram()
  readonly #onTimed: (seconds: number) => void
  #timing: Timing | undefined

  /** @param onTimed Called with each duration. */
  constructor (onTimed: (seconds: number) => void) {
    this.#onTimed = onTimed
  }

  /** An event is published. @returns undefined where it is not timed. */
  begin (live: TimedEnd): Timing | undefined {
    if (live.head === undefined || this.#isTiming(live)) return undefined
    this.#timing = { startedAtMs: performance.now(), generation: live.generation, position: undefined }
    return this.#timing
  }

  /** The event of a timing is stored. It may have been written already, since brokers answer when they like. */
  store (timing: Timing, position: Position, live: TimedEnd): void {
    timing.position = position
    this.settle(live)
  }

  /** The event of a timing could not be stored. */
  cancel (timing: Timing): void {
    if (this.#timing === timing) this.#timing = undefined
  }

  /** More was written. */
  settle ({ head, settled, generation }: TimedEnd): void {
    const timing = this.#timing
    if (timing === undefined) return
    if (timing.generation !== generation) {
      this.#timing = undefined // nobody of those who are there now was there for it
      return
    }
    if (timing.position === undefined || timing.position.epoch !== head?.epoch || settled < timing.position.offset) return
    this.#timing = undefined
    const seconds = (performance.now() - timing.startedAtMs) / 1_000
    this.histogram.observe(seconds)
    this.#onTimed(seconds)
  }

  /** Whether an event is on its way that will be written: not where those who followed have gone, and others have come since. */
  #isTiming ({ head, settled, generation }: TimedEnd): boolean {
    const timing = this.#timing
    if (timing?.generation !== generation) return false
    const { position } = timing
    return position === undefined || (position.epoch === head?.epoch && settled < position.offset)
  }
}
