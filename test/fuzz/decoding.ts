import { deepStrictEqual, ok } from 'node:assert/strict'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import type { CheckedOptions } from '../../lib/client/check-options.js'
import { Connection } from '../../lib/client/connection.js'
import { EventStreamError } from '../../lib/client/event-stream-error.js'
import { Patience } from '../../lib/client/patience.js'
import { readEvents } from '../../lib/testing/read-events.js'
import type { Run } from './run.js'

/** What the standard makes of a stream. */
interface Dispatched { event: string, data: string, id: string | undefined }

/** Pieces of which a stream could be made, by those who know how. */
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('\n', '\r\n', '\n\n', 'data', 'data:', 'data: ', 'event: ', 'id: ', 'id:', 'retry: ', ':', ' ', 'null', '{"a":1}', '1e999', '"', 'stream-end', 'stream-gap') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) }
)
const hostile = fc.oneof(
  fc.array(piece, { maxLength: 60 }).map(pieces => Buffer.from(pieces.join(''))),
  fc.array(fc.oneof(piece.map(text => Buffer.from(text)), fc.uint8Array({ maxLength: 6 }).map(bytes => Buffer.from(bytes))), { maxLength: 40 }).map(parts => Buffer.concat(parts))
)
const cuts = fc.array(fc.nat(), { maxLength: 8 })

/** The client reads of any bytes what the standard does, wherever they are cut, or says that it can't. */
export async function readByClient (run: Run): Promise<void> {
  await fc.assert(fc.asyncProperty(hostile, cuts, fc.boolean(), async (bytes, cuts, isText) => {
    const read: Dispatched[] = []
    let error: unknown
    try {
      for await (const { event, data, id } of connection(chunks(bytes, cuts), isText).events()) read.push({ event, data: isText ? data as string : JSON.stringify(data), id })
    } catch (err) {
      error = err
    }
    const expected = untilTheEnd(interpret(bytes))
    if (isText && !bytes.includes('\r')) {
      deepStrictEqual(error, undefined)
      deepStrictEqual(read, expected)
    } else {
      ok(error === undefined || error instanceof EventStreamError, String(error))
      ok(read.length <= expected.length)
      for (const [i, { event, data, id }] of read.entries()) {
        deepStrictEqual({ event, id }, { event: expected[i]?.event, id: expected[i]?.id })
        deepStrictEqual(isText ? data : JSON.parse(data), isText ? expected[i]?.data : JSON.parse(JSON.stringify(JSON.parse((expected[i]?.data ?? '') || 'null'))))
      }
    }
  }), run)
}

/** So does what tests read streams with, which takes what is no JSON as it is. */
export async function readByTests (run: Run): Promise<void> {
  await fc.assert(fc.asyncProperty(hostile, cuts, async (bytes, cuts) => {
    const read: unknown[] = []
    const body = Readable.from(chunks(bytes, cuts))
    for await (const { event, data } of readEvents(body, { retryMs: undefined, lastEventId: undefined, comments: [] }, () => true)) read.push({ event, data })
    const expected = interpret(bytes).filter(({ event }) => event !== 'stream-position' && event !== 'stream-end').map(({ event, data }) => ({ event, data }))
    if (!bytes.includes('\r')) deepStrictEqual(read, expected)
    else deepStrictEqual(read, expected.slice(0, read.length))
  }), run)
}

function connection (parts: readonly Uint8Array[], isText: boolean): Connection {
  const options: Partial<CheckedOptions> = {
    url: 'http://127.0.0.1/',
    method: 'GET',
    final: [],
    text: { includes: () => isText } as unknown as string[],
    maxEventLength: 1e6,
    staleAfterMs: Infinity,
    fetch: (async () => new Response(ReadableStream.from(parts), { headers: { 'content-type': 'text/event-stream' } })) as typeof fetch
  }
  const port = { signal: new AbortController().signal, lastEventId: undefined, setState () {} }
  return new Connection(options as CheckedOptions, port, new Patience(port.signal))
}

function chunks (bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)).filter(({ length }) => length > 0)
}

/** The client reads no further than the id that says that all was said. */
function untilTheEnd (events: Dispatched[]): Dispatched[] {
  const end = events.findIndex(({ id }) => id === 'stream-end')
  return end === -1 ? events : events.slice(0, end + 1)
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
function interpret (bytes: Buffer): Dispatched[] {
  const events: Dispatched[] = []
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\r|\n/)
  lines.pop() // what no line break ends is no line yet
  let data: string[] = []
  let event = ''
  let id: string | undefined
  for (const line of lines) {
    if (line === '') {
      if (data.length > 0) events.push({ event: event || 'message', data: data.join('\n'), id })
      data = []
      event = ''
      id = undefined
      continue
    }
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id' && !value.includes('\0')) id = value
  }
  return events
}
