/** How long to wait before a stream that the browser has given up is opened again. */
const REOPEN_MS = 5_000

/**
 * Follows an event stream for as long as the page is open.
 *
 * The browser reconnects by itself when a connection breaks. It gives up for good when somebody answers with an error,
 * as a proxy does while the server restarts: then the stream is opened anew here.
 *
 * @param {string} url
 * @param {Record<string, (data: any) => void>} listeners by event
 * @param {(status: 'live' | 'reconnecting' | 'offline') => void} onStatus
 */
export function follow (url, listeners, onStatus) {
  const source = new EventSource(url)
  source.onopen = () => { onStatus('live') }
  source.onerror = () => {
    if (source.readyState === EventSource.CONNECTING) {
      onStatus('reconnecting')
    } else {
      onStatus('offline')
      setTimeout(() => { follow(url, listeners, onStatus) }, REOPEN_MS)
    }
  }
  for (const [event, listener] of Object.entries(listeners)) {
    source.addEventListener(event, ({ data }) => { listener(JSON.parse(data)) })
  }
}
