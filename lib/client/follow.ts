import type { ClientEnd, ReceivedEvent } from '../../types/client.js'
import type { CheckedOptions } from './check-options.js'
import type { Port } from './client.js'
import { Connection } from './connection.js'
import { EventStreamError } from './event-stream-error.js'
import { onWake } from './on-wake.js'

/** What grows with every attempt that fails begins here, where the server wants its clients back at once. */
const MIN_BACKOFF_MS = 1_000

const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Follows a stream through as many connections as it takes.
 *
 * It waits for `retry:` at least, and exactly that where the server has ended a connection that brought something: the
 * servers of this package spread their clients by it. Whenever an attempt fails, a random part of a limit comes on top
 * that doubles each time (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, "full jitter").
 */
export async function * follow (options: CheckedOptions, port: Port): AsyncGenerator<ReceivedEvent, ClientEnd> {
  const { reconnect, maxRetries, maxRetryMs } = options
  let { retryMs } = options
  let failures = 0

  while (!port.signal.aborted) {
    const connection = new Connection(options, port)
    let problem: EventStreamError | undefined
    try {
      port.setState('connecting')
      yield * connection.events()
    } catch (error) {
      problem = asError(error)
    }
    if (port.signal.aborted) break
    if (connection.isComplete || (problem === undefined && !reconnect && options.final.size === 0)) return 'complete'
    if (problem !== undefined && connection.isRefused) throw problem

    const wasOfUse = connection.hasBrought || Date.now() - connection.openedAtMs > maxRetryMs
    if (wasOfUse) failures = 0
    if (problem !== undefined || !wasOfUse) failures++
    problem ??= cut('the server has ended the stream before it was complete')
    if (!reconnect) throw problem
    if (failures > maxRetries) throw cut(`gave up after ${failures} attempts in vain`, problem)

    retryMs = connection.retryMs ?? retryMs
    const jitterMs = failures === 0 ? 0 : Math.random() * Math.min(maxRetryMs, Math.max(retryMs, MIN_BACKOFF_MS) * 2 ** (failures - 1))
    port.setState('waiting', problem)
    await pause(Math.max(retryMs, connection.retryAfterMs) + jitterMs, port.signal)
  }
  return 'closed'
}

function asError (error: unknown): EventStreamError {
  return error instanceof EventStreamError ? error : cut(`the connection broke: ${error instanceof Error ? error.message : String(error)}`, error)
}

function cut (message: string, cause?: unknown): EventStreamError {
  return new EventStreamError('FST_ERR_SSE_CLIENT_CUT', message, { cause })
}

/** Ends early when the network comes back, or the page does. */
async function pause (ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>(resolve => {
    const end = (): void => {
      clearTimeout(timer)
      stop()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, Math.min(ms, MAX_TIMER_MS))
    const stop = onWake(end)
    signal.addEventListener('abort', end)
  })
}
