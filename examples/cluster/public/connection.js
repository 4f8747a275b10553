/** How long to wait before a stream that the browser has given up is opened again. */
const REOPEN_MS = 1_000

/**
 * Follows the stream for as long as the page is open.
 *
 * The browser comes back by itself when a connection breaks, and tells the id of its last event. It gives up for good when
 * it gets an error, as from nginx while none of its servers is up: then the stream is opened anew, with that id.
 *
 * @param {string} path
 * @param {Record<string, (data: any, id: string) => void>} listeners by event
 * @param {(status: 'live' | 'reconnecting' | 'offline') => void} onStatus
 */
export function follow (path, listeners, onStatus) {
  let lastEventId

  const open = () => {
    const url = new URL(path, location.href)
    if (lastEventId !== undefined) url.searchParams.set('lastEventId', lastEventId)
    const source = new EventSource(url)
    source.onopen = () => { onStatus('live') }
    source.onerror = () => {
      const isClosed = source.readyState === EventSource.CLOSED
      onStatus(isClosed ? 'offline' : 'reconnecting')
      if (isClosed) setTimeout(open, REOPEN_MS)
    }
    for (const [event, listener] of Object.entries(listeners)) {
      source.addEventListener(event, message => {
        lastEventId = message.lastEventId || lastEventId
        listener(JSON.parse(message.data), message.lastEventId)
      })
    }
  }
  open()
}
