import type { ClientEnd, ReceivedEvent } from '../../types/client.js'
import type { CheckedOptions } from './check-options.js'
import type { Port } from './client.js'
import { Connection } from './connection.js'
import { EventStreamError } from './event-stream-error.js'
import { Patience } from './patience.js'

/** What doubles with every attempt in vain begins here, where the server wants its clients back at once. */
const MIN_BACKOFF_MS = 1_000

/** A connection that has lasted for so long was of use, though it brought no event. */
const LASTING_MS = 30_000

/**
 * Follows a stream through as many connections as it takes.
 *
 * It waits for `retry:` at least, and exactly that where the server has ended a connection that was of use: the servers
 * of this package spread their clients by it. When an attempt fails, a random part of a limit comes on top that doubles
 * each time (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, "full jitter").
 */
export async function * follow (options: CheckedOptions, port: Port): AsyncGenerator<ReceivedEvent, ClientEnd> {
  const { reconnect, maxRetries, maxRetryMs } = options
  const patience = new Patience(port.signal)
  let { retryMs } = options
  let failures = 0

  while (!port.signal.aborted) {
    const connection = new Connection(options, port, patience)
    let problem: Error | undefined
    try {
      port.setState('connecting')
      yield * connection.events()
    } catch (cause) {
      problem = cause instanceof EventStreamError ? cause : new EventStreamError('CUT', `the connection broke: ${String(cause)}`, cause)
    }
    if (port.signal.aborted) break
    if (connection.isComplete || !(problem ?? (reconnect || options.final[0]))) return 'complete'

    const wasOfUse = connection.hasBrought || Date.now() - connection.openedAtMs > LASTING_MS
    if (wasOfUse) failures = 0
    if (problem || !wasOfUse) failures++
    problem ??= new EventStreamError('CUT', 'the stream ended too early')
    if (connection.isHopeless || !reconnect || failures > maxRetries) throw problem

    retryMs = connection.retryMs ?? retryMs
    const jitterMs = failures && Math.random() * Math.min(maxRetryMs, Math.max(retryMs, MIN_BACKOFF_MS) * 2 ** (failures - 1))
    port.setState('waiting', problem)
    // What the server has asked for is kept, whatever happens; the rest only until the network is back, or the page.
    const minMs = Math.max(retryMs, connection.retryAfterMs)
    await patience.wait(minMs + jitterMs, undefined, minMs)
  }
  return 'closed'
}
