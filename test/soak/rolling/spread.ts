/** How evenly those came back who were sent away. */
export interface Spread {
  /** How many did. */
  readonly count: number
  /** A second, if they had come evenly for as long as they were sent away. */
  readonly mean: number
  /** A second, in each tenth of that time, to the last one in which somebody came. */
  readonly perSecond: readonly number[]
  /** The highest of them, as a multiple of the mean. 1 is even, 10 is all of them in one tenth. */
  readonly peak: number
}

const PARTS = 10

/**
 * @param arrivals When each came.
 * @param fromMs When the first was sent away.
 * @param overMs How long it took, or should have taken, to send all away.
 */
export function spreadOf (arrivals: readonly number[], fromMs: number, overMs: number): Spread {
  const partMs = overMs / PARTS
  const counts: number[] = []
  for (const arrival of arrivals) {
    const part = Math.floor((arrival - fromMs) / partMs)
    while (counts.length <= part) counts.push(0)
    counts[part] = (counts[part] ?? 0) + 1
  }
  const mean = arrivals.length * 1_000 / overMs
  const perSecond = counts.map(count => count * 1_000 / partMs)
  return { count: arrivals.length, mean, perSecond, peak: Math.max(0, ...perSecond) / mean }
}
