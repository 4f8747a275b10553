import { Type } from '@sinclair/typebox'
import t from 'tap'
import { compileStream, undeclaredCodec } from '../../lib/schema/codec.js'
import { payloadCompiler } from '../../lib/schema/compile.js'
import { eventStream, raw } from '../../lib/schema/event-stream.js'
import { errorOf } from '../helpers/payload.js'
import type { EventStream } from '../../types/event.js'

const When = Type.Transform(Type.String({ format: 'date-time' })).Decode(text => new Date(text)).Encode(date => date.toISOString())
const Price = Type.Object({ symbol: Type.String(), value: Type.Number() })
const stream = eventStream({
  price: Price,
  notice: Type.String({ contentMediaType: 'text/plain' }),
  born: Type.Object({ at: When, list: Type.Array(Type.Object({})) }),
  message: Type.Boolean(),
  done: Type.Null()
}, { final: ['done'] }) as unknown as EventStream
const compile = payloadCompiler({ sharedSchemas: {}, validate: true })
const { final, encode, encodeParts, frameOf, decode, declares } = compileStream(stream, compile, 'GET /')

const NAMES = "'price', 'notice', 'born', 'message', 'done'"
const ACME = { event: 'price', data: { symbol: 'ACME', value: 1 } }
const ACME_JSON = '{"symbol":"ACME","value":1}'
const at = new Date('2024-01-02T03:04:05Z')
const none = undefined

const failureOf = (run: () => unknown): string => {
  const { code, message } = errorOf(run)
  return `${code}: ${message}`
}

t.test('encodes the events that the stream declares', async t => {
  const cases: Array<[event: unknown, frame: string]> = [
    [ACME, `event: price\ndata: ${ACME_JSON}\n\n`],
    [{ ...ACME, id: 0, retry: 0, more: 1 }, `event: price\nid: 0\nretry: 0\ndata: ${ACME_JSON}\n\n`],
    [{ event: 'notice', data: 'two\r\nlines', id: 'a' }, 'event: notice\nid: a\ndata: two\ndata: lines\n\n'],
    [{ event: 'message', data: true }, 'data: true\n\n'],
    [{ event: 'done' }, 'event: done\ndata: null\n\n'],
    [{ comment: 'a\nb' }, ': a\n: b\n'],
    [raw('[DONE]'), 'data: [DONE]\n\n']
  ]
  for (const [event, frame] of cases) t.equal(encode(event, false), frame)
})

t.test('a final event may get the id that marks the end', async t => {
  t.strictSame([...final], ['done'])
  t.equal(encode({ event: 'done', id: 7 }, true), 'event: done\nid: stream-end\ndata: null\n\n')
  t.equal(encode({ event: 'done', id: 7 }, false), 'event: done\nid: 7\ndata: null\n\n')
  t.equal(encode({ ...ACME, id: 7 }, true), `event: price\nid: 7\ndata: ${ACME_JSON}\n\n`)
  t.equal(failureOf(() => encode({ ...ACME, id: 'stream-end' }, false)), "FST_ERR_SSE_FIELD_INVALID: the field 'id' of an event should be another than the reserved 'stream-end', instead got 'stream-end'")
})

t.test('refuses what is not an event of the stream, to write it as to store it', async t => {
  const cases: Array<[event: unknown, failure: string]> = [
    [undefined, "INVALID_EVENT: an event should be an object with data, instead got 'undefined'"],
    [null, "INVALID_EVENT: an event should be an object with data, instead got 'null'"],
    ['price', "INVALID_EVENT: an event should be an object with data, instead got 'string'"],
    [{ event: 'price', data: { symbol: 1 } }, "INVALID_EVENT: event 'price': the payload should have required property 'value'"],
    [{ event: 'nobody', data: 1 }, `UNKNOWN_EVENT: the event name should be one of ${NAMES}, instead got 'nobody'`],
    [{ event: 'toString' }, `UNKNOWN_EVENT: the event name should be one of ${NAMES}, instead got 'toString'`],
    [{ data: 1 }, `UNKNOWN_EVENT: the event name should be one of ${NAMES}, instead got 'undefined'`],
    [{ event: 'notice', data: '\ud800' }, "FIELD_INVALID: the field 'data' of an event should be a string without lone surrogates, instead got 'a lone surrogate at index 0'"],
    [{ ...ACME, retry: 0.5 }, "FIELD_INVALID: the field 'retry' of an event should be a non-negative safe integer, instead got '0.5'"],
    [{ event: 'notice', data: 'x', retry: '1' }, "FIELD_INVALID: the field 'retry' of an event should be a non-negative safe integer, instead got '1'"]
  ]
  for (const [event, failure] of cases) {
    t.equal(failureOf(() => encode(event, false)), `FST_ERR_SSE_${failure}`)
    t.equal(failureOf(() => encodeParts(event)), `FST_ERR_SSE_${failure}`)
  }
})

t.test('says who makes the events of subscriptions', async t => {
  for (const event of ['stream-gap', 'stream-position']) {
    for (const run of [() => encode({ event, data: null }, false), () => encodeParts({ event, data: null })]) {
      t.equal(failureOf(run), `FST_ERR_SSE_UNKNOWN_EVENT: the event name should be one of ${NAMES} (only subscriptions make events named 'stream-…'), instead got '${event}'`)
    }
  }
})

t.test('encodes an event in parts, for who stores it', async t => {
  const cases: Array<[event: unknown, parts: object]> = [
    [{ ...ACME, secret: 1 }, { event: 'price', data: ACME_JSON, retry: none }],
    [{ ...ACME, id: 7, retry: 0 }, { event: 'price', data: ACME_JSON, retry: 0 }],
    [{ event: 'notice', data: 'two\r\nlines' }, { event: 'notice', data: 'two\r\nlines', retry: none }],
    [{ event: 'born', data: { at, list: [{ secret: 1 }] } }, { event: 'born', data: `{"at":"${at.toISOString()}","list":[{}]}`, retry: none }],
    [{ event: 'message', data: false }, { event: 'message', data: 'false', retry: none }],
    [{ event: 'done' }, { event: 'done', data: 'null', retry: none }]
  ]
  for (const [event, parts] of cases) {
    t.strictSame(encodeParts(event), parts)
    t.equal(frameOf(encodeParts(event)), encode({ ...event as object, id: undefined }, false), 'whose frame is that of the event')
  }
})

t.test('stores neither comments nor raw frames', async t => {
  for (const event of [{ comment: 'hello' }, raw('[DONE]')]) {
    t.equal(failureOf(() => encodeParts(event)), `FST_ERR_SSE_UNKNOWN_EVENT: the event name should be one of ${NAMES}, instead got 'undefined'`)
  }
})

t.test('frames what another version of the app has stored, and never a field too many', async t => {
  const cases: Array<[parts: { event: string, data: string, retry?: number }, frame: string]> = [
    [{ event: 'newer', data: '{"a":1}' }, 'event: newer\ndata: {"a":1}\n\n'],
    [{ event: 'newer', data: 'two\nlines', retry: 5 }, 'event: newer\nretry: 5\ndata: two\ndata: lines\n\n'],
    [{ event: 'price', data: 'a\nid: 1\r\n\nevent: done' }, 'event: price\ndata: a\ndata: id: 1\ndata: \ndata: event: done\n\n'],
    [{ event: 'price', data: '' }, 'event: price\ndata: \n\n']
  ]
  for (const [parts, frame] of cases) t.equal(frameOf(parts), frame)
  t.equal(failureOf(() => frameOf({ event: 'a\nid: 1', data: '1' })), "FST_ERR_SSE_FIELD_INVALID: the field 'event' of an event should be a non-empty string without CR, LF or lone surrogates, instead got 'a\\nid: 1'")
})

t.test('decodes what it has encoded', async t => {
  const cases: Array<[event: object, decoded?: object]> = [
    [ACME],
    [{ ...ACME, retry: 0 }],
    [{ ...ACME, id: 7 }, ACME],
    [{ event: 'notice', data: 'two\r\nlines' }],
    [{ event: 'born', data: { at, list: [{}] } }],
    [{ event: 'message', data: false }],
    [{ event: 'done' }, { event: 'done', data: null }]
  ]
  for (const [event, decoded = event] of cases) t.strictSame(decode(encodeParts(event)), decoded)
  t.strictSame(decode({ event: 'done', data: 'null' }), { event: 'done', data: null })
})

t.test('data that is decoded is frozen, for it may be shared', async t => {
  const event = decode(encodeParts({ event: 'born', data: { at, list: [{}] } }))
  const { at: decoded, list } = event.data as { at: Date, list: object[] }
  t.ok([event.data, list, list[0]].every(Object.isFrozen))
  t.type(decoded, Date)
  t.notOk(Object.isFrozen(event), 'the event is for who adds its id')
})

t.test('refuses to decode what this version of the app does not declare', async t => {
  const cases: Array<[parts: { event: string, data: string }, problem: string]> = [
    [{ event: 'newer\n', data: '1' }, `the stored event 'newer\\n' should be one of ${NAMES}`],
    [{ event: 'price', data: '{"symbol":"ACME"}' }, "the stored event 'price': the payload should have required property 'value'"],
    [{ event: 'price', data: 'two\nlines' }, "the stored event 'price': the payload should be JSON"]
  ]
  for (const [parts, problem] of cases) t.equal(failureOf(() => decode(parts)), `FST_ERR_SSE_INVALID_EVENT: ${problem}`)
})

t.test('tells by the very schema whether it declares an event', async t => {
  t.equal(declares('price', Price), true)
  t.equal(declares('price', { ...Price }), false)
  t.equal(declares('done', Price), false)
  t.equal(declares('nobody', Price), false)
  t.equal(declares('nobody', undefined), false)
  t.equal(declares('toString', Object.prototype.toString), false)
})

t.test('without a declaration, strings are written as they are, and everything else as JSON', async t => {
  const cases: Array<[event: unknown, frame: string]> = [
    [{ data: 'two\nlines' }, 'data: two\ndata: lines\n\n'],
    [{ event: 'a', data: { b: 1 }, id: 1, retry: 2 }, 'event: a\nid: 1\nretry: 2\ndata: {"b":1}\n\n'],
    [{ data: null, comment: 'x' }, 'data: null\n\n'],
    [{ comment: 'x' }, ': x\n'],
    [raw('x'), 'data: x\n\n']
  ]
  for (const [event, frame] of cases) t.equal(undeclaredCodec.encode(event, true), frame)
  t.equal(undeclaredCodec.final.size, 0)
})

t.test('without a declaration, refuses what JSON does not have, and reserved names', async t => {
  const circular: { self?: object } = {}
  circular.self = circular
  const encode = (event: unknown): string => failureOf(() => undeclaredCodec.encode(event, false))
  t.equal(encode({ event: 'a' }), "FST_ERR_SSE_INVALID_EVENT: data should be a value that JSON has, instead got 'undefined'")
  t.equal(encode({}), "FST_ERR_SSE_INVALID_EVENT: data should be a value that JSON has, instead got 'undefined'")
  t.equal(encode({ data: circular }), 'FST_ERR_SSE_INVALID_EVENT: data should be representable as JSON, but that fails')
  t.equal(encode({ event: 'stream-gap', data: 1 }), "FST_ERR_SSE_FIELD_INVALID: the field 'event' of an event should be a name that does not start with 'stream-', which is reserved, instead got 'stream-gap'")
})
