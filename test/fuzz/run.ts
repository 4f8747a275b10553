import type { Test } from 'tap'

/** How a property is tried. */
export interface Run {
  readonly seed: number
  readonly numRuns: number
  /** Leads to one counterexample of this seed, as short as it was found. */
  readonly path?: string
}

/** Something that holds whatever is thrown at it. @throws What breaks it, with its seed and path. */
export type Property = (run: Run) => Promise<void>

const SEED = 20_261_123

/**
 * The same each time, so that nothing fails that did not fail before; SSE_SEED=random tries something else, SSE_SEED and
 * SSE_PATH play again what has failed, and SSE_FUZZ_SCALE=10 takes ten times as long.
 */
export function tried (t: Test, numRuns: number): Run {
  const { SSE_SEED = SEED, SSE_PATH, SSE_FUZZ_SCALE = 1 } = process.env
  const seed = SSE_SEED === 'random' ? Date.now() % 2 ** 31 : Number(SSE_SEED)
  t.comment(`replay with SSE_SEED=${seed}`)
  return { seed, numRuns: Math.round(numRuns * Number(SSE_FUZZ_SCALE)), ...(SSE_PATH !== undefined && { path: SSE_PATH }) }
}
