import { FormatRegistry, type TSchema, Type } from '@sinclair/typebox'
import t from 'tap'
import { bundle } from '../../lib/schema/bundle.js'
import { compileTransforms } from '../../lib/schema/transform.js'
import { compile, encode, errorOf, refusal } from '../helpers/payload.js'

const When = Type.Transform(Type.String({ format: 'date-time' })).Decode(text => new Date(text)).Encode(date => date.toISOString())
const at = new Date('2024-01-02T03:04:05Z')
const text = '2024-01-02T03:04:05.000Z'

t.test('a Date may be given, wherever the schema has the Transform', async t => {
  const People = Type.Module({ Person: Type.Object({ born: Type.Ref('When'), child: Type.Optional(Type.Ref('Person')) }), When })
  const cases: Record<string, [schema: object, payload: unknown, expected: unknown]> = {
    'at the top': [When, at, text],
    'in an object': [Type.Object({ at: When, n: Type.Number() }), { n: 1, at, x: 1 }, { n: 1, at: text }],
    'deep in objects': [Type.Object({ a: Type.Object({ b: Type.Object({ at: When }) }) }), { a: { b: { at } } }, { a: { b: { at: text } } }],
    'in an array': [Type.Array(When), [at, at], [text, text]],
    'in an array of objects': [Type.Array(Type.Object({ at: When })), [{ at, x: 1 }], [{ at: text }]],
    'in a tuple': [Type.Tuple([Type.Number(), When]), [1, at], [1, text]],
    'in the rest of a tuple': [{ type: 'array', items: [{ type: 'number' }], additionalItems: When }, [1, at, at], [1, text, text]],
    'optional and there': [Type.Object({ at: Type.Optional(When) }), { at }, { at: text }],
    'optional and not there': [Type.Object({ at: Type.Optional(When) }), {}, {}],
    'optional and undefined': [Type.Object({ at: Type.Optional(When) }), { at: undefined }, {}],
    'or null': [Type.Object({ at: Type.Union([When, Type.Null()]) }), { at }, { at: text }],
    'or null, which it is': [Type.Object({ at: Type.Union([When, Type.Null()]) }), { at: null }, { at: null }],
    'null or that': [Type.Union([Type.Null(), When]), at, text],
    'or another object': [Type.Union([When, Type.Object({ at: When }), Type.Object({ on: When })]), { on: at }, { on: text }],
    'in a oneOf': [{ oneOf: [When, { type: 'null' }] }, at, text],
    'in a Record': [Type.Record(Type.String(), When), { a: at, b: at }, { a: text, b: text }],
    'in a Record beside other properties': [{ properties: { n: {} }, patternProperties: { '^d': When } }, { n: 1, d1: at, x: 1 }, { n: 1, d1: text }],
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
  for (const [where, [schema, payload, expected]] of Object.entries(cases)) {
    const before = structuredClone(payload)
    for (const validate of [true, false]) t.strictSame(JSON.parse(encode(schema, payload, { validate })), expected, where)
    t.strictSame(payload, before, 'the payload is left alone')
  }
})

t.test('several Transforms of one value run from the outside in', async t => {
  const Stamp = Type.Transform(When).Decode(date => date.getTime()).Encode(time => new Date(time))
  t.equal(encode(Type.Object({ at: Stamp }), { at: at.getTime() }), `{"at":"${text}"}`)
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
  t.equal(encode(Type.Record(Type.String(), When), payload), `{"__proto__":"${text}"}`)
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
