import { Type } from '@sinclair/typebox'
import t from 'tap'
import { compile, encode, refusal } from '../helpers/payload.js'

const A = Type.Object({ a: Type.Number() })
const AB = Type.Object({ a: Type.Number(), b: Type.Number() })
const payload = { a: 1, b: 2, c: 3 }

t.test('sends what any schema declares that applies to the payload', async t => {
  const cases: Array<[schema: object, payload: unknown, expected: unknown]> = [
    // Unions: every alternative that fits
    [Type.Union([A, AB]), payload, { a: 1, b: 2 }],
    [Type.Union([AB, A]), { a: 1, c: 3 }, { a: 1 }],
    [Type.Union([A, Type.Object({ b: Type.String() })]), { a: 1, b: 2 }, { a: 1 }],
    [Type.Union([A, Type.Null()]), payload, { a: 1 }],
    [Type.Union([A, Type.Array(A)]), [payload], [{ a: 1 }]],
    [Type.Union([A, Type.Array(A), Type.Null()]), payload, { a: 1 }],
    [Type.Union([A, Type.Any()]), payload, payload],
    [Type.Union([A, Type.Any()]), { b: 1 }, { b: 1 }],
    [{ oneOf: [{ ...A, additionalProperties: false }, AB] }, payload, { a: 1, b: 2 }],
    [{ anyOf: [true, A] }, payload, payload],
    [{ anyOf: [false, A] }, payload, { a: 1 }],
    [{ anyOf: [{ $ref: '#/definitions/yes' }, A], definitions: { yes: true } }, payload, payload],
    [{ anyOf: [{ $ref: '#/definitions/a' }, AB], definitions: { a: A } }, payload, { a: 1, b: 2 }],
    [{ anyOf: [{ enum: [[1], { c: 3 }] }, A] }, { c: 3 }, { c: 3 }],
    [Type.Union([Type.Object({ list: Type.Array(A) }), Type.Object({ list: Type.Array(AB), n: Type.Number() })]), { list: [payload, payload], n: 1, c: 1 }, { list: [{ a: 1, b: 2 }, { a: 1, b: 2 }], n: 1 }],
    // Intersections: all parts, of which one that says nothing leaves it to the others
    [Type.Intersect([A, Type.Object({ b: Type.Number() })]), payload, { a: 1, b: 2 }],
    [Type.Intersect([A, Type.Any()]), payload, { a: 1 }],
    [Type.Intersect([A, Type.Not(Type.Object({ z: Type.Any() }))]), payload, { a: 1 }],
    [Type.Intersect([Type.Object({ o: A }), Type.Object({ o: AB })]), { o: payload }, { o: { a: 1, b: 2 } }],
    [Type.Intersect([Type.Object({ o: Type.Any() }), Type.Object({ o: AB })]), { o: payload }, { o: payload }],
    [Type.Intersect([Type.Object({ o: AB }), Type.Object({ o: Type.Any() })]), { o: payload }, { o: payload }],
    [Type.Intersect([Type.Any(), Type.Unknown()]), payload, payload],
    [{ ...A, allOf: [{ properties: { b: {} } }] }, payload, { a: 1, b: 2 }],
    [{ ...A, anyOf: [{ required: ['a'] }, { required: ['z'] }] }, payload, { a: 1 }],
    [{ type: 'object', properties: { a: {} }, $ref: '#/definitions/b', definitions: { b: { properties: { b: {} } } } }, payload, { a: 1, b: 2 }],
    // Conditions
    [{ if: { properties: { a: { const: 1 } } }, then: { properties: { b: {} } }, else: { properties: { c: {} } } }, payload, { a: 1, b: 2 }],
    [{ if: { properties: { a: { const: 2 } } }, then: { properties: { b: {} } }, else: { properties: { c: {} } } }, payload, { c: 3 }],
    [{ if: { properties: { a: { const: 2 } } }, then: { properties: { b: {} } } }, payload, payload],
    [{ ...A, if: { properties: { a: { const: 2 } } }, then: { properties: { b: {} } } }, payload, { a: 1 }],
    [{ if: true, then: A, else: AB }, payload, { a: 1 }],
    [{ if: { not: {} }, then: A, else: AB }, payload, { a: 1, b: 2 }],
    [{ ...A, dependencies: { a: { properties: { b: {} } }, z: { properties: { c: {} } }, b: ['a'] } }, payload, { a: 1, b: 2 }],
    // Objects that are open
    [Type.Object({ a: Type.Number() }, { additionalProperties: true }), { a: 1, b: { c: [1] } }, { a: 1, b: { c: [1] } }],
    [Type.Object({ o: A }, { additionalProperties: true }), { o: payload, b: { c: [1] } }, { o: { a: 1 }, b: { c: [1] } }],
    [Type.Object({ x: Type.Any() }, { additionalProperties: A }), { x: 1, y: payload }, { x: 1, y: { a: 1 } }],
    [Type.Object({ x: Type.Any() }, { additionalProperties: Type.Any() }), { x: 1, y: payload }, { x: 1, y: payload }],
    [Type.Record(Type.String(), A), { x: payload, y: payload }, { x: { a: 1 }, y: { a: 1 } }],
    [Type.Record(Type.Integer(), A), { 1: payload, y: payload }, { 1: { a: 1 } }],
    [{ patternProperties: { '^x': A }, additionalProperties: { type: 'number' } }, { x1: payload, y: 1 }, { x1: { a: 1 }, y: 1 }],
    [{ patternProperties: { '^x': A, '1$': AB }, additionalProperties: false }, { x1: payload, x2: payload }, { x1: { a: 1, b: 2 }, x2: { a: 1 } }],
    [{ properties: { x1: A }, patternProperties: { '^x': { properties: { c: {} } } } }, { x1: payload, z: 1 }, { x1: { a: 1, c: 3 } }],
    // Arrays
    [Type.Array(Type.Any()), [1, payload, [payload]], [1, payload, [payload]]],
    [Type.Array(Type.Union([A, AB])), [payload, { a: 1, c: 1 }], [{ a: 1, b: 2 }, { a: 1 }]],
    [Type.Tuple([A, Type.Number()]), [payload, 1], [{ a: 1 }, 1]],
    [{ type: 'array', items: [A] }, [payload, payload], [{ a: 1 }, payload]],
    [{ type: 'array', items: [A], additionalItems: AB }, [payload, payload], [{ a: 1 }, { a: 1, b: 2 }]],
    [{ type: 'array' }, [payload], [payload]],
    [{ items: A }, [payload], [{ a: 1 }]],
    [{ items: A }, payload, payload],
    [{ properties: { a: {} } }, [payload], [payload]],
    [{ type: ['array', 'object'], items: A, properties: { b: {} } }, [payload], [{ a: 1 }]],
    [{ type: ['array', 'object'], items: A, properties: { b: {} } }, payload, { b: 2 }],
    // Values
    [Type.Object({ a: Type.Any(), n: Type.Null(), s: Type.String() }), { a: null, n: null, s: '' }, { a: null, n: null, s: '' }],
    [Type.Object({ a: Type.Any() }), { a: [undefined, () => {}], b: 1 }, { a: [null, null] }],
    [Type.Object({ a: Type.Optional(Type.Any()), b: Type.Optional(Type.Any()) }), { a: () => {}, b: undefined }, {}],
    [{ const: { a: { b: 1 } } }, { a: { b: 1 } }, { a: { b: 1 } }],
    [{ type: 'object', enum: [payload, 1] }, payload, payload],
    [Type.Unsafe({}), payload, payload],
    [{ type: 'object' }, payload, {}],
    [{ required: ['a'] }, payload, {}]
  ]
  for (const [schema, given, expected] of cases) {
    const before = structuredClone(JSON.parse(JSON.stringify(given)))
    for (const validate of [true, false]) {
      t.strictSame(JSON.parse(encode(schema, given, { validate })), expected, JSON.stringify(schema))
    }
    t.strictSame(JSON.parse(JSON.stringify(given)), before, 'the payload is left alone')
  }
})

t.test('recursion in unions', async t => {
  const Tree = Type.Recursive(This => Type.Union([Type.Null(), Type.Object({ left: This, right: This })]))
  t.equal(encode(Tree, { left: { left: null, right: null, x: 1 }, right: null, x: 1 }), '{"left":{"left":null,"right":null},"right":null}')
  const Json = Type.Recursive(This => Type.Union([Type.Array(This), Type.Record(Type.String(), This), Type.Number()]))
  t.equal(encode(Json, { a: [1, { b: 2 }] }), '{"a":[1,{"b":2}]}')
  const Loop = { properties: { next: { anyOf: [{ $ref: '#/definitions/same' }, { type: 'null' }] } }, definitions: { same: { anyOf: [{ $ref: '#' }, { $ref: '#/definitions/same' }] } } }
  t.equal(encode(Loop, { next: null }), '{"next":null}')
})

t.test('copies an object with many properties as it copies others', async t => {
  const names = Array.from({ length: 300 }, (_, index) => `f${index}`)
  const wide = Object.fromEntries(names.map(name => [name, Type.Optional(Type.Any())]))
  const open = { ...Type.Object({ ...wide, inner: A }), patternProperties: { '^x': A } }
  const Both = Type.Intersect([open, Type.Object({ inner: AB, last: Type.Any() })])
  const given = { ...Object.fromEntries(names.map((name, index) => [name, index % 3 === 0 ? undefined : { index }])), inner: payload, x: payload, last: 1, more: 1 }
  const { inner: _, x: __, last: ___, more: ____, ...fields } = given
  t.equal(encode(open, given), JSON.stringify({ ...fields, inner: { a: 1 }, x: { a: 1 } }))
  t.equal(encode(Both, given), JSON.stringify({ ...fields, inner: { a: 1, b: 2 }, x: { a: 1 }, last: 1 }))
})

t.test('keeps a property named __proto__', async t => {
  const payload = JSON.parse('{ "__proto__": { "a": 1, "b": 2 }, "x": { "a": 1 } }')
  t.equal(encode(Type.Record(Type.String(), A), payload), '{"__proto__":{"a":1},"x":{"a":1}}')
  t.equal(encode({ patternProperties: { _: A, p: { properties: { b: {} } } } }, payload), '{"__proto__":{"a":1,"b":2}}')
  t.equal(encode(Type.Union([Type.Record(Type.String(), A), Type.Record(Type.String(), AB)]), JSON.parse('{ "__proto__": { "a": 1, "b": 2 } }')), '{"__proto__":{"a":1,"b":2}}')
})

t.test('sends no property that every object has', async t => {
  const schema = Type.Object({ constructor: Type.Optional(Type.Any()), a: Type.Any() })
  t.equal(encode(schema, { a: 1 }), '{"a":1}')
  t.equal(encode(schema, { constructor: 2, a: 1 }), '{"constructor":2,"a":1}')
})

t.test('sends what the check has seen of a class', async t => {
  class Tick {
    readonly #secret = 1
    readonly own = 1
    get value (): number { return this.#secret }
  }
  for (const schema of [Type.Object({ value: Type.Number() }), Type.Object({ value: Type.Any() })]) {
    t.equal(encode(schema, new Tick()), '{"value":1}')
  }
})

t.test('writes sparse arrays, -0 and large numbers as JSON does', async t => {
  const sparse: unknown[] = []
  sparse[2] = -0
  t.equal(encode(Type.Array(Type.Any()), sparse), '[null,null,0]')
  t.equal(encode(Type.Array(Type.Union([Type.Number(), Type.Any()])), [1e300, -0]), '[1e+300,0]')
})

t.test('a payload that was not checked', async t => {
  const mismatch = 'the payload should have the shape of its schema'
  const unchecked = { validate: false }
  const Open = Type.Object({ a: Type.Any(), s: Type.Optional(Type.String()), l: Type.Optional(Type.Array(Type.Any())), o: Type.Optional(A) })
  t.equal(refusal(Open, { s: { secret: 1 } }, unchecked), mismatch)
  t.equal(refusal(Open, { s: ['secret'] }, unchecked), mismatch)
  t.equal(refusal(Open, { l: { secret: 1 } }, unchecked), mismatch)
  t.equal(refusal(Open, { o: ['secret'] }, unchecked), mismatch)
  t.equal(refusal(Open, [], unchecked), mismatch)
  t.equal(encode(Open, { s: 1, l: 'x', o: null }, unchecked), '{"s":1,"l":"x","o":null}')
  t.equal(refusal(Type.Union([A, AB]), { b: 1 }, unchecked), mismatch)
  t.equal(refusal(Type.Union([A, Type.Null()]), { b: 1 }, unchecked), 'the payload should be representable as JSON, but that fails')
  t.equal(refusal(Type.Union([A, Type.Object({})]), ['secret'], unchecked), mismatch)
  t.equal(refusal({ enum: [{ a: 1 }] }, { a: 1, secret: 1 }, unchecked), mismatch)
  t.equal(refusal({ const: [1] }, ['secret'], unchecked), mismatch)
  t.equal(encode({ const: [1] }, [1], unchecked), '[1]')
})

t.test('checks no alternative whose kind tells', async t => {
  let checks = 0
  const count = Object.assign(() => { checks++; return true }, {})
  const counted = { type: 'object', counted: true, patternProperties: { a: {} } }
  const { encode } = compile({ anyOf: [counted, { type: 'array', items: {} }, { type: 'null' }] }, {
    ajv: { onCreate: ajv => { ajv.addKeyword({ keyword: 'counted', validate: count }) } }
  })
  t.equal(encode({ a: 1, b: 1 }), '{"a":1}')
  t.equal(checks, 1)
})
