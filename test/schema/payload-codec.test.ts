import { Type } from '@sinclair/typebox'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import t from 'tap'
import { Type as Type1 } from 'typebox'
import * as v from 'valibot'
import * as z from 'zod'
import { compile, encode, errorOf, refusal } from '../helpers/payload.js'

t.test('an event without payload may be given none', async t => {
  for (const data of [undefined, null]) {
    t.equal(encode(Type.Null(), data), 'null')
    t.equal(encode(Type.Null(), data, { validate: false }), 'null')
  }
  t.equal(refusal(Type.Null(), 0), 'the payload should be null')
  t.equal(refusal(Type.Union([Type.Null(), Type.String()]), undefined), 'the payload should be null, or the payload should be string')
})

t.test('a string whose media type is not JSON is text', async t => {
  for (const contentMediaType of ['text/html', 'text/plain; charset=utf-8', 'application/xml', 'application/jsonp', 'image/svg+xml', '']) {
    const { text, encode } = compile(Type.String({ contentMediaType }))
    t.equal(text, true, contentMediaType)
    t.equal(encode('<b>\n"x"</b>'), '<b>\n"x"</b>')
  }
})

t.test('a string whose media type is JSON is JSON', async t => {
  for (const contentMediaType of [undefined, 'application/json', 'APPLICATION/JSON', ' application/json ; charset=utf-8', 'text/json', 'application/ld+json', 'application/problem+JSON;a=b']) {
    const { text, encode } = compile(Type.String(contentMediaType === undefined ? {} : { contentMediaType }))
    t.equal(text, false, String(contentMediaType))
    t.equal(encode('a\n'), '"a\\n"')
  }
})

t.test('only strings can be text', async t => {
  t.equal(compile(Type.Number({ contentMediaType: 'text/plain' })).text, false)
  t.equal(compile(Type.Object({ html: Type.String({ contentMediaType: 'text/html' }) })).text, false)
  t.equal(compile({ type: ['string', 'null'], contentMediaType: 'text/html' }).text, false)
  t.equal(compile(Type.Any()).text, false)
})

t.test('text is checked too', async t => {
  t.equal(refusal(Type.String({ contentMediaType: 'text/html', maxLength: 3 }), 'abcd'), 'the payload should not have more than 3 characters')
  t.equal(refusal(Type.String({ contentMediaType: 'text/html' }), 12), 'the payload should be string')
  t.equal(refusal(Type.String({ contentMediaType: 'text/html' }), 12, { validate: false }), 'the payload should be string')
})

t.test('text may be shared, and may be encoded by a Transform', async t => {
  const html = { $id: 'html', type: 'string', contentMediaType: 'text/html' }
  const shared = compile({ $ref: 'html#' }, { sharedSchemas: { html } })
  t.equal(shared.text, true)
  t.equal(shared.encode('<b>'), '<b>')
  t.equal(compile({ $ref: 'yes#' }, { sharedSchemas: { yes: { $id: 'yes', definitions: { any: true } } } }).text, false)
  t.equal(compile({ $ref: 'yes#/definitions/any' }, { sharedSchemas: { yes: { $id: 'yes', definitions: { any: true } } } }).text, false)

  const lines = Type.Transform(Type.String({ contentMediaType: 'text/plain' })).Decode(text => text.split('\n')).Encode(lines => lines.join('\n'))
  const { text, encode } = compile(lines)
  t.equal(text, true)
  t.equal(encode(['a', 'b']), 'a\nb')
  t.strictSame(compile(lines).decode('a\nb'), ['a', 'b'])
})

t.test('refuses what JSON does not have, whatever the schema says', async t => {
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  for (const schema of [Type.Any(), Type.Unknown(), Type.Unsafe({})]) {
    for (const validate of [true, false]) {
      t.equal(refusal(schema, undefined, { validate }), "the payload should be a value that JSON has, instead got 'undefined'")
      t.equal(refusal(schema, () => {}, { validate }), "the payload should be a value that JSON has, instead got 'function'")
      t.equal(refusal(schema, Symbol('secret'), { validate }), "the payload should be a value that JSON has, instead got 'symbol'")
      t.equal(refusal(schema, { toJSON: () => undefined }, { validate }), "the payload should be a value that JSON has, instead got 'Object'")
      t.equal(refusal(schema, 10n, { validate }), 'the payload should be representable as JSON, but that fails')
      t.equal(refusal(schema, { deep: [10n] }, { validate }), 'the payload should be representable as JSON, but that fails')
      t.equal(refusal(schema, circular, { validate }), 'the payload should be representable as JSON, but that fails')
    }
  }
  const Node = Type.Recursive(This => Type.Object({ self: Type.Optional(This) }))
  t.equal(refusal(Node, circular), 'the payload should be representable as JSON, but that fails')
  for (const data of [undefined, () => {}, Symbol('secret'), 10n]) {
    t.equal(refusal(Type.Object({}), data), 'the payload should be object')
  }
})

t.test('an error of the payload itself is the cause', async t => {
  const failure = new Error('secret')
  const payload = { get value () { throw failure } }
  const error = errorOf(() => encode(Type.Object({ value: Type.Number() }), payload))
  t.equal(error.message, "event 'price': the payload should be representable as JSON, but that fails")
  t.equal(error.cause, failure)
})

t.test('an error of a Transform is the cause, and is not repeated', async t => {
  const failure = new Error('secret')
  const Failing = Type.Transform(Type.String()).Decode(text => text).Encode(() => { throw failure })
  const error = errorOf(() => encode(Type.Object({ list: Type.Array(Failing) }), { list: ['x'] }))
  t.equal(error.message, "event 'price': /list/0 should be a value that its Transform encodes, but that threw")
  t.equal(error.cause, failure)
})

t.test('an error of a Refine is the cause, and is not repeated', async t => {
  const failure = new Error('secret')
  const schema = Type1.Refine(Type1.Number(), () => { throw failure })
  const written = errorOf(() => encode(schema, 1))
  t.equal(written.message, "event 'price': the payload should be what its Refine takes, but that threw")
  t.equal(written.cause, failure)
  const read = errorOf(() => compile(schema).decode('1'))
  t.equal(read.message, "the stored event 'price': the payload should be what its Refine takes, but that threw")
  t.equal(read.cause, failure)
})

t.test('an event of another library without payload may be given none', async t => {
  for (const schema of [z.null(), v.null(), toStandardJsonSchema(v.null()), type('null'), z.literal(null)]) t.equal(encode(schema, undefined), 'null')
  t.equal(encode(z.null().transform(() => 'none'), undefined), '"none"')
  t.equal(refusal(z.string(), undefined), 'the payload should be string')
})

t.test('what a Transform makes is checked', async t => {
  const Count = Type.Transform(Type.Number()).Decode(Number).Encode(count => `${count}` as never)
  t.equal(refusal(Type.Object({ count: Count }), { count: 1 }), '/count should be number')
})

t.test('what a library refuses is refused, and what it throws is the cause', async t => {
  t.equal(refusal(v.object({ a: v.number() }), { a: 'secret' }), '/a should be number')
  t.equal(errorOf(() => encode(v.number(), 'secret')).cause, undefined)
  const failure = new Error('secret')
  const error = errorOf(() => encode(v.pipe(v.string(), v.transform(() => { throw failure })), 'x'))
  t.equal(error.message, "event 'price': the payload should be a value that its schema takes, but that threw")
  t.equal(error.cause, failure)
})

t.test('says so where a payload of another shape is not checked before', async t => {
  const { encode } = compile(Type.Object({ a: Type.Any() }), { validate: false })
  const error = errorOf(() => encode(['secret']))
  t.equal(error.message, "event 'price': the payload should have the shape of its schema")
  t.equal(error.cause, undefined)
})

t.test('reads what it has written', async t => {
  const cases: Array<[schema: object, data: unknown]> = [
    [Type.Object({ a: Type.Number(), list: Type.Array(Type.String()) }), { a: 1, list: ['x\r\n', '\ud800'] }],
    [Type.Null(), null],
    [Type.Any(), { anything: [1, null, 'x'] }],
    [Type.String(), '{"a":1}'],
    [Type.String({ contentMediaType: 'text/html' }), '<b>\n"x"</b>'],
    [Type.Transform(Type.String()).Decode(BigInt).Encode(String), 10n ** 30n]
  ]
  for (const [schema, data] of cases) {
    for (const validate of [true, false]) {
      const { encode, decode } = compile(schema, { validate })
      t.strictSame(decode(encode(data)), data)
    }
  }
  t.equal(compile(Type.Null()).decode(encode(Type.Null(), undefined)), null)
})

t.test('refuses to read what another version of the app has written, without a word of it', async t => {
  const custom = new Error('a keyword')
  const failing = { plugins: [(ajv: { addKeyword: (definition: object) => void }) => ajv.addKeyword({ keyword: 'failing', validate: () => { throw custom } })] } as never
  const cases: Array<[schema: object, written: string, problem: string, cause?: unknown]> = [
    [Type.Object({ a: Type.Number() }), '{"a":"secret"}', '/a should be number'],
    [Type.Object({ a: Type.Optional(Type.Number()) }, { additionalProperties: Type.Number() }), '{"secret":"secret"}', '/* should be number'],
    [Type.Object({ a: Type.Number() }), 'secret', 'the payload should be JSON'],
    [Type.Object({ a: Type.Number() }), '', 'the payload should be JSON'],
    [Type.Null(), '{"a":"secret"}', 'the payload should be null'],
    [Type.String({ contentMediaType: 'text/html', maxLength: 3 }), 'secret', 'the payload should not have more than 3 characters'],
    [{ type: 'string', failing: true }, '"secret"', 'the payload should be readable by its schema, but that fails', custom]
  ]
  for (const [schema, written, problem, reason] of cases) {
    const { code, message, cause } = errorOf(() => compile(schema, { ajv: failing }).decode(written))
    t.strictSame({ code, message, cause }, { code: 'FST_ERR_SSE_INVALID_EVENT', message: `the stored event 'price': ${problem}`, cause: reason })
  }
  t.strictSame(compile(Type.Object({ a: Type.Number() }), { validate: false }).decode('{"a":"x","b":1}'), { a: 'x', b: 1 }, 'unless nothing is checked')
})

t.test('an error of a Transform that decodes is the cause, and is not repeated', async t => {
  const failure = new Error('secret')
  const Failing = Type.Transform(Type.String()).Decode(() => { throw failure }).Encode(text => text)
  const { code, message, cause } = errorOf(() => compile(Type.Object({ list: Type.Array(Failing) })).decode('{"list":["x"]}'))
  t.equal(code, 'FST_ERR_SSE_INVALID_EVENT')
  t.equal(message, "the stored event 'price': /list/0 should be a value that its Transform decodes, but that threw")
  t.equal(cause, failure)
})

t.test('a Transform is not asked to decode what its schema does not allow', async t => {
  const Count = Type.Transform(Type.Number()).Decode(() => t.fail('it was asked')).Encode(() => 1)
  t.equal(errorOf(() => compile(Count).decode('"x"')).message, "the stored event 'price': the payload should be number")
})
