/** How often a route's generator was started, and how many of them run now. */
export interface Count { running: number, started: number }

/** The generators of this process by route. The page shows them, so that one can see Stop stop one. */
export const generators: Record<string, Count> = {}

/**
 * Counts a generator that starts.
 *
 * @returns What its `finally` calls.
 */
export function enter (route: string): () => void {
  const count = (generators[route] ??= { running: 0, started: 0 })
  count.started++
  count.running++
  return () => { count.running-- }
}
