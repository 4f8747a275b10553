import { type TSchema, Type } from '@sinclair/typebox'
import t from 'tap'
import { bundle } from '../../lib/schema/bundle.js'
import { serializerSchema } from '../../lib/schema/serializer-schema.js'
import { encode } from '../helpers/payload.js'

function find (schema: object, sharedSchemas = {}): unknown {
  return serializerSchema(bundle(schema as TSchema, { sharedSchemas, isFormat: () => true, isKeyword: () => true }))
}

const string = { type: 'string', nullable: false }
const number = { type: 'number', nullable: false }

function object (properties: object, required = Object.keys(properties), additionalProperties: unknown = false): object {
  return { type: 'object', properties, required, additionalProperties, nullable: false }
}

t.test('takes what fast-json-stringify writes right, and nothing that would make it convert values', async t => {
  const cases: Array<[schema: object, expected: unknown]> = [
    [Type.String({ format: 'date-time', default: 'x', maxLength: 3 }), string],
    [Type.Unsafe({ type: 'string', format: 'unsafe' }), string],
    [Type.Number({ minimum: 1 }), number],
    [Type.Integer(), { type: 'integer', nullable: false }],
    [Type.Boolean(), { type: 'boolean', nullable: false }],
    [Type.Null(), { type: 'null' }],
    [Type.Literal('x'), string],
    [Type.Literal(1), number],
    [{ const: null }, { type: 'null' }],
    [{ enum: ['x', 'y', null] }, { type: 'string', nullable: true }],
    [Type.Enum({ a: 1, b: 'x' }), { type: ['number', 'string'], nullable: false }],
    [Type.TemplateLiteral([Type.Literal('a'), Type.String()]), string],
    [{ type: ['null', 'string', 'integer'] }, { type: ['string', 'integer'], nullable: true }],
    [{ type: 'string', nullable: true }, { type: 'string', nullable: true }],
    [Type.Union([Type.String(), Type.Null(), Type.String({ format: 'email' })]), { type: 'string', nullable: true }],
    [Type.Object({}), object({})],
    [Type.Object({ a: Type.String(), b: Type.Optional(Type.Number()) }), object({ a: string, b: number }, ['a'])],
    [Type.Object({ a: Type.Object({}) }, { additionalProperties: false }), object({ a: object({}) })],
    [Type.Object({}, { additionalProperties: Type.Number() }), object({}, [], number)],
    [{ type: 'object', required: ['b'] }, object({})],
    [{ type: 'object', nullable: true }, { ...object({}), nullable: true }],
    [Type.Array(Type.Object({ a: Type.String() })), { type: 'array', items: object({ a: string }), nullable: false }],
    [Type.Union([Type.Object({}), Type.Null()]), { ...object({}), nullable: true }],
    [{ oneOf: [{ type: 'array', items: { type: 'string' } }, { const: null }] }, { type: 'array', items: string, nullable: true }],
    [{ $ref: '#/definitions/a', definitions: { a: { type: 'string' } } }, string],
    [Type.Object({ a: { $ref: 'S#' } as never, b: { $ref: 'S#' } as never }), object({ a: string, b: string })]
  ]
  for (const [schema, expected] of cases) t.strictSame(find(schema, { S: { $id: 'S', type: 'string' } }), expected, JSON.stringify(schema))
})

t.test('leaves the rest', async t => {
  const cases: object[] = [
    Type.Any(),
    Type.Object({ a: Type.Any() }),
    Type.Object({ a: Type.Optional(Type.Unknown()) }),
    Type.Object({}, { additionalProperties: true }),
    Type.Object({}, { additionalProperties: Type.Any() }),
    Type.Object({ constructor: Type.String() }),
    Type.Record(Type.String(), Type.String()),
    Type.Tuple([Type.String()]),
    Type.Array(Type.Any()),
    { type: 'array' },
    { type: 'array', items: true },
    { properties: { a: true }, type: 'object' },
    { properties: {} },
    { type: ['object', 'array'], items: { type: 'string' } },
    { type: ['object', 'string'] },
    { enum: [{ a: 1 }] },
    Type.Union([Type.Object({}), Type.Object({})]),
    Type.Union([Type.Object({}), Type.String()]),
    Type.Union([Type.Any(), Type.Null()]),
    { anyOf: [{ type: 'string' }], oneOf: [{ type: 'string' }] },
    { type: 'string', anyOf: [{ type: 'string' }] },
    { $ref: '#/definitions/a', type: 'string', definitions: { a: { type: 'string' } } },
    { allOf: [{ type: 'string' }] },
    { type: 'object', if: true },
    { type: 'object', dependencies: {} },
    Type.Recursive(This => Type.Object({ next: Type.Optional(This) })),
    Type.Not(Type.String())
  ]
  for (const schema of cases) t.equal(find(schema), undefined, JSON.stringify(schema))
})

t.test('does not inline references without end', async t => {
  const levels = Array.from({ length: 12 }, (_, level) => [`l${level}`, {
    type: 'object', properties: { a: { $ref: `#/definitions/l${level + 1}` }, b: { $ref: `#/definitions/l${level + 1}` } }
  }])
  const schema = { $ref: '#/definitions/l0', definitions: { ...Object.fromEntries(levels), l12: { type: 'string' } } }
  t.equal(find(schema), undefined)
  t.equal(encode(schema, { a: { x: 1, b: {} } }), '{"a":{"b":{}}}')
})

t.test('takes an object of any width, which nothing is inlined in', async t => {
  const wide = Array.from({ length: 3_000 }, (_, index) => [`f${index}`, { type: 'string' }] as const)
  const { properties } = find({ type: 'object', properties: Object.fromEntries(wide) }) as { properties: object }
  t.strictSame(properties, Object.fromEntries(wide.map(([name]) => [name, string])))
})

t.test('strings are escaped as JSON.stringify escapes them', async t => {
  for (const text of ['\ud800', 'a\udfff', '\u2028\u2029', '\r\n', '"\\', '\0\x1f\x7f', '😀', 'x'.repeat(100) + '\ud800"\n', '']) {
    t.equal(encode(Type.String(), text), JSON.stringify(text))
    t.equal(encode(Type.Array(Type.String()), Array(200).fill(text)), JSON.stringify(Array(200).fill(text)))
  }
})

t.test('numbers are written as JSON.stringify writes them', async t => {
  for (const number of [0, -0, 0.1, -1e21, 1e300, 5e-324, Number.MAX_SAFE_INTEGER]) {
    t.equal(encode(Type.Number(), number), JSON.stringify(number))
    if (Number.isInteger(number)) t.equal(encode(Type.Integer(), number), JSON.stringify(number))
  }
})

t.test('values of several types are written by their own', async t => {
  const schema = Type.Array(Type.Union([Type.String(), Type.Integer(), Type.Boolean(), Type.Null()]))
  t.equal(encode(schema, ['1', 1, true, null, '', 0, false]), '["1",1,true,null,"",0,false]')
  t.equal(encode(Type.Array(Type.Union([Type.Object({ a: Type.Number() }), Type.Null()])), [{ a: 1, b: 1 }, null]), '[{"a":1},null]')
})
