import type { StandardSchemaV1 } from '@standard-schema/spec'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import t from 'tap'
import * as v from 'valibot'
import * as z from 'zod'
import { FOREIGN_KEYWORD, LIBRARY_OPTIONS, UNDEFINED_KEYWORD, UNTOLD_KEYWORD } from '../../lib/schema/library-options.js'

/** The JSON Schema that a library gives of its output with these options. */
function outputOf (schema: object): unknown {
  const { '~standard': { jsonSchema, vendor } } = toConverter(schema)
  const { $schema, ...output } = jsonSchema.output({ target: 'draft-07', libraryOptions: LIBRARY_OPTIONS[vendor] })
  return output
}

interface Converter { '~standard': { vendor: string, jsonSchema: { output: (options: object) => Record<string, unknown> } } }

function toConverter (schema: object): Converter {
  const { vendor } = (schema as StandardSchemaV1)['~standard']
  return (vendor === 'valibot' ? toStandardJsonSchema(schema as never) : schema) as Converter
}

t.test('leave open just that part of a schema of which nothing is known', async t => {
  const required = ['a', 'b']
  t.strictSame(outputOf(z.looseObject({ a: z.string(), b: z.string().transform(Number) })),
    { type: 'object', properties: { a: { type: 'string' }, b: {} }, required, additionalProperties: {} })
  t.strictSame(outputOf(v.object({ a: v.string(), b: v.pipe(v.string(), v.transform(Number)) })),
    { type: 'object', properties: { a: { type: 'string' }, b: {} }, required })
  t.strictSame(outputOf(type({ a: 'string', b: type('string').pipe(Number) })),
    { type: 'object', properties: { a: { type: 'string' }, b: {} }, required })
})

t.test('know the transformations of Valibot after which a value is what it was', async t => {
  t.strictSame(outputOf(v.pipe(v.string(), v.trim(), v.toLowerCase(), v.brand('Name'), v.readonly())), { type: 'string' })
  t.strictSame(outputOf(v.pipe(v.string(), v.toNumber())), {})
  t.strictSame(outputOf(v.pipe(v.string(), v.transform(Number), v.number(), v.check(() => true))), { type: 'number' })
})

t.test('mark what JSON does not have', async t => {
  const foreign: Array<[schema: object, kind: string]> = [
    [z.date(), 'date'], [z.bigint(), 'bigint'], [z.map(z.string(), z.string()), 'map'], [z.set(z.string()), 'set'], [z.symbol(), 'symbol'],
    [z.nan(), 'nan'], [z.void(), 'void'], [z.file(), 'file'], [z.codec(z.string(), z.date(), { decode: text => new Date(text), encode: String }), 'date'],
    [v.date(), 'date'], [v.bigint(), 'bigint'], [v.map(v.string(), v.string()), 'map'], [v.function(), 'function'], [v.pipe(v.string(), v.transform(text => new Date(text)), v.date()), 'date'],
    [type('Date'), 'Date'], [type('bigint'), 'bigint'], [type('symbol'), 'symbol'], [type('Map'), 'Map'], [type('string.date.parse'), 'Date'], [type("Date > d'2020-01-01'"), 'Date']
  ]
  for (const [schema, kind] of foreign) t.match(outputOf(schema), { [FOREIGN_KEYWORD]: kind })
})

t.test('mark nothing that a transform replaces', async t => {
  t.strictSame(outputOf(z.date().transform(date => date.toISOString())), {})
  t.strictSame(outputOf(z.date().transform(date => date.toISOString()).pipe(z.string())), { type: 'string' })
  t.strictSame(outputOf(v.pipe(v.date(), v.transform(date => date.toISOString()))), {})
  t.strictSame(outputOf(type('Date').pipe(date => date.toISOString())), {})
  t.strictSame(outputOf(type('Date').pipe(date => date.toISOString()).to('string')), { type: 'string' })
})

t.test('leave open what is no more than unusual', async t => {
  t.strictSame(outputOf(z.instanceof(URL)), {})
  t.strictSame(outputOf(v.instance(URL)), {})
  t.strictSame(outputOf(type('string').narrow(() => true)), { type: 'string' })
})

t.test("tell Valibot's open objects from others", async t => {
  const [properties, required] = [{ a: { type: 'string' } }, ['a']]
  const entries = { a: v.string() }
  t.strictSame(outputOf(v.object(entries)), { type: 'object', properties, required })
  t.strictSame(outputOf(v.looseObject(entries)), { type: 'object', properties, required, additionalProperties: {} })
  t.strictSame(outputOf(v.strictObject(entries)), { type: 'object', properties, required, additionalProperties: false })
  t.strictSame(outputOf(v.objectWithRest(entries, v.number())), { type: 'object', properties, required, additionalProperties: { type: 'number' } })
  t.strictSame(outputOf(v.record(v.string(), v.number())), { type: 'object', propertyNames: { type: 'string' }, additionalProperties: { type: 'number' } })
})

t.test('mark what may be undefined', async t => {
  const marked = { [UNDEFINED_KEYWORD]: true }
  t.strictSame(outputOf(z.union([z.string(), z.undefined()])), { anyOf: [{ type: 'string' }, marked] })
  t.strictSame(outputOf(v.union([v.string(), v.undefined()])), { anyOf: [{ type: 'string' }, marked] })
  t.strictSame(outputOf(v.undefinedable(v.string())), { type: 'string', ...marked })
  t.strictSame(outputOf(type('string | undefined')), { anyOf: [{ type: 'string' }, marked] })
})

t.test('mark what JSON Schema has no words for', async t => {
  t.strictSame(outputOf(type(['...', type('number').array(), 'string'])), { type: 'array', minItems: 1, [UNTOLD_KEYWORD]: 'an array whose rest is not last' })
})
