import { connect } from '/modules/client.js'

/** The longest that this page waits before it asks a server again that does not answer. */
const MAX_RETRY_MS = 5_000

/**
 * Follows an event stream until it is closed, or for as long as the page is open. The client comes back by itself, whatever
 * happens to the connection, and goes on from the last event.
 *
 * @param {string} path
 * @param {object} options
 * @param {string} [options.lastEventId] where to begin
 * @param {Array<Record<string, (data: any) => void>>} options.listeners by event
 * @param {(status: 'live' | 'reconnecting' | 'offline') => void} [options.onStatus]
 * @returns {import('fastify-typed-sse/client').ClientStream}
 */
export function follow (path, { lastEventId, listeners, onStatus = () => {} }) {
  const stream = connect(path, { lastEventId, maxRetryMs: MAX_RETRY_MS })
  for (const [event, listener] of listeners.flatMap(Object.entries)) stream.on(event, listener)
  stream.onState(state => {
    if (state === 'open') onStatus('live')
    // Somebody has answered, as a proxy does while the server restarts, but with an error.
    else if (state === 'waiting') onStatus(stream.lastError.answer === undefined ? 'reconnecting' : 'offline')
  })
  stream.closed.catch(() => { onStatus('offline') })
  return stream
}
