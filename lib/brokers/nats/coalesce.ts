/**
 * Shares the answer to a question among those who ask it at the same time: each gets one that was asked for after its
 * call. While one is under way, all who come wait for the next.
 */
export function coalesce<T> (ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve()
  let next: Promise<T> | undefined
  return async () => {
    next ??= running.then(async () => {
      const asked = ask()
      next = undefined
      running = asked.catch(() => {}) // who has asked is told
      return await asked
    })
    return await next
  }
}
