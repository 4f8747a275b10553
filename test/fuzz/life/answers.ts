/** What stands in the body of an event stream, in its order. */
export type Seen =
  | { event: string, data: string, id: string | undefined }
  | { comment: string }
  | { retry: number }

/** One response, as far as it came. */
export interface Reply {
  status: number
  headers: ReadonlyMap<string, string>
  body: Buffer
  /** Whether its end has come, so that its client takes it for complete. */
  isWhole: boolean
}

/** The responses of one connection, one for each request, as far as they came. */
export function readReplies (received: Buffer, requests: ReadonlyArray<{ method: string }>, isClosedWell: boolean): Reply[] {
  const replies: Reply[] = []
  let rest = received
  for (const { method } of requests) {
    const headEnd = rest.indexOf('\r\n\r\n')
    if (headEnd === -1) break
    const [statusLine = '', ...lines] = rest.toString('latin1', 0, headEnd).split('\r\n')
    const headers = new Map(lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]))
    const status = Number(statusLine.split(' ')[1])
    rest = rest.subarray(headEnd + 4)
    const { body, isWhole, length } = bodyOf(rest, method === 'HEAD' || status === 204, headers, isClosedWell)
    replies.push({ status, headers, body, isWhole })
    rest = rest.subarray(length)
    if (!isWhole) break
  }
  return replies
}

function bodyOf (rest: Buffer, hasNone: boolean, headers: ReadonlyMap<string, string>, isClosedWell: boolean): { body: Buffer, isWhole: boolean, length: number } {
  if (hasNone) return { body: Buffer.alloc(0), isWhole: true, length: 0 }
  if (headers.get('transfer-encoding') === 'chunked') return unchunk(rest)
  const contentLength = headers.get('content-length')
  if (contentLength === undefined) return { body: rest, isWhole: isClosedWell, length: rest.length }
  const body = rest.subarray(0, Number(contentLength))
  return { body, isWhole: body.length === Number(contentLength), length: body.length }
}

function unchunk (bytes: Buffer): { body: Buffer, isWhole: boolean, length: number } {
  const parts: Buffer[] = []
  let start = 0
  for (;;) {
    const sizeEnd = bytes.indexOf('\r\n', start)
    const size = sizeEnd === -1 ? NaN : Number.parseInt(bytes.toString('latin1', start, sizeEnd), 16)
    if (Number.isNaN(size)) return { body: Buffer.concat(parts), isWhole: false, length: bytes.length }
    const end = sizeEnd + 2 + size
    parts.push(bytes.subarray(sizeEnd + 2, end))
    start = end + 2
    if (size === 0) return { body: Buffer.concat(parts), isWhole: bytes.length >= start, length: start }
  }
}

/**
 * Reads the body of an event stream, which should hold nothing but what this plugin writes.
 *
 * @returns What was dispatched, and the rest behind it: part of a frame, where the body was cut.
 */
export function readEventStream (body: Buffer): { seen: Seen[], rest: string } {
  const lines = body.toString().split('\n')
  if (body.includes('\r')) throw new Error('a line ends with LF, and a CR would end one as well')
  let rest = lines.pop() as string
  const seen: Seen[] = []
  let event: string | undefined
  let id: string | undefined
  let data: string[] = []
  let frame = ''
  for (const line of lines) {
    frame += `${line}\n`
    const [, field = '', value = ''] = /^([a-z]*):? ?(.*)$/s.exec(line) ?? []
    if (line === '') {
      if (data.length === 0) throw new Error('a blank line ends no event')
      seen.push({ event: event ?? 'message', data: data.join('\n'), id })
      event = id = undefined
      data = []
      frame = ''
    } else if (line.startsWith(':')) {
      seen.push({ comment: value })
      if (data.length === 0 && event === undefined && id === undefined) frame = ''
    } else if (field === 'retry') {
      if (!/^\d+$/.test(value)) throw new Error(`'${line}' is no retry`)
      seen.push({ retry: Number(value) })
      if (data.length === 0 && event === undefined && id === undefined) frame = ''
    } else if (field === 'event') event = value
    else if (field === 'id') id = value
    else if (field === 'data') data.push(value)
    else throw new Error(`'${line.slice(0, 50)}' is no line of an event stream`)
  }
  rest = frame + rest
  return { seen, rest }
}
