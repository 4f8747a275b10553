import { FormatRegistry, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import t from 'tap'
import { bundle } from '../../lib/schema/bundle.js'
import { compileTransforms } from '../../lib/schema/transform.js'
import { compile, encode, errorOf, refusal } from '../helpers/payload.js'

const When = Type.Transform(Type.String({ format: 'date-time' })).Decode(text => new Date(text)).Encode(date => date.toISOString())
const at = new Date('2024-01-02T03:04:05Z')
const text = '2024-01-02T03:04:05.000Z'

t.test('a Date may be given, and is read again, wherever the schema has the Transform', async t => {
  const People = Type.Module({ Person: Type.Object({ born: Type.Ref('When'), child: Type.Optional(Type.Ref('Person')) }), When })
  const cases: Record<string, [schema: object, payload: unknown, expected: unknown, decoded?: unknown]> = {
    'at the top': [When, at, text],
    'in an object': [Type.Object({ at: When, n: Type.Number() }), { n: 1, at, x: 1 }, { n: 1, at: text }, { n: 1, at }],
    'deep in objects': [Type.Object({ a: Type.Object({ b: Type.Object({ at: When }) }) }), { a: { b: { at } } }, { a: { b: { at: text } } }],
    'in an array': [Type.Array(When), [at, at], [text, text]],
    'in an array of objects': [Type.Array(Type.Object({ at: When })), [{ at, x: 1 }], [{ at: text }], [{ at }]],
    'in a tuple': [Type.Tuple([Type.Number(), When]), [1, at], [1, text]],
    'in the rest of a tuple': [{ type: 'array', items: [{ type: 'number' }], additionalItems: When }, [1, at, at], [1, text, text]],
    'optional and there': [Type.Object({ at: Type.Optional(When) }), { at }, { at: text }],
    'optional and not there': [Type.Object({ at: Type.Optional(When) }), {}, {}],
    'optional and undefined': [Type.Object({ at: Type.Optional(When) }), { at: undefined }, {}, {}],
    'or null': [Type.Object({ at: Type.Union([When, Type.Null()]) }), { at }, { at: text }],
    'or null, which it is': [Type.Object({ at: Type.Union([When, Type.Null()]) }), { at: null }, { at: null }],
    'null or that': [Type.Union([Type.Null(), When]), at, text],
    'or another object': [Type.Union([When, Type.Object({ at: When }), Type.Object({ on: When })]), { on: at }, { on: text }],
    'in a oneOf': [{ oneOf: [When, { type: 'null' }] }, at, text],
    'in a Record': [Type.Record(Type.String(), When), { a: at, b: at }, { a: text, b: text }],
    'in a Record beside other properties': [{ properties: { n: {} }, patternProperties: { '^d': When } }, { n: 1, d1: at, x: 1 }, { n: 1, d1: text }, { n: 1, d1: at }],
    'in one of two patterns': [{ patternProperties: { '^d': When, '^n': { type: 'number' } } }, { n: 1, d: at }, { n: 1, d: text }],
    'in additional properties': [Type.Object({ n: Type.Number() }, { additionalProperties: When }), { n: 1, a: at }, { n: 1, a: text }],
    'deep in additional properties': [Type.Object({}, { additionalProperties: Type.Array(Type.Object({ at: When })) }), { a: [{ at }] }, { a: [{ at: text }] }],
    'in an Intersect': [Type.Intersect([Type.Object({ a: When }), Type.Object({ b: Type.Array(When) })]), { a: at, b: [at] }, { a: text, b: [text] }],
    'in a Composite': [Type.Composite([Type.Object({ a: When }), Type.Object({ b: When })]), { a: at, b: at }, { a: text, b: text }],
    'in a Recursive': [Type.Recursive(This => Type.Object({ at: When, below: Type.Array(This) })), { at, below: [{ at, below: [] }] }, { at: text, below: [{ at: text, below: [] }] }],
    'in a Module': [People.Import('Person'), { born: at, child: { born: at } }, { born: text, child: { born: text } }],
    'in an array that is encoded itself': [
      Type.Transform(Type.Array(When)).Decode(list => new Set(list)).Encode(set => [...set]), new Set([at]), [text]
    ],
    'in a union that is encoded itself': [
      Type.Transform(Type.Union([When, Type.Null()])).Decode(value => ({ value })).Encode(({ value }) => value), { value: at }, text
    ]
  }
  for (const [where, [schema, payload, expected, decoded = payload]] of Object.entries(cases)) {
    const before = structuredClone(payload)
    for (const validate of [true, false]) {
      const { encode, decode } = compile(schema, { validate })
      const json = encode(payload)
      t.strictSame(JSON.parse(json), expected, where)
      t.strictSame(decode(json), decoded, where)
    }
    t.strictSame(payload, before, 'the payload is left alone')
  }
})

t.test("several Transforms of one value are encoded from the outside in, and decoded from the inside out, as TypeBox's are", async t => {
  const Stamp = Type.Transform(When).Decode(date => date.getTime()).Encode(time => new Date(time))
  const stamp = compile(Type.Object({ at: Stamp }))
  t.equal(stamp.encode({ at: at.getTime() }), `{"at":"${text}"}`)
  t.strictSame(stamp.decode(`{"at":"${text}"}`), { at: at.getTime() })

  const wrap = <Schema extends TSchema>(schema: Schema, name: string) => Type.Transform(schema).Decode(value => ({ [name]: value })).Encode(value => value[name])
  const Inner = wrap(Type.Object({ list: Type.Array(wrap(Type.Number(), 'number')) }), 'inner')
  const cases: Record<string, [schema: TSchema, wire: unknown]> = {
    'of an object': [wrap(Inner, 'outer'), { list: [1] }],
    'of a union': [wrap(Type.Union([Type.Null(), wrap(Inner, 'middle')]), 'outer'), { list: [1, 2] }],
    'of a tuple': [wrap(Type.Tuple([Inner, wrap(Inner, 'middle')]), 'outer'), [{ list: [1] }, { list: [] }]],
    'of a Record': [wrap(Type.Record(Type.String(), Inner), 'outer'), { a: { list: [1] }, b: { list: [2] } }],
    'of an Intersect': [wrap(Type.Intersect([Type.Object({ a: Inner }), Type.Object({ b: Inner })]), 'outer'), { a: { list: [1] }, b: { list: [2] } }],
    'of a Recursive': [
      wrap(Type.Recursive(This => Type.Object({ value: Inner, below: Type.Array(wrap(This, 'below')) })), 'outer'),
      { value: { list: [1] }, below: [{ value: { list: [2] }, below: [] }] }
    ]
  }
  for (const [where, [schema, wire]] of Object.entries(cases)) {
    const { encode, decode } = compile(schema)
    const decoded = decode(JSON.stringify(wire))
    t.strictSame(decoded, Value.Decode(schema, wire), where)
    t.strictSame(JSON.parse(encode(decoded)), wire, where)
  }
})

t.test('what several schemas encode of one value is decoded in the opposite order', async t => {
  const twice = Type.Transform(Type.Number()).Decode(n => n / 2).Encode(n => n * 2)
  const next = Type.Transform(Type.Number()).Decode(n => n - 1).Encode(n => n + 1)
  const cases: Array<[schema: object, payload: unknown, json: string]> = [
    [{ allOf: [twice, next] }, 5, '11'],
    [{ properties: { a: twice }, allOf: [{ properties: { a: next } }] }, { a: 5 }, '{"a":11}'],
    [{ properties: { a: twice }, patternProperties: { '^a': next } }, { a: 5 }, '{"a":11}'],
    [{ properties: { a: twice }, patternProperties: { '^a': { type: 'number' }, a$: next } }, { a: 5 }, '{"a":11}'],
    [{ patternProperties: { '^a': twice, a$: next } }, { a: 5 }, '{"a":11}'],
    [{ items: twice, anyOf: [{ type: 'array', items: next }] }, [5, 6], '[11,13]']
  ]
  for (const [schema, payload, json] of cases) {
    const { encode, decode } = compile(schema)
    t.equal(encode(payload), json)
    t.strictSame(decode(json), payload)
  }
})

t.test('a union is decoded by the first alternative that fits what was written', async t => {
  const Day = Type.Transform(Type.String({ pattern: '^\\d{4}-' })).Decode(text => new Date(text)).Encode(date => date.toISOString())
  const cases: Array<[schema: TSchema, wire: unknown]> = [
    [Type.Union([Day, Type.String()]), text],
    [Type.Union([Day, Type.String()]), 'hello'],
    [Type.Union([Type.String(), Day]), text],
    [Type.Union([Type.Object({ kind: Type.Literal('a'), at: Type.String() }), Type.Object({ kind: Type.Literal('b'), at: Day })]), { kind: 'b', at: text }],
    [Type.Union([Type.Array(Type.Number()), Type.Array(Day)]), [text]],
    [Type.Union([Type.Array(Type.Number()), Type.Array(Day)]), []],
    [Type.Union([Type.Null(), Type.Union([Type.Number(), Day])]), text]
  ]
  for (const [schema, wire] of cases) {
    t.strictSame(compile(schema).decode(JSON.stringify(wire)), Value.Decode(schema, wire), JSON.stringify(wire))
  }
  t.equal(compile(Type.Union([Day, Type.Null()]), { validate: false }).decode('"hello"'), 'hello', 'one that fits none is left as it is')
})

t.test('an alternative that the payload satisfies as it is comes before one that takes anything', async t => {
  const Lenient = Type.Transform(Type.String()).Decode(text => text).Encode(value => String(value))
  const schema = Type.Union([Lenient, Type.Null(), Type.Object({ a: Lenient })])
  t.equal(encode(schema, null), 'null')
  t.equal(encode(schema, { a: 'x' }), '{"a":"x"}')
  t.equal(encode(schema, 1), '"1"')
})

t.test('an alternative whose Encode throws leaves the payload to the others', async t => {
  const schema = Type.Union([When, Type.String(), Type.Number()])
  t.equal(encode(schema, 'hello'), '"hello"')
  t.equal(encode(schema, 1), '1')
  t.equal(encode(schema, at), `"${text}"`)
})

t.test('if no alternative takes the payload, an Encode that threw is the reason', async t => {
  const { message, cause } = errorOf(() => encode(Type.Object({ at: Type.Union([When, Type.Null()]) }), { at: 'yesterday' }))
  t.equal(message, "event 'price': /at should be a value that its Transform encodes, but that threw")
  t.type(cause, TypeError)
  const Length = Type.Transform(Type.Number()).Decode(length => 'x'.repeat(length)).Encode(text => text.length)
  t.equal(refusal(Type.Union([Length, Type.Null()]), {}), 'the payload should be number, or the payload should be null')
})

t.test('an alternative whose Decode throws does not leave what was written to the others', async t => {
  const failure = new Error('not today')
  const Failing = Type.Transform(Type.String()).Decode((): Date => { throw failure }).Encode(date => date.toISOString())
  const { message, cause } = errorOf(() => compile(Type.Object({ list: Type.Array(Type.Union([Failing, Type.String()])) })).decode('{"list":["x"]}'))
  t.equal(message, "the stored event 'price': /list/0 should be a value that its Transform decodes, but that threw")
  t.equal(cause, failure)
})

t.test('an error that is not of an Encode passes through', async t => {
  const failure = new Error('a getter')
  const payload = { list: [{ get at () { throw failure } }] }
  const error = errorOf(() => encode(Type.Object({ list: Type.Array(Type.Object({ at: When })) }), payload))
  t.equal(error.message, "event 'price': the payload should be representable as JSON, but that fails")
  t.equal(error.cause, failure)
  t.equal(errorOf(() => encode(Type.Union([Type.Object({ at: When }), Type.Null()]), payload.list[0])).cause, failure)
})

t.test('takes the properties of classes, and of no other object', async t => {
  class Tick {
    readonly own = 1
    get at (): Date { return at }
    get name (): string { return 'tick' }
  }
  t.equal(encode(Type.Object({ own: Type.Number(), at: When, name: Type.String() }), new Tick()), `{"own":1,"at":"${text}","name":"tick"}`)
  t.equal(encode(Type.Object({ at: When, constructor: Type.Optional(Type.Any()) }), { at }), `{"at":"${text}"}`)
  t.equal(refusal(Type.Object({ at: Type.Optional(When) }), at), 'the payload should be a plain object: this one has a toJSON method, so send what that returns')
  t.equal(refusal(Type.Object({ at: When }), [at]), 'the payload should be object')
  t.equal(refusal(Type.Array(When), { 0: at }), 'the payload should be array')
})

t.test('keeps a property named __proto__', async t => {
  const payload = Object.defineProperty({}, '__proto__', { value: at, enumerable: true })
  const codec = compile(Type.Record(Type.String(), When))
  t.equal(codec.encode(payload), `{"__proto__":"${text}"}`)
  const decoded = codec.decode(`{"__proto__":"${text}"}`) as object
  t.strictSame(Object.entries(decoded), [['__proto__', at]])
  t.equal(Object.getPrototypeOf(decoded), Object.prototype)
})

t.test('has nothing to do where there is no Transform', async t => {
  const schemas: TSchema[] = [
    Type.String(),
    Type.Any(),
    Type.Recursive(This => Type.Object({ at: Type.Optional(Type.Union([Type.String(), This])), list: Type.Array(This) })),
    Type.Record(Type.String(), Type.Tuple([Type.String()]))
  ]
  const surroundings = { sharedSchemas: {}, isFormat: () => true, isKeyword: () => true }
  for (const schema of schemas) {
    for (const direction of ['Encode', 'Decode'] as const) {
      t.equal(compileTransforms(bundle(schema, surroundings), () => () => true, direction), undefined)
    }
  }
})

t.test("leaves TypeBox's formats, which are the whole process's, alone", async t => {
  const before = [...FormatRegistry.Entries().keys()]
  compile(Type.Union([When, Type.Null()])).encode(at)
  t.strictSame([...FormatRegistry.Entries().keys()], before)
})
