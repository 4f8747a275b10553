import { setTimeout as delay } from 'node:timers/promises'

/** Waits until a condition holds, and not for ever. */
export async function until (what: () => string, withinMs: number, holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + withinMs
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${withinMs} ms for ${what()}`)
    await delay(20)
  }
}

/** Waits for a promise, and not for ever. */
export async function within<Result> (what: string, withinMs: number, promise: Promise<Result>): Promise<Result> {
  const over = new AbortController()
  const late = delay(withinMs, undefined, { signal: over.signal }).then(() => { throw new Error(`waited ${withinMs} ms for ${what}`) })
  late.catch(() => {}) // aborted where the promise was in time
  try {
    return await Promise.race([promise, late])
  } finally {
    over.abort()
  }
}
