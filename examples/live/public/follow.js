/** How long to wait before a stream that the browser has given up is opened again. */
const REOPEN_MS = 5_000

/**
 * Follows an event stream until it is closed, or for as long as the page is open.
 *
 * The browser reconnects by itself when a connection breaks, and goes on from the last event. It gives up for good when
 * somebody answers with an error, as a proxy does while the server restarts: then the stream is opened anew here.
 *
 * @param {string} path
 * @param {object} options
 * @param {string} [options.lastEventId] where to begin
 * @param {Array<Record<string, (data: any) => void>>} options.listeners by event
 * @param {(status: 'live' | 'reconnecting' | 'offline') => void} [options.onStatus]
 * @returns {() => string | undefined} closes it, and tells the id of the last event
 */
export function follow (path, { lastEventId, listeners, onStatus = () => {} }) {
  let source
  let reopening

  const open = () => {
    const url = new URL(path, location.href)
    if (lastEventId !== undefined) url.searchParams.set('lastEventId', lastEventId)
    source = new EventSource(url)
    source.onopen = () => { onStatus('live') }
    source.onerror = () => {
      if (source.readyState === EventSource.CONNECTING) {
        onStatus('reconnecting')
      } else {
        onStatus('offline')
        reopening = setTimeout(open, REOPEN_MS)
      }
    }
    for (const [event, listener] of listeners.flatMap(Object.entries)) {
      source.addEventListener(event, message => {
        lastEventId = message.lastEventId || lastEventId
        listener(JSON.parse(message.data))
      })
    }
  }

  open()
  return () => {
    clearTimeout(reopening)
    source.close()
    return lastEventId
  }
}
