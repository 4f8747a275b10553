/** An id that is longer can't be read. */
export const MAX_ID_BYTES = 1024

const PARAMETER = 'lastEventId='

// ignoreBOM keeps a U+FEFF: the client sends back what it was given.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the last event ID of a client that comes back: from the `Last-Event-ID` header, else from the `lastEventId`
 * parameter of the URL, for clients that can't set a header.
 *
 * An id that no event can have had counts as absent: over 1 KiB of UTF-8, with NUL, CR or LF, badly encoded. So does
 * the empty one: the standard lets a client whose last event ID is empty send no header at all. And so does an array,
 * which Node never makes of this header: it joins repeated ones with ', '.
 *
 * @param url the request's target as it came, since a querystring schema may strip the parameter from `request.query`.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
 * @example
 * readLastEventId(request.headers['last-event-id'], request.raw.url)
 */
export function readLastEventId (header: string | string[] | undefined, url: string | undefined): string | undefined {
  return fromHeader(header) ?? fromQuery(url)
}

/**
 * Whether a client says that it comes back, be its id readable or not: who sends one that isn't has missed something.
 *
 * @example
 * sendsLastEventId(request.headers['last-event-id'], request.raw.url)
 */
export function sendsLastEventId (header: string | string[] | undefined, url: string | undefined): boolean {
  return (header !== undefined && header.length > 0) || (parameterOf(url) ?? '') !== ''
}

function fromHeader (header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? readId(header, decodeUtf8) : undefined
}

function fromQuery (url: string | undefined): string | undefined {
  const value = parameterOf(url)
  return value === undefined ? undefined : readId(value, decodeQuery)
}

function parameterOf (url = ''): string | undefined {
  const start = url.indexOf('?')
  if (start === -1) return undefined
  const pair = url.slice(start + 1).split('&').find(pair => pair.startsWith(PARAMETER))
  return pair?.slice(PARAMETER.length)
}

function readId (bytes: string, decode: (bytes: string) => string): string | undefined {
  // Node gives headers and URLs as one character per byte. A character beyond a byte did not come from a socket.
  if (/[^\0-\xff]/.test(bytes)) return undefined
  let id
  try {
    id = decode(bytes)
  } catch {
    return undefined // Badly encoded. No log: this is what a client sent, and the result says it.
  }
  return id === '' || /[\r\n\0]/.test(id) || Buffer.byteLength(id) > MAX_ID_BYTES ? undefined : id
}

function decodeUtf8 (bytes: string): string {
  return utf8.decode(Buffer.from(bytes, 'latin1'))
}

/** Throws where URLSearchParams repairs: that keeps malformed escapes as they are, and turns bad UTF-8 into U+FFFD. */
function decodeQuery (value: string): string {
  return decodeURIComponent(decodeUtf8(value).replaceAll('+', ' '))
}
