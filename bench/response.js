const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n')

const PART_LENGTH = 64 * 1024

/**
 * Whether these bytes end as a chunked response does. No event can look like it: their lines end with LF alone.
 *
 * @param {Buffer} bytes
 */
export function isWhole (bytes) {
  return bytes.length >= LAST_CHUNK.length && bytes.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)
}

/**
 * The body of an HTTP/1.1 response with an event stream, or of its beginning.
 *
 * @param {Buffer} bytes
 * @returns {string}
 * @throws {Error} When it is no such response.
 */
export function bodyOf (bytes) {
  return [...partsOf(bytes)].join('')
}

/**
 * The same in parts, so that not all of a long one has to be in memory as text. They end anywhere.
 *
 * @param {Buffer} bytes
 * @returns {Iterable<string>}
 * @throws {Error} When it is no such response.
 */
export function * partsOf (bytes) {
  const end = bytes.indexOf('\r\n\r\n')
  const head = bytes.toString('latin1', 0, end).toLowerCase()
  if (!head.startsWith('http/1.1 200 ')) throw new Error(`the status should be 200, instead got '${head.split('\r\n')[0]}'`)
  if (!/\r\ncontent-type: text\/event-stream(\r|;|$)/.test(head)) throw new Error('the response should be an event stream')
  if (!head.includes('\r\ntransfer-encoding: chunked')) throw new Error('the response should be chunked, so that a cut one shows')
  yield * joinChunks(bytes, end + 4)
}

/** Joined, since there may be one for each event. */
function * joinChunks (bytes, start) {
  let part = ''
  while (start < bytes.length) {
    const lineEnd = bytes.indexOf('\r\n', start)
    const length = Number.parseInt(bytes.toString('latin1', start, lineEnd), 16)
    if (!Number.isSafeInteger(length)) throw new Error('the chunks of the response should have lengths')
    // All payloads are ASCII, and a chunk may end within a character if they were not.
    part += bytes.toString('latin1', lineEnd + 2, lineEnd + 2 + length)
    start = lineEnd + 2 + length + 2
    if (part.length < PART_LENGTH) continue
    yield part
    part = ''
  }
  yield part
}
