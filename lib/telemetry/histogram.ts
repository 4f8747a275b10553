import type { DurationHistogram } from '../../types/telemetry.js'

/** From what a broadcast to few takes to what a model may think before its first word, in seconds. */
export const BOUNDS: readonly number[] = [
  0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60
]

/** Counts durations by how long they were. */
export class Histogram {
  readonly #counts: number[] = Array.from({ length: BOUNDS.length + 1 }, () => 0)
  #sum = 0
  #count = 0

  observe (seconds: number): void {
    let bucket = 0
    while (seconds > (BOUNDS[bucket] ?? Infinity)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#sum += seconds
    this.#count++
  }

  read (): DurationHistogram {
    return { bounds: BOUNDS, counts: [...this.#counts], sum: this.#sum, count: this.#count }
  }
}
