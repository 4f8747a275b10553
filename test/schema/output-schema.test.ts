import type { StandardSchemaV1 } from '@standard-schema/spec'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import t from 'tap'
import * as v from 'valibot'
import * as z from 'zod'
import { outputSchema } from '../../lib/schema/output-schema.js'
import { compile } from '../helpers/payload.js'

/** A schema of no library. */
function schemaOf (jsonSchema: unknown, vendor = 'own'): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor, validate: value => ({ value }), jsonSchema } } as StandardSchemaV1
}

function problemOf (schema: StandardSchemaV1): string {
  try {
    outputSchema(schema)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('nothing was refused')
}

const user = type({ name: 'string' })
const copy = (value: object): object => ({ ...value })
const OPEN = " is open, though what comes in there is not, and may bring along what nobody has declared; say what is made of it, as by ArkType's .to() after .pipe()"

t.test('needs a JSON Schema of a library that may keep what is not declared', async t => {
  const problem = "# needs a JSON Schema, by which to drop what it does not declare, and 'own' gives none by '~standard'.jsonSchema (ArkType does from 2.1.28 on)"
  t.equal(problemOf(schemaOf(undefined)), problem)
  t.equal(problemOf(schemaOf({ output: () => { throw new Error('no such dialect') } })), `${problem}; it said 'no such dialect'`)
  t.equal(problemOf(schemaOf({ output: () => { throw null } })), `${problem}; it said 'null'`) // eslint-disable-line no-throw-literal
  const ofEarlierArkType = { '~standard': { version: 1, vendor: 'arktype', validate: user['~standard'].validate } } as const
  t.equal(problemOf(ofEarlierArkType), problem.replace('own', 'arktype'))
})

t.test('needs none of Zod and Valibot, which drop it themselves', async t => {
  t.equal(outputSchema(v.object({ name: v.string() })), undefined)
  t.equal(outputSchema(schemaOf(undefined, 'zod')), undefined)
  for (const schema of [v.object({ name: v.string() }), v.variant('name', [v.object({ name: v.string() })]), z.union([z.object({ name: z.string() }), z.string().transform(name => ({ name }))])]) {
    t.equal(compile(schema).encode({ name: 'Ann', secret: 'x' }), '{"name":"Ann"}')
  }
})

t.test('refuses what a morph leaves open where it is given what may hold more', async t => {
  const cases: Array<[schema: StandardSchemaV1, place: string]> = [
    [user.or(type('string').pipe(name => ({ name }))), '#'],
    [user.pipe(copy), '#'],
    [user.array().pipe(users => users.map(copy)), '#'],
    [type({ user: user.pipe(copy) }), '#/properties/user'],
    [type({ user: user.or(type('string').pipe(name => ({ name }))) }), '#/properties/user'],
    [user.pipe(copy).array(), '#/items'],
    [type({ '[string]': user.pipe(copy) }), '#/additionalProperties'],
    [type(['string', user.pipe(copy)]), '#/items/1'],
    [type({ k: "'a'", x: type('string').pipe(Number) }).or({ k: "'b'", x: user.pipe(copy) }), '#/anyOf/0/properties/x'],
    [type.module({ node: { user: type({ name: 'string' }).pipe(copy), 'next?': 'node' } }).node, '#/definitions/*/properties/user'],
    [schemaOf({ output: () => ({}) }), '#'],
    [schemaOf({ output: () => ({ properties: { a: {} } }) }), '#/properties/a'],
    [schemaOf({ output: () => ({ type: 'array' }), input: () => ({ type: 'array', items: { type: 'object' } }) }), '#/items'],
    [schemaOf({ output: () => ({ properties: { a: {} } }), input: () => ({ $ref: '#/$defs/a', $defs: { a: { properties: { a: { type: 'object' } } } } }) }), '#/properties/a']
  ]
  for (const [schema, place] of cases) t.equal(problemOf(schema).replace(/(?<=definitions\/)\w+/, '*'), place + OPEN)
})

t.test('takes what a morph makes of a text or a date, which bring along nothing', async t => {
  const schemas = [
    type('string').pipe(name => ({ name })), type({ 'on?': type('Date').pipe(String) }), type('number').pipe(Number).array(),
    type({ k: "'a'", x: type('string').pipe(Number) }).or({ k: "'b'", x: type('number').pipe(String) })
  ]
  for (const schema of schemas) t.type(outputSchema(schema), 'object')
})

t.test('takes what is said of a morph', async t => {
  const said = user.pipe(copy).to({ name: 'string' })
  t.equal(compile(said).encode({ name: 'Ann', secret: 'x' }), '{"name":"Ann"}')
  t.type(outputSchema(user.pipe(copy).to({ '[string]': 'unknown' })), 'object')
})

t.test('takes what is declared to be open', async t => {
  const data = { list: [{ a: 1 }], more: { a: 1 }, tuple: ['x', { a: 1 }] }
  t.equal(compile(type({ list: 'unknown[]', more: 'Record<string, unknown>', tuple: ['string', '...', 'unknown[]'] })).encode(data), JSON.stringify(data))
  t.equal(compile(type('unknown')).encode(data), JSON.stringify(data))
  const { node } = type.module({ node: { any: 'unknown', 'next?': 'node' } })
  t.equal(compile(node).encode({ any: data, secret: 'x', next: { any: 1, secret: 'x' } }), JSON.stringify({ any: data, next: { any: 1 } }))
})

t.test('takes an alternative that is undefined for none', async t => {
  const schema = type({ user: user.or('undefined') })
  t.equal(compile(schema).encode({ user: { name: 'Ann', secret: 'x' } }), '{"user":{"name":"Ann"}}')
  t.equal(compile(schema).encode({ user: undefined }), '{}')
})

t.test('refuses what JSON Schema has no words for', async t => {
  t.equal(problemOf(type({ list: ['...', user.array(), 'string'] })),
    "#/properties/list is an array whose rest is not last, of which JSON Schema can't say what it declares; declare it in another way")
})

t.test('leaves open what Valibot leaves open', async t => {
  const schema = toStandardJsonSchema(v.object({ meta: v.looseObject({ a: v.string() }), rest: v.objectWithRest({}, v.number()) }))
  const data = { meta: { a: 'x', more: { b: 1 } }, rest: { c: 1 } }
  t.equal(compile(schema).encode({ ...data, secret: 'x' }), JSON.stringify(data))
})
