import { Kind, TransformKind, type TSchema, Type } from '@sinclair/typebox'
import t from 'tap'
import { Type as Type1 } from 'typebox'
import { bundle, constantsOf, speaksOfArrays, speaksOfObjects, typesOf } from '../../lib/schema/bundle.js'
import { payloadCompiler } from '../../lib/schema/compile.js'
import { compile, encode, errorOf, refusal, schemaProblem } from '../helpers/payload.js'

const User = Type.Object({ name: Type.String() }, { $id: 'User' })

t.test('a schema with an $id may occur many times', async t => {
  const schema = Type.Object({ from: User, to: Type.Array(User) })
  t.equal(encode(schema, { from: { name: 'a', x: 1 }, to: [{ name: 'b', x: 1 }] }), '{"from":{"name":"a"},"to":[{"name":"b"}]}')
  t.equal(refusal(schema, { from: { name: 'a' }, to: [{ name: 1 }] }), '/to/0/name should be string')
})

t.test('schemas of different streams may have the same $id', async t => {
  const compile = payloadCompiler({ sharedSchemas: {}, validate: true })
  const where = { route: 'GET /', event: 'e' }
  const one = compile(Type.Object({ a: Type.String() }, { $id: 'Same' }), where)
  const two = compile(Type.Object({ a: Type.Number() }, { $id: 'Same' }), where)
  const inside = compile(Type.Object({ same: Type.Object({ a: Type.Boolean() }, { $id: 'Same' }), again: Type.Optional(Type.Ref('Same')) }), where)
  t.equal(one.encode({ a: 'x' }), '{"a":"x"}')
  t.equal(two.encode({ a: 1 }), '{"a":1}')
  t.equal(inside.encode({ same: { a: true }, again: { a: false } }), '{"same":{"a":true},"again":{"a":false}}')
  t.throws(() => one.encode({ a: 1 }), { message: "event 'e': /a should be string" })
  t.throws(() => two.encode({ a: 'x' }), { message: "event 'e': /a should be number" })
  t.throws(() => inside.encode({ same: { a: true }, again: { a: 1 } }), { message: "event 'e': /again/a should be boolean" })
})

t.test('Recursive', async t => {
  const Node = Type.Recursive(This => Type.Object({ name: Type.String(), below: Type.Array(This) }))
  const tree = { name: 'a', x: 1, below: [{ name: 'b', x: 1, below: [{ name: 'c', below: [] }] }] }
  const json = '{"name":"a","below":[{"name":"b","below":[{"name":"c","below":[]}]}]}'
  t.equal(encode(Node, tree), json)
  t.equal(encode(Type.Object({ one: Node, other: Type.Array(Node) }), { one: tree, other: [tree] }), `{"one":${json},"other":[${json}]}`)
  t.equal(refusal(Node, { name: 'a', below: [{ name: 'b', below: [{ name: 1, below: [] }] }] }), '/below/0/below/0/name should be string')
  const Named = Type.Recursive(This => Type.Union([Type.String(), Type.Array(This)]), { $id: 'Named' })
  t.equal(encode(Named, ['a', ['b', ['c']]]), '["a",["b",["c"]]]')
  t.equal(refusal(Named, ['a', ['b', [1]]]), '/1/1/0 should be string, or /1/1/0 should be array')
})

t.test('Module', async t => {
  const People = Type.Module({
    Person: Type.Object({ name: Type.String(), address: Type.Ref('Address'), friends: Type.Optional(Type.Array(Type.Ref('Person'))) }),
    Address: Type.Object({ city: Type.String() }),
    Unused: Type.Date()
  })
  const Person = People.Import('Person')
  const ann = { name: 'Ann', address: { city: 'Bonn', x: 1 }, friends: [{ name: 'Bo', address: { city: 'Rom' }, x: 1 }] }
  const json = '{"name":"Ann","address":{"city":"Bonn"},"friends":[{"name":"Bo","address":{"city":"Rom"}}]}'
  t.equal(encode(Person, ann), json)
  t.equal(refusal(Person, { name: 'Ann', address: { city: 1 } }), '/address/city should be string')

  const Plants = Type.Module({ Address: Type.Object({ bed: Type.Number() }), Plant: Type.Object({ address: Type.Ref('Address') }) })
  const both = Type.Object({ person: Person, plant: Plants.Import('Plant') })
  t.equal(encode(both, { person: ann, plant: { address: { bed: 1 } } }), `{"person":${json},"plant":{"address":{"bed":1}}}`)
  t.equal(refusal(both, { person: ann, plant: { address: { city: 'Rom' } } }), "/plant/address should have required property 'bed'")
})

t.test('schemas shared by addSchema', async t => {
  const sharedSchemas = {
    User: { $id: 'User', type: 'object', properties: { name: { type: 'string' }, city: { $ref: 'City#' }, boss: { $ref: '#' } } },
    City: { $id: 'City', type: 'object', properties: { zip: { $ref: '#/definitions/zip' } }, definitions: { zip: { type: 'string', maxLength: 5 } } }
  }
  const user = { name: 'a', x: 1, city: { zip: '12345', x: 1 }, boss: { name: 'b', x: 1 } }
  const json = '{"name":"a","city":{"zip":"12345"},"boss":{"name":"b"}}'
  for (const ref of ['User', 'User#']) {
    t.equal(encode({ $ref: ref }, user, { sharedSchemas }), json)
    t.equal(encode(Type.Object({ user: Type.Unsafe({ $ref: ref }), users: Type.Array(Type.Ref(ref)) }), { user, users: [user] }, { sharedSchemas }), `{"user":${json},"users":[${json}]}`)
    t.equal(refusal({ $ref: ref }, { boss: { city: { zip: '123456' } } }, { sharedSchemas }), '/boss/city/zip should not have more than 5 characters')
  }
  t.equal(encode({ $ref: 'City#/definitions/zip' }, '1', { sharedSchemas }), '"1"')
  t.equal(encode(Type.Object({ own: User, user: Type.Ref('User') }), { own: { name: 'a' }, user: { name: 'b', city: {} } }, { sharedSchemas }), '{"own":{"name":"a"},"user":{"name":"b"}}', 'an own $id comes first')
})

t.test('a schema that refers to its own parts', async t => {
  const schema = {
    type: 'object',
    properties: { a: { $ref: '#/definitions/a' }, b: { $ref: '#/definitions/union/anyOf/1' }, self: { $ref: '#' }, anything: { $ref: '#/definitions/all' } },
    definitions: { a: { type: 'string' }, union: { anyOf: [{ type: 'string' }, { $ref: '#/definitions/a' }] }, all: true }
  }
  t.equal(encode(schema, { a: 'x', b: 'y', self: { a: 'z', x: 1 }, anything: { q: 1 } }), '{"a":"x","b":"y","self":{"a":"z"},"anything":{"q":1}}')
})

t.test('refuses a $ref to nothing', async t => {
  const unresolved = (place: string, ref: string): string => `${place} has the $ref '${ref}', which can't be resolved; share that schema by addSchema(), or embed it`
  t.equal(schemaProblem(Type.Object({ user: Type.Ref('User') })), unresolved('#/properties/user', 'User'))
  t.equal(schemaProblem({ $ref: '#/definitions/none' }), unresolved('#', '#/definitions/none'))
  t.equal(schemaProblem({ $ref: 'S' }, { sharedSchemas: { S: { $id: 'S', items: { $ref: 'T#' } } } }), unresolved('S#/items', 'T#'))
  t.equal(schemaProblem({ $ref: 'S' }, { sharedSchemas: { S: 'no schema' } }), unresolved('#', 'S'))
  t.equal(schemaProblem({ items: { $ref: '#/definitions/a' }, definitions: { a: { $ref: 'gone' } } }), unresolved('#/items', '#/definitions/a'), 'also further down the chain')
})

t.test('refuses a $ref that means nothing but itself', async t => {
  t.equal(schemaProblem({ $ref: '#' }), "# refers to itself by the $ref '#'")
  t.equal(schemaProblem({ items: { $ref: '#/definitions/a' }, definitions: { a: { $ref: '#/definitions/b' }, b: { $ref: '#/definitions/a' } } }),
    "#/items refers to itself by the $ref '#/definitions/a'")
})

t.test('refuses what JSON does not have, wherever it is', async t => {
  const advice: Array<[TSchema, string]> = [
    [Type.BigInt(), "has the type 'bigint', which JSON does not have; use Type.Transform over a string"],
    [Type.Date(), "has the type 'Date', which JSON does not have; use Type.Transform over a string"],
    [Type.Uint8Array(), "has the type 'Uint8Array', which JSON does not have; use Type.Transform over a string"],
    [Type.RegExp(/x/), "has the type 'RegExp', which JSON does not have; use Type.String({ pattern })"],
    [Type.Undefined(), "has the type 'undefined', which JSON does not have; use Type.Optional"],
    [Type.Void(), "has the type 'void', which JSON does not have; use Type.Null"],
    [Type.Symbol(), "has the type 'symbol', which JSON does not have; leave it out"],
    [Type.Function([], Type.Any()), "has the type 'Function', which JSON does not have; leave it out"],
    [Type.Constructor([], Type.Any()), "has the type 'Constructor', which JSON does not have; leave it out"],
    [Type.Promise(Type.Any()), "has the type 'Promise', which JSON does not have; leave it out"],
    [Type.Iterator(Type.Any()), "has the type 'Iterator', which JSON does not have; leave it out"],
    [Type.AsyncIterator(Type.Any()), "has the type 'AsyncIterator', which JSON does not have; leave it out"],
    [Type.Unsafe({ type: ['string', 'Date'] }), "has the type 'Date', which JSON does not have; use Type.Transform over a string"]
  ]
  for (const [schema, problem] of advice) {
    t.equal(schemaProblem(schema), `# ${problem}`)
    t.equal(schemaProblem(Type.Object({ 'a/b': Type.Optional(schema) })), `#/properties/a~1b ${problem}`)
    t.equal(schemaProblem(Type.Array(Type.Union([Type.Null(), schema]))), `#/items/anyOf/1 ${problem}`)
    t.equal(schemaProblem(Type.Intersect([Type.Object({}), Type.Record(Type.String(), Type.Tuple([schema]))])), `#/allOf/1/patternProperties/^(.*)$/items/0 ${problem}`)
    t.equal(schemaProblem(Type.Recursive(This => Type.Object({ schema, next: Type.Optional(This) }))), `#/properties/schema ${problem}`)
    t.equal(schemaProblem(Type.Module({ A: Type.Object({ b: Type.Ref('B') }), B: schema }).Import('A')), `#/$defs/B ${problem}`)
    t.equal(schemaProblem(Type.Transform(schema).Decode(value => value).Encode(value => value)), `# ${problem}`)
  }
})

t.test('refuses what can not be checked', async t => {
  t.equal(schemaProblem(Type.Object({ a: Type.String({ format: 'nope' }) })), "#/properties/a has the format 'nope', which is unknown; add it to the server's ajv option")
  t.equal(schemaProblem(Type.Object({ a: Type.Unsafe({ $async: true, type: 'string' }) })), "#/properties/a is asynchronous ($async), but events can't wait for their check")
  t.equal(schemaProblem({ [Kind]: 'Argument', description: 'x' }), "# is of TypeBox's kind 'Argument', which can't be checked as JSON Schema")
  t.equal(schemaProblem({ properties: JSON.parse('{ "__proto__": {} }') }), '# declares the property "__proto__", which can\'t be checked')
  t.equal(schemaProblem({ properties: { '\ud800': {} } }), '# declares the property "\\ud800", which can\'t be checked')
  t.equal(errorOf(() => compile(Type.Intersect([Type.Object({})], { unevaluatedProperties: false }))).code, 'FST_ERR_SSE_SCHEMA_BUILD')
  const circular: Record<string, unknown> = {}
  circular['items'] = circular
  t.equal(schemaProblem(circular), 'Maximum call stack size exceeded')
  t.equal(encode({ [Kind]: 'StringEnum', enum: ['a'] }, 'a'), '"a"', "but a user's own kind has keywords")
})

t.test('takes no data for a schema, and no property name for a keyword', async t => {
  const odd = { type: 'Date', $ref: 'nowhere', $id: 'x', format: 'nope' }
  t.equal(encode({ default: odd, examples: [odd], title: 't', enum: [odd, 'a'] }, 'a'), '"a"')
  const names = Type.Object({ $ref: Type.String(), $id: Type.String(), type: Type.String(), definitions: Type.Object({ a: Type.String() }) })
  t.equal(encode(names, { $ref: 'a', $id: 'b', type: 'c', definitions: { a: 'd' } }), '{"$ref":"a","$id":"b","type":"c","definitions":{"a":"d"}}')
})

t.test('lets OpenAPI annotate', async t => {
  const annotations = { example: 'a', externalDocs: {}, xml: {}, 'x-own': 1, discriminator: { propertyName: 'a' } }
  t.equal(encode(Type.Object({ a: Type.String(annotations) }, annotations), { a: 'x' }), '{"a":"x"}')
  const tagged = { type: 'object', discriminator: { propertyName: 'a' }, required: ['a'], oneOf: [{ properties: { a: { const: 'x' }, b: {} } }, { properties: { a: { const: 'y' } } }] }
  t.equal(refusal(tagged, { a: 'z' }, { ajv: { customOptions: { discriminator: true } } }), "the payload should have the tag of an alternative in 'a'")
  t.equal(encode(tagged, { a: 'x', b: 1, c: 1 }, { ajv: { customOptions: { discriminator: true } } }), '{"a":"x","b":1}')
})

t.test('gives each alternative a name, and follows the names that there are', async t => {
  const surroundings = { sharedSchemas: {}, isFormat: () => true, isKeyword: () => true }
  const { schema, names } = bundle(Type.Object({
    a: Type.Union([Type.Recursive(This => Type.Object({ next: Type.Union([This, Type.Null()]) }), { $id: 'R' }), Type.Null()])
  }), surroundings)
  t.strictSame(JSON.parse(JSON.stringify(schema)), {
    type: 'object',
    required: ['a'],
    'x-plain-object': true,
    properties: { a: { anyOf: [{ $ref: '#/definitions/1' }, { $ref: '#/definitions/3' }] } },
    definitions: {
      1: { type: 'object', required: ['next'], properties: { next: { anyOf: [{ $ref: '#/definitions/1' }, { $ref: '#/definitions/2' }] } }, 'x-plain-object': true },
      2: { type: 'null' },
      3: { type: 'null' }
    }
  })
  t.strictSame(names, new Set(['a', 'next']))
})

t.test('keeps Transforms', async t => {
  const When = Type.Transform(Type.String()).Decode(text => new Date(text)).Encode(date => date.toISOString())
  const { schema } = bundle(Type.Object({ at: When }), { sharedSchemas: {}, isFormat: () => true, isKeyword: () => true })
  t.equal((schema.properties!['at'] as { [TransformKind]?: unknown })[TransformKind], When[TransformKind])
})

t.test('reads what a schema says of types and values', async t => {
  t.strictSame(typesOf({}), undefined)
  t.strictSame(typesOf({ type: 'string' }), ['string'])
  t.strictSame(typesOf({ type: ['string', 'null'] }), ['string', 'null'])
  t.strictSame(typesOf({ type: 'string', nullable: true }), ['string', 'null'])
  t.strictSame(typesOf({ nullable: true }), undefined)
  t.strictSame(constantsOf({ const: undefined }), [undefined])
  t.strictSame(constantsOf({ enum: [1, null] }), [1, null])
  t.strictSame(constantsOf({ enum: { $data: '/a' } as never }), undefined)
  t.strictSame(constantsOf({}), undefined)
  for (const [schema, objects, arrays] of [
    [{}, false, false], [{ type: 'object' }, true, false], [{ type: ['array', 'null'] }, false, true], [{ required: [] }, true, false],
    [{ minItems: 1 }, false, true], [{ type: 'string', properties: {}, items: {} }, false, false]
  ] as const) {
    t.equal(speaksOfObjects(schema as never), objects)
    t.equal(speaksOfArrays(schema as never), arrays)
  }
})

t.test('leaves the schema alone', async t => {
  const schema = Type.Object({ a: Type.Union([User, Type.Ref('User'), Type.Literal('x')]) })
  const before = structuredClone(schema)
  compile(schema)
  t.strictSame(structuredClone(schema), before)
})

t.test('schemas of typebox 1.x', async t => {
  const Node = Type1.Cyclic({ Node: Type1.Object({ name: Type1.String(), below: Type1.Array(Type1.Ref('Node')) }) }, 'Node')
  t.equal(encode(Node, { name: 'a', x: 1, below: [{ name: 'b', x: 1, below: [] }] }), '{"name":"a","below":[{"name":"b","below":[]}]}')
  t.equal(refusal(Node, { name: 'a', below: [{ name: 1, below: [] }] }), '/below/0/name should be string')

  const { Person } = Type1.Module({ Person: Type1.Object({ address: Type1.Ref('Address') }), Address: Type1.Object({ city: Type1.String() }) })
  t.equal(encode(Person, { address: { city: 'Bonn', x: 1 } }), '{"address":{"city":"Bonn"}}')
  t.equal(encode(Type1.Object({ a: Type1.Any(), b: Type1.Unsafe<string>({ type: 'string' }) }), { a: [1], b: 'x', c: 1 }), '{"a":[1],"b":"x"}')
  t.equal(encode(Type1.Script('{ x: number, y: "a" | "b" }'), { x: 1, y: 'b', z: 1 }), '{"x":1,"y":"b"}')
  t.equal(encode(Type1.Object({ user: Type1.Ref('User') }), { user: { name: 'Ann', x: 1 } }, { sharedSchemas: { User } }), '{"user":{"name":"Ann"}}')
  t.equal(schemaProblem(Type1.Object({ a: Type1.BigInt() })), "#/properties/a has the type 'bigint', which JSON does not have; use Type.Codec over a string")
  t.equal(schemaProblem(Type1.Object({ a: Type1.Void() })), "#/properties/a has the type 'void', which JSON does not have; use Type.Null")
})

t.test('Codec of typebox 1.x is a Transform', async t => {
  const Day = Type1.Codec(Type1.String({ format: 'date' })).Decode(text => new Date(text)).Encode(date => date.toISOString().slice(0, 10))
  const schema = Type1.Object({ on: Day, until: Type1.Optional(Type1.Union([Type1.Null(), Day])) })
  const { encode, decode } = compile(schema)
  const payload = { on: new Date(0), until: new Date(86_400_000) }
  t.equal(encode({ ...payload, x: 1 }), '{"on":"1970-01-01","until":"1970-01-02"}')
  t.strictSame(decode(encode(payload)), payload)
  t.equal(encode({ on: new Date(0), until: null }), '{"on":"1970-01-01","until":null}')
  t.equal(refusal(schema, { on: '1970-01-01' }), '/on should be a value that its Transform encodes, but that threw')
})

t.test('Refine of typebox 1.x asks for more than a JSON Schema can', async t => {
  const Even = Type1.Refine(Type1.Number(), value => value % 2 === 0, value => `${value} is odd`)
  const schema = Type1.Object({ count: Type1.Union([Even, Type1.Null()]) })
  t.equal(encode(schema, { count: 2, x: 1 }), '{"count":2}')
  t.equal(encode(schema, { count: null }), '{"count":null}')
  t.equal(refusal(schema, { count: 3 }), '/count should be what its Refine takes, or /count should be null')
  t.equal(encode(schema, { count: 3 }, { validate: false }), '{"count":3}', 'unless nothing is checked')
})

t.test('a reference among alternatives may be transformed, or asked for more', async t => {
  const When = Type.String({ $id: 'When' })
  const sharedSchemas = { When }
  const Decoded = Type.Transform(Type.Ref('When')).Decode(text => new Date(text as string)).Encode(date => date.toISOString())
  t.equal(encode(Type.Union([Decoded, Type.Null()]), new Date(0), { sharedSchemas }), '"1970-01-01T00:00:00.000Z"')
  const Short = Type1.Refine(Type1.Ref('When'), text => (text as string).length < 3)
  t.equal(encode(Type1.Union([Short, Type1.Null()]), 'ab', { sharedSchemas }), '"ab"')
  t.equal(refusal(Type1.Union([Short, Type1.Null()]), 'abc', { sharedSchemas }), 'the payload should be what its Refine takes, or the payload should be null')
})
