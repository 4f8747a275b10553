import type { StandardSchemaV1 } from '@standard-schema/spec'
import t from 'tap'
import { standardJsonSchema } from '../../lib/schema/standard-json-schema.js'

function schemaOf (jsonSchema: unknown): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'own', validate: value => ({ value }), jsonSchema } } as StandardSchemaV1
}

t.test('asks a library for the dialect of TypeBox, of the side that is meant', async t => {
  const asked: unknown[] = []
  const side = (type: string) => (options: unknown) => {
    asked.push(options)
    return { type }
  }
  const schema = schemaOf({ input: side('string'), output: side('number') })
  t.strictSame(standardJsonSchema(schema, 'input'), { type: 'string' })
  t.strictSame(standardJsonSchema(schema, 'output'), { type: 'number' })
  t.strictSame(asked, [{ target: 'draft-07', libraryOptions: undefined }, { target: 'draft-07', libraryOptions: undefined }])
})

t.test('gives nothing where the library gives nothing, gives up, or gives something else', async t => {
  for (const converter of [undefined, {}, { output: () => { throw new Error('a morph') } }, { output: () => true }]) {
    t.equal(standardJsonSchema(schemaOf(converter), 'output'), undefined)
  }
})

t.test('tells why there is nothing, where the library throws', async t => {
  const failure = new Error('a morph')
  const told: unknown[] = []
  t.equal(standardJsonSchema(schemaOf({ output: () => { throw failure } }), 'output', cause => told.push(cause)), undefined)
  t.equal(standardJsonSchema(schemaOf(undefined), 'output', cause => told.push(cause)), undefined)
  t.strictSame(told, [failure])
})

t.test('refuses what the library has marked in its output, and says where', async t => {
  const marked = () => ({ properties: { 'a/b': { items: { 'x-foreign': 'date' } } } })
  const schema = schemaOf({ input: marked, output: marked })
  t.throws(() => standardJsonSchema(schema, 'output'), {
    message: "#/properties/a~1b/items has the type 'date', which JSON does not have; transform it to what JSON has, such as a string"
  })
  t.strictSame(standardJsonSchema(schema, 'input'), marked())
})

t.test('makes a property optional that may be undefined', async t => {
  const given = () => ({ properties: { a: { anyOf: [{ type: 'string' }, { 'x-undefined': true }] } }, required: ['a'] })
  t.strictSame(standardJsonSchema(schemaOf({ output: given }), 'output'), { properties: { a: { anyOf: [{ type: 'string' }] } }, required: [] })
})
