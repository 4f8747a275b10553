import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { FormatRegistry, type TObject, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import fc from 'fast-check'
import t from 'tap'
import { compileStream, type StreamCodec } from '../../lib/schema/codec.js'
import { payloadCompiler } from '../../lib/schema/compile.js'
import { eventStream } from '../../lib/schema/event-stream.js'
import type { EventStream } from '../../types/event.js'

/** A schema, and payloads for it. */
interface Case {
  schema: TSchema
  payload: fc.Arbitrary<Payload>
}

/** A payload as a producer gives it, as a client should get it, and as who decodes it again should. */
interface Payload {
  given: unknown
  expected: unknown
  decoded: unknown
}

type Side = keyof Payload

/** What schemas are generated. */
interface Variety {
  names: fc.Arbitrary<string>
  leaves: Array<fc.Arbitrary<Case>>
  /** Whether some schemas declare anything. */
  isOpen: boolean
  /** Whether there are Transforms of all kinds of schemas. */
  hasTransforms: boolean
  /** Whether an alternative of a union is told from the others by a literal. */
  isTagged: boolean
}

const where = { route: 'GET /', event: 'e' }
const compilers = [true, false].map(validate => payloadCompiler({ sharedSchemas: {}, validate }))

// No generated schema accepts this text: it is too long. So it is declared nowhere, also where alternatives overlap.
const UNDECLARED = 'undeclared'.repeat(5)
const MAX_LENGTH = 40 // of code points as of code units, since TypeBox counts the latter

const ownNames = fc.constantFrom('a', 'b', 'c', 'd e', '"', 'ü/~', '\n', 'length')
const name = fc.oneof(ownNames, fc.constantFrom('hasOwnProperty', 'constructor'))
const text = fc.oneof(
  fc.string({ maxLength: 20, unit: 'binary' }),
  fc.constantFrom('\r\n', '\u2028', '\ud800', 'a\udc00"\\', '\0', '')
)
const integer = fc.oneof(fc.integer(), fc.constantFrom(-0, 1e21, -1e300, Number.MAX_SAFE_INTEGER))
const number = fc.oneof(integer, fc.double({ noNaN: true, noDefaultInfinity: true }))

const leaves: Array<fc.Arbitrary<Case>> = [
  leaf(Type.String({ maxLength: MAX_LENGTH }), text),
  leaf(Type.Number(), number),
  leaf(Type.Integer(), integer),
  leaf(Type.Boolean(), fc.boolean()),
  leaf(Type.Null(), fc.constant(null)),
  leaf(Type.Literal('a'), fc.constant('a')),
  leaf(Type.Enum({ one: 1, two: 'two' }), fc.constantFrom(1, 'two')),
  leaf(Type.String({ format: 'date-time' }), fc.constant('2024-01-02T03:04:05Z'))
]
const unsafe: Array<fc.Arbitrary<Case>> = [
  leaf(Type.Unsafe({ enum: ['x', 1, null, { x: 1 }] }), fc.constantFrom('x', 1, null, { x: 1 })),
  leaf(Type.Unsafe({ type: ['string', 'null', 'integer'], maxLength: MAX_LENGTH }), fc.oneof(text, fc.constant(null), integer)),
  leaf(Type.Unsafe({ type: 'boolean', nullable: true }), fc.option(fc.boolean()))
]
const transforms: Array<fc.Arbitrary<Case>> = [
  fc.constant({
    schema: Type.Transform(Type.String({ format: 'date-time' })).Decode(text => new Date(text)).Encode(date => date.toISOString()),
    payload: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2999-01-01') })
      .map(date => ({ given: date, expected: date.toISOString(), decoded: date }))
  }),
  fc.constant({
    schema: Type.Transform(Type.String({ pattern: '^-?\\d+n$', maxLength: MAX_LENGTH })).Decode(text => BigInt(text.slice(0, -1))).Encode(bigint => `${bigint}n`),
    payload: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(bigint => ({ given: bigint, expected: `${bigint}n`, decoded: bigint }))
  })
]
const open = leaf(Type.Any(), fc.jsonValue({ maxDepth: 2 }))

const WITHOUT_TRANSFORMS: Variety = { names: name, leaves: [...leaves, ...unsafe], isOpen: true, hasTransforms: false, isTagged: false }
const WITH_TRANSFORMS: Variety = { ...WITHOUT_TRANSFORMS, leaves: [...leaves, ...unsafe, ...transforms], hasTransforms: true, isTagged: true }
/** TypeBox does not check what is unsafe, and takes what every object has for properties. */
const KNOWN_TO_TYPEBOX: Variety = { names: ownNames, leaves: [...leaves, ...transforms], isOpen: false, hasTransforms: true, isTagged: false }

/** What Transforms make of a value. It is nothing that another schema takes. */
class Boxed {
  readonly value: unknown

  constructor (value: unknown) {
    this.value = value
  }

  toJSON (): never {
    throw new Error('it was not encoded')
  }

  static open (boxed: unknown): unknown {
    if (!(boxed instanceof Boxed)) throw new TypeError('it is not boxed')
    return boxed.value
  }
}

function leaf (schema: TSchema, value: fc.Arbitrary<unknown>): fc.Arbitrary<Case> {
  return fc.constant({
    schema, payload: value.map(given => ({ given, expected: given, decoded: JSON.parse(JSON.stringify(given)) as unknown }))
  })
}

function anyCase (depth: number, variety: Variety): fc.Arbitrary<Case> {
  const { leaves, isOpen, hasTransforms } = variety
  const below = depth === 0 ? fc.oneof(...leaves) : anyCase(depth - 1, variety)
  const closed = (): fc.Arbitrary<Case> => anyCase(depth - 1, { ...variety, isOpen: false })
  const cases = depth === 0
    ? leaves
    : [
        ...leaves,
        object(below, variety),
        object(below, variety),
        array(below),
        tuple(below),
        record(below),
        variety.isTagged ? taggedUnion(closed()) : union(closed()),
        intersect(closed()),
        nested(below),
        ...hasTransforms ? [boxed(below), boxed(boxed(below))] : []
      ]
  return fc.oneof(...(isOpen ? [...cases, open] : cases))
}

function boxed (below: fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  return below.map(({ schema, payload }) => ({
    schema: Type.Transform(schema).Decode(value => new Boxed(value)).Encode(Boxed.open),
    payload: payload.map(({ given, expected, decoded }) => ({ given: new Boxed(given), expected, decoded: new Boxed(decoded) }))
  }))
}

function object (below: fc.Arbitrary<Case>, { names, isOpen }: Variety): fc.Arbitrary<Case> {
  return fc.record({
    members: fc.uniqueArray(fc.record({ name: names, below, optional: fc.boolean() }), { selector: ({ name }) => name, maxLength: 4 }),
    additional: fc.constantFrom(undefined, undefined, false, Type.Number(), isOpen ? true : undefined)
  }).map(({ members, additional }) => {
    const properties: TProperties = Object.fromEntries(members.map(({ name, below, optional }) =>
      [name, optional ? Type.Optional(below.schema) : below.schema]))
    const schema = Type.Object(properties, additional === undefined ? {} : { additionalProperties: additional })
    const declared = fc.tuple(...members.map(({ name, below, optional }) =>
      (optional ? fc.option(below.payload, { nil: undefined }) : below.payload).map(payload => ({ name, payload }))))
    const extra = additional === undefined ? { zz: UNDECLARED } : {}
    const passed = additional === true ? { zz: [{ q: 1 }] } : typeof additional === 'object' ? { zz: 1, __proto: 2 } : {}
    return {
      schema,
      payload: declared.map(values => bySide(side => ({ ...members_(values, side), ...(side === 'given' && extra), ...passed })))
    }
  })
}

function members_ (values: Array<{ name: string, payload: Payload | undefined }>, side: Side): object {
  return Object.fromEntries(values.filter(({ payload }) => payload !== undefined).map(({ name, payload }) => [name, payload![side]]))
}

function bySide (make: (side: Side) => unknown): Payload {
  return { given: make('given'), expected: make('expected'), decoded: make('decoded') }
}

function array (below: fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  return below.map(({ schema, payload }) => ({
    schema: Type.Array(schema),
    payload: fc.array(payload, { maxLength: 3 }).map(transpose)
  }))
}

function tuple (below: fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  return fc.array(below, { minLength: 1, maxLength: 3 }).map(cases => ({
    schema: Type.Tuple(cases.map(({ schema }) => schema)),
    payload: fc.tuple(...cases.map(({ payload }) => payload)).map(transpose)
  }))
}

function transpose (payloads: Payload[]): Payload {
  return bySide(side => payloads.map(payload => payload[side]))
}

function record (below: fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  return below.map(({ schema, payload }) => ({
    schema: Type.Record(Type.String({ pattern: '^k' }), schema),
    payload: fc.dictionary(fc.constantFrom('k', 'k1', 'k"\n', 'kü'), payload, { noNullPrototype: true }).map(values => bySide(side => ({
      ...Object.fromEntries(Object.entries(values).map(([key, payload]) => [key, payload[side]])), ...undeclared(side)
    })))
  }))
}

function undeclared (side: Side): object {
  return side === 'given' ? { zz: UNDECLARED } : {}
}

function union (below: fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  return fc.array(below, { minLength: 1, maxLength: 3 }).map(cases => ({
    schema: Type.Union(cases.map(({ schema }) => schema)),
    payload: fc.oneof(...cases.map(({ payload }) => payload))
  }))
}

/** Where alternatives overlap, it can't be foretold as which of them a value with Transforms is encoded. */
function taggedUnion (below: fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  return fc.array(below, { minLength: 1, maxLength: 3 }).map(cases => ({
    schema: Type.Union(cases.map(({ schema }, tag) => Type.Object({ tag: Type.Literal(tag), value: schema }))),
    payload: fc.oneof(...cases.map(({ payload }, tag) => payload.map(payload => bySide(side => ({ tag, value: payload[side], ...undeclared(side) })))))
  }))
}

function intersect (below: fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  return fc.tuple(below, below).map(([one, other]) => ({
    schema: Type.Intersect([Type.Object({ one: one.schema }), Type.Object({ other: Type.Optional(other.schema) })]),
    payload: fc.tuple(one.payload, other.payload).map(([one, other]) => bySide(side => ({ one: one[side], other: other[side], ...undeclared(side) })))
  }))
}

/** In an object, since TypeBox applies a Transform of a recursive schema wherever that refers to itself. */
function nested (below: fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  return below.map(({ schema, payload }) => ({
    schema: Type.Object({ top: Type.Recursive(This => Type.Object({ value: schema, next: Type.Optional(This) }) as TObject) }),
    payload: fc.array(payload, { minLength: 1, maxLength: 3 }).map(payloads => payloads.reduce<Payload | undefined>((next, payload) => bySide(side => ({
      value: payload[side], ...(next !== undefined && { next: next[side] }), ...undeclared(side)
    })), undefined)!).map(payload => bySide(side => ({ top: payload[side] })))
  }))
}

function payloadOf (variety: Variety): fc.Arbitrary<[TSchema, Payload]> {
  return anyCase(3, variety).chain(({ schema, payload }) => fc.tuple(fc.constant(schema), payload))
}

function codecs (schema: TSchema): StreamCodec[] {
  return compilers.map(compile => compileStream(eventStream({ e: schema }) as unknown as EventStream, compile, 'GET /'))
}

for (const [what, variety] of Object.entries({ 'has no Transforms': WITHOUT_TRANSFORMS, 'has Transforms': WITH_TRANSFORMS })) {
  t.test(`a client gets what the schema declares of any payload that satisfies it, and who decodes it gets that back, if it ${what}`, async t => {
    fc.assert(fc.property(payloadOf(variety), fc.option(fc.nat(), { nil: undefined }), ([schema, { given, expected, decoded }], retry) => {
      const event = { event: 'e', data: given, ...(retry !== undefined && { retry }) }
      const before = inspect(given, { depth: Infinity })
      for (const { encodeParts, encode, frameOf, decode } of codecs(schema)) {
        const parts = encodeParts(event)
        assert.doesNotMatch(parts.data, /[\r\n]/)
        assert.deepStrictEqual(JSON.parse(parts.data), JSON.parse(JSON.stringify(expected)))
        assert.deepStrictEqual(decode(parts), { ...event, data: decoded })
        assert.equal(frameOf(parts), encode(event, false))
      }
      assert.equal(inspect(given, { depth: Infinity }), before)
    }), { numRuns: 150 })
  })
}

t.test('what a client gets is decoded as TypeBox would decode it', async t => {
  FormatRegistry.Set('date-time', text => /^\d{4}-\d\d-\d\dT/.test(text))
  t.teardown(() => FormatRegistry.Delete('date-time'))
  fc.assert(fc.property(payloadOf(KNOWN_TO_TYPEBOX), ([schema, { expected }]) => {
    const data = JSON.stringify(expected)
    for (const { decode } of codecs(schema)) {
      assert.deepStrictEqual(decode({ event: 'e', data }), { event: 'e', data: Value.Decode(schema, JSON.parse(data)) as unknown })
    }
  }), { numRuns: 300 })
})

t.test('of any other payload, a client gets one that satisfies the schema, or the producer gets an error without it', async t => {
  // Of the characters that no schema or message has.
  const secret = fc.string({ unit: fc.constantFrom('Ξ', 'Ψ', '\r', '\n', '\ud800'), minLength: 2, maxLength: 50 })
    .filter(text => /[ΞΨ]{2}/.test(text))
  const anything = fc.oneof(
    fc.object({ key: fc.oneof(name, secret, fc.constant('__proto__')), values: [secret, fc.boolean(), integer], maxDepth: 2 }),
    fc.anything({ key: fc.oneof(name, secret), values: [secret], withBigInt: true, withDate: true, withMap: true, withSet: true, withSparseArray: true, withTypedArray: true, withNullPrototype: true, maxDepth: 3 })
  )
  fc.assert(fc.property(anyCase(2, WITHOUT_TRANSFORMS), anything, ({ schema }, payload) => {
    for (const compile of compilers) {
      const { encode } = compile(schema, where)
      let json: string
      try {
        json = encode(payload)
      } catch (error) {
        const { code, message } = error as Error & { code?: string }
        assert.equal(code, 'FST_ERR_SSE_INVALID_EVENT')
        assert.doesNotMatch(message, /[ΞΨ]|undefined$/)
        continue
      }
      assert.doesNotMatch(json, /[\r\n]/)
      const received = JSON.parse(json) as unknown
      if (compile === compilers[0]) assert.deepEqual(JSON.parse(encode(received)), received)
    }
  }), { numRuns: 150 })
})
