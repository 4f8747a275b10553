import { Type } from '@sinclair/typebox'
import t from 'tap'
import { Type as Type1 } from 'typebox'
import { encode, refusal } from '../helpers/payload.js'

const SECRET = 'a secret'

/** Each keyword once: a schema, a payload with the secret that it refuses, and what is said. */
const cases: Array<[schema: object, payload: unknown, message: string]> = [
  [Type.Number(), SECRET, 'the payload should be number'],
  [Type.Object({ a: Type.Number() }), { a: SECRET }, '/a should be number'],
  [Type.Object({ 'a/b~': Type.Number() }), { 'a/b~': SECRET }, '/a~1b~0 should be number'],
  [Type.Object({ a: Type.Array(Type.Number()) }), { a: [1, SECRET] }, '/a/1 should be number'],
  [{ type: ['number', 'null'] }, SECRET, 'the payload should be number,null'],
  [Type.Object({ a: Type.Number() }), { [SECRET]: 1 }, "the payload should have required property 'a'"],
  [Type.Object({}, { additionalProperties: false }), { [SECRET]: 1 }, 'the payload should not have properties that its schema does not declare'],
  [Type.Object({}, { additionalProperties: Type.Number() }), { [SECRET]: SECRET }, '/* should be number'],
  [Type.Record(Type.String(), Type.Object({ a: Type.Number() })), { [SECRET]: { a: SECRET } }, '/*/a should be number'],
  [Type.Record(Type.Integer(), Type.Object({ a: Type.Array(Type.Number()) })), { 4111: { a: [SECRET] } }, '/*/a/0 should be number'],
  [Type1.Refine(Type1.String(), () => false, text => text), SECRET, 'the payload should be what its Refine takes'],
  [Type.String({ format: 'email' }), SECRET, 'the payload should match format "email"'],
  [Type.String({ pattern: '^x' }), SECRET, 'the payload should match pattern "^x"'],
  [Type.String({ minLength: 20 }), SECRET, 'the payload should not have fewer than 20 characters'],
  [Type.String({ maxLength: 1 }), SECRET, 'the payload should not have more than 1 characters'],
  [Type.Number({ minimum: 5 }), 4, 'the payload should be >= 5'],
  [Type.Number({ exclusiveMaximum: 5 }), 7654, 'the payload should be < 5'],
  [Type.Number({ multipleOf: 5 }), 7654, 'the payload should be multiple of 5'],
  [Type.Integer(), 76.54, 'the payload should be integer'],
  [Type.Array(Type.Any(), { minItems: 2 }), [SECRET], 'the payload should not have fewer than 2 items'],
  [Type.Array(Type.Any(), { uniqueItems: true }), [SECRET, SECRET], 'the payload should not have duplicate items (items ## 0 and 1 are identical)'],
  [Type.Array(Type.Any(), { contains: Type.Number() }), [SECRET], 'the payload should contain at least 1 valid item(s)'],
  [Type.Tuple([Type.Any()]), [1, SECRET], 'the payload should not have more than 1 items'],
  [{ type: 'object', minProperties: 2 }, { [SECRET]: 1 }, 'the payload should not have fewer than 2 properties'],
  [{ type: 'object', propertyNames: { pattern: '^x' } }, { [SECRET]: 1 }, 'each property name of the payload should match pattern "^x"'],
  [{ type: 'object', propertyNames: { enum: ['x'] } }, { [SECRET]: 1 }, 'each property name of the payload should be one of "x"'],
  [{ type: 'object', dependencies: { a: ['b'] } }, { a: SECRET }, 'the payload should have property b when property a is present'],
  [Type.Literal('x'), SECRET, 'the payload should be "x"'],
  [Type.Enum({ one: 1, two: 'x' }), SECRET, 'the payload should be 1, or the payload should be "x"'],
  [{ enum: ['x', 1, null] }, SECRET, 'the payload should be one of "x", 1, null'],
  [Type.Not(Type.String()), SECRET, 'the payload should not be what its schema excludes'],
  [Type.Never(), SECRET, 'the payload should not be what its schema excludes'],
  [{ properties: { a: false } }, { a: SECRET }, '/a should not be what its schema excludes'],
  [{ oneOf: [{ type: 'string' }, { maxLength: 10 }] }, SECRET, 'the payload should match exactly one schema in oneOf'],
  [{ if: { type: 'string' }, then: { format: 'email' } }, SECRET, 'the payload should match format "email"'],
  [{ if: { type: 'string' }, else: { type: 'null' } }, 7654, 'the payload should be null']
]

t.test('says where and what was expected, and nothing of the payload', async t => {
  for (const [schema, payload, message] of cases) t.equal(refusal(schema, payload), message)
})

t.test('of a union, tells the alternative that got furthest', async t => {
  const Shape = Type.Union([
    Type.Object({ kind: Type.Literal('circle'), radius: Type.Number() }),
    Type.Object({ kind: Type.Literal('square'), side: Type.Object({ length: Type.Number() }) }),
    Type.Null()
  ])
  t.equal(refusal(Shape, { kind: 'circle', radius: SECRET }), '/radius should be number')
  t.equal(refusal(Shape, { kind: 'square', side: { length: SECRET } }), '/side/length should be number')
  t.equal(refusal(Shape, { kind: SECRET }), "the payload should have required property 'radius', or the payload should have required property 'side', or the payload should be null")
  t.equal(refusal(Type.Array(Shape), [null, { kind: SECRET, radius: 1, side: {} }]), '/1/kind should be "circle", or /1/kind should be "square"')
  t.equal(refusal(Type.Union([Type.Literal('x'), Type.Number()]), SECRET), 'the payload should be "x", or the payload should be number')
  t.equal(refusal(Type.Object({ at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]) }), { at: SECRET }),
    '/at should match format "date-time", or /at should be null')
})

t.test('of a union whose alternatives have a property that tells them apart, tells the alternative that is meant', async t => {
  const Change = Type.Union([
    Type.Object({ kind: Type.Literal('count'), value: Type.Number() }),
    Type.Object({ kind: Type.Unsafe({ enum: ['name', 'title'] }), value: Type.Object({}) })
  ])
  t.equal(refusal(Change, { kind: 'count', value: SECRET }), '/value should be number')
  t.equal(refusal(Change, { kind: 'name', value: SECRET }), '/value should be object')
  t.equal(refusal(Change, { kind: SECRET, value: 1 }), '/kind should be "count", or /kind should be one of "name", "title"')
})

t.test('of a union whose alternatives differ by a literal, tells the literals, but not all of many', async t => {
  const literals = (count: number): object => Type.Union(Array.from({ length: count }, (_, index) => Type.Literal(index)))
  t.equal(refusal(literals(4), SECRET), [0, 1, 2, 3].map(literal => `the payload should be ${literal}`).join(', or '))
  t.equal(refusal(literals(5), SECRET), [0, 1, 2, 3].map(literal => `the payload should be ${literal}`).join(', or ') + ', or match another alternative')
  t.equal(refusal(Type.Union([]), SECRET), 'the payload should not be what its schema excludes')
})

t.test('an object that would be serialized by its toJSON is none', async t => {
  const message = '/at should be a plain object: this one has a toJSON method, so send what that returns'
  const At = Type.Object({ at: Type.Object({}) })
  t.equal(refusal(At, { at: new Date() }), message)
  t.equal(refusal(At, { at: { toJSON: () => SECRET } }), message)
  t.equal(encode(At, { at: { toJSON: 1 } }), '{"at":{}}')
  t.equal(encode(Type.Object({ toJSON: Type.String() }), { toJSON: 'x' }), '{"toJSON":"x"}')
})

t.test('names the tag of alternatives that have one', async t => {
  const tagged = { type: 'object', discriminator: { propertyName: 'kind' }, required: ['kind'], oneOf: [{ properties: { kind: { const: 'x' } } }] }
  const ajv = { customOptions: { discriminator: true } }
  t.equal(refusal(tagged, { kind: SECRET }, { ajv }), "the payload should have the tag of an alternative in 'kind'")
  t.equal(refusal(tagged, { kind: 7654 }, { ajv }), "the payload should have the tag of an alternative in 'kind'")
})

t.test("does not repeat the payload where ajv's messages could, with its $data", async t => {
  const schema = Type.Object({ low: Type.Any(), high: Type.Unsafe({ type: 'string', const: { $data: '1/low' } }) })
  const ajv = { customOptions: { $data: true } } as const
  t.equal(refusal(schema, { low: SECRET, high: 'x' }, { ajv }), "/high should pass the keyword 'const'")
  t.equal(refusal(schema, { low: SECRET, high: 1 }, { ajv }), "/high should pass the keyword 'type'")
  t.equal(encode(schema, { low: 'x', high: 'x' }, { ajv }), '{"low":"x","high":"x"}')
  const listed = Type.Object({ all: Type.Array(Type.String()), one: Type.Unsafe({ type: 'string', enum: { $data: '1/all' } }) })
  t.equal(refusal(listed, { all: [SECRET], one: 'x' }, { ajv }), "/one should pass the keyword 'enum'")
  t.equal(encode(listed, { all: ['x'], one: 'x' }, { ajv }), '{"all":["x"],"one":"x"}')
})

t.test('does not repeat the messages of keywords from elsewhere', async t => {
  const Keyword = Object.assign((_: boolean, data: unknown) => {
    Keyword.errors = [{ keyword: 'own', message: `must not be ${String(data)}` }]
    return false
  }, { errors: [] as object[] })
  t.equal(refusal({ own: true }, SECRET, { ajv: { onCreate: ajv => { ajv.addKeyword({ keyword: 'own', validate: Keyword as never, errors: true }) } } }),
    "the payload should pass the keyword 'own'")
})

t.test('looks into the errors that ajv-errors replaces', async t => {
  const Keyword = Object.assign(() => {
    Keyword.errors = [{
      keyword: 'errorMessage',
      message: SECRET,
      params: { errors: [{ keyword: 'type', instancePath: '/a', message: 'must be number', params: {} }] }
    }]
    return false
  }, { errors: [] as object[] })
  t.equal(refusal({ errorMessage: true }, { a: SECRET }, {
    ajv: { customOptions: { allErrors: true }, onCreate: ajv => { ajv.addKeyword({ keyword: 'errorMessage', validate: Keyword as never, errors: 'full' }) } }
  }), '/* should be number')
})

t.test('calls no getter to name a place', async t => {
  const payload = { get list () { return [SECRET] } }
  t.equal(refusal(Type.Object({ list: Type.Array(Type.Number()) }), payload), '/list/* should be number')
})
