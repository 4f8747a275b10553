import { deepStrictEqual, equal, throws } from 'node:assert/strict'
import t from 'tap'
import fc from 'fast-check'
import { createParser } from 'eventsource-parser'
import { commentFrame, eventLine, HEARTBEAT, jsonFrame, retryLine, textFrame } from '../../lib/wire/frame.js'

// Inside a property, node:assert: fast-check shrinks what throws, and tap's assertions only report.

/** What a client sees of a stream, in the order in which it sees it. */
type Seen =
  | { event: string | undefined, data: string, id: string | undefined }
  | { comment: string }
  | { retry: number }

/** What a server writes: `bytes()` throws where it is not valid, `seen()` is what a client must see of it. */
interface Written {
  /** For the report of a counterexample. */
  values: unknown[]
  valid: boolean
  bytes: () => string
  seen: () => Seen[]
}

const lineBreaks = /\r\n|\r|\n/
const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed()
const isName = (value: unknown) => value === undefined || (isText(value) && value !== '' && !lineBreaks.test(value))
const isId = (value: unknown) =>
  value === undefined || Number.isFinite(value) || (isText(value) && !lineBreaks.test(value) && !value.includes('\0'))
const isRetry = (value: unknown) => value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0)

/** The pieces that could break a frame are much more frequent than chance would make them. */
const text = fc.string({
  unit: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('\r', '\n', '\r\n', '\n\n', '\0', '\uFEFF', ' ', ':', 'data: x', 'event: x', 'id: x', 'retry: 1', '📈', '\u2028', '\x85', '$&') },
    { weight: 8, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }).map(unit => String.fromCharCode(unit)) },
    { weight: 1, arbitrary: fc.constantFrom('\ud83d', '\udcc8') }
  ),
  maxLength: 12
})

/** Half of the names and ids are fit to be written, or few frames would be. */
const word = fc.oneof(text, text.map(value => value.replace(/[\r\n\0\p{Surrogate}]/gu, '')))

/** What untyped JavaScript may give instead of a string or a number. */
const junk = fc.oneof(
  fc.anything({ withBigInt: true, withBoxedValues: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
  text.map(value => ({ toString: () => value, valueOf: () => value })),
  text.map(value => [value]),
  text.map(value => Object(value) as unknown)
)

const name = fc.option(word, { nil: undefined })
const id = fc.option(fc.oneof(word, fc.integer(), fc.double()), { nil: undefined })
const retry = fc.option(fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.double()), { nil: undefined })

const writtenText = (name: unknown, data: unknown, id: unknown, retry: unknown): Written => ({
  values: [name, data, id, retry],
  valid: isName(name) && isText(data) && isId(id) && isRetry(retry),
  bytes: () => textFrame(eventLine(name as string), data as string, id, retry),
  seen: () => seenEvent(name, String(data).split(lineBreaks).join('\n'), id, retry)
})

const writtenJson = (name: unknown, data: unknown, id: unknown, retry: unknown): Written => ({
  values: [name, data, id, retry],
  valid: isName(name) && isId(id) && isRetry(retry),
  bytes: () => jsonFrame(eventLine(name as string), JSON.stringify(data), id, retry),
  seen: () => seenEvent(name, JSON.stringify(data), id, retry)
})

const writtenComment = (comment: unknown): Written => ({
  values: [comment],
  valid: isText(comment),
  bytes: () => commentFrame(comment as string),
  seen: () => String(comment).split(lineBreaks).map(line => ({ comment: line }))
})

const writtenRetry = (retry: unknown): Written => ({
  values: [retry],
  valid: retry !== undefined && isRetry(retry),
  bytes: () => retryLine(retry),
  seen: () => [seenRetry(retry)]
})

const heartbeat: Written = { values: [], valid: true, bytes: () => HEARTBEAT, seen: () => [{ comment: '' }] }

const stream = fc.array(fc.oneof(
  fc.tuple(name, text, id, retry).map(args => writtenText(...args)),
  fc.tuple(name, fc.jsonValue(), id, retry).map(args => writtenJson(...args)),
  fc.tuple(name, text, id, retry).map(args => writtenJson(...args)),
  text.map(writtenComment),
  retry.map(writtenRetry),
  fc.constant(heartbeat)
), { maxLength: 6 })

t.test('a stream decodes to exactly what was encoded, with raw line breaks as LF, wherever its bytes are split', async () => {
  fc.assert(fc.property(stream, fc.array(fc.nat()), (parts, cuts) => {
    const valid = parts.filter(part => part.valid)
    deepStrictEqual(decode(valid.map(part => part.bytes()).join(''), cuts), valid.flatMap(part => part.seen()))
  }), { numRuns: 2_000 })
})

t.test('what cannot be represented is an error, never repaired', async () => {
  fc.assert(fc.property(stream, parts => {
    for (const part of parts.filter(part => !part.valid)) refuses(part)
  }), { numRuns: 2_000 })
})

t.test('no value of any type adds a field or an event', async () => {
  const parts = fc.oneof(
    fc.tuple(junk, text, id, retry).map(args => writtenText(...args)),
    fc.tuple(name, junk, id, retry).map(args => writtenText(...args)),
    fc.tuple(name, text, junk, retry).map(args => writtenText(...args)),
    fc.tuple(name, text, id, junk).map(args => writtenText(...args)),
    fc.tuple(junk, fc.jsonValue(), junk, junk).map(args => writtenJson(...args)),
    junk.map(writtenComment),
    junk.map(writtenRetry)
  )
  fc.assert(fc.property(parts, part => {
    if (!part.valid) return refuses(part)
    deepStrictEqual(decode(part.bytes(), []), part.seen())
  }), { numRuns: 2_000 })
})

t.test('JSON carries lone surrogates', async () => {
  fc.assert(fc.property(text, value => {
    const [seen] = decode(jsonFrame('', JSON.stringify(value), undefined, undefined), [])
    equal(JSON.parse((seen as { data: string }).data), value)
  }), { numRuns: 500 })
})

function seenEvent (name: unknown, data: string, id: unknown, retry: unknown): Seen[] {
  const event = name === 'message' ? undefined : name as string | undefined
  const seen = { event, data, id: id === undefined ? undefined : String(id) }
  return retry === undefined ? [seen] : [seenRetry(retry), seen]
}

function seenRetry (retry: unknown): Seen {
  return { retry: Math.abs(Number(retry)) } // -0 is written as 0
}

function refuses (part: Written): void {
  throws(part.bytes, { code: 'FST_ERR_SSE_FIELD_INVALID' })
}

/** Decodes the bytes as a client does, chunk by chunk. */
function decode (stream: string, cuts: number[]): Seen[] {
  const seen: Seen[] = []
  const parser = createParser({
    onEvent: ({ event, data, id }) => seen.push({ event, data, id }),
    onComment: comment => seen.push({ comment }),
    onRetry: retry => seen.push({ retry }),
    onError: error => { throw error }
  })
  const bytes = Buffer.from(stream)
  const utf8 = new TextDecoder()
  let start = 0
  for (const end of [...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    parser.feed(utf8.decode(bytes.subarray(start, end), { stream: true }))
    start = end
  }
  return seen
}
