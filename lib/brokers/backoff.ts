/** The longest wait between two tries, in milliseconds: how late an engine that is back may be noticed. */
const MAX_MS = 1_000

const FIRST_MS = 25

/**
 * How long to wait before a try, in milliseconds: twice as long each time, up to a second, and a random part of it, so
 * that instances which lost the engine together don't come back together.
 *
 * @param tries How many have failed.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs (tries: number): number {
  return Math.ceil(Math.random() * Math.min(MAX_MS, FIRST_MS * 2 ** tries))
}
