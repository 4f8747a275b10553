import { FST_ERR_SSE_BROKER_UNAVAILABLE } from '../../errors.js'
import { withCause } from '../../with-cause.js'
import { backoffMs } from '../backoff.js'
import type { Link } from './link.js'
import { Away, failed } from './trouble.js'

/** Whose patience it is. */
export interface Patience {
  readonly channel: string
  readonly timeoutMs: number
}

/**
 * Tries again as long as the engine is away.
 *
 * @throws FST_ERR_SSE_BROKER_UNAVAILABLE after the time, FST_ERR_SSE_BROKER_FAILED for what won't be better then.
 */
export async function persist<T> (link: Link, { channel, timeoutMs }: Patience, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let problem: unknown
  let tries = 0
  do {
    try {
      return await before(deadline, attempt())
    } catch (error) {
      if (!(error instanceof Away)) throw failed(channel, error)
      problem = error
    }
    await link.pause(Math.min(backoffMs(tries++), deadline - performance.now()))
  } while (performance.now() < deadline)
  throw FST_ERR_SSE_BROKER_UNAVAILABLE(channel, timeoutMs, ...withCause(problem))
}

async function before<T> (deadline: number, result: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new Away('NATS does not answer')) }, Math.max(0, deadline - performance.now())).unref()
  })
  try {
    return await Promise.race([result, late])
  } finally {
    clearTimeout(timer)
  }
}
