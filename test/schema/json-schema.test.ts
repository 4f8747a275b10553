import t from 'tap'
import { dereference, escapePointer, isSchemaObject, mapSubschemas, type SchemaObject, unescapePointer } from '../../lib/schema/json-schema.js'

t.test('visits each schema directly below', async t => {
  const below = (at: string): SchemaObject => ({ title: at })
  const schema: SchemaObject = {
    additionalItems: below('/additionalItems'),
    additionalProperties: below('/additionalProperties'),
    allOf: [below('/allOf/0'), below('/allOf/1')],
    anyOf: [below('/anyOf/0')],
    contains: below('/contains'),
    definitions: { a: below('/definitions/a') },
    $defs: { a: below('/$defs/a') },
    dependencies: { a: below('/dependencies/a'), b: ['c'] },
    else: below('/else'),
    if: below('/if'),
    items: [below('/items/0'), true],
    not: below('/not'),
    oneOf: [below('/oneOf/0')],
    patternProperties: { '^/~': below('/patternProperties/^~1~0') },
    properties: { items: below('/properties/items') },
    propertyNames: below('/propertyNames'),
    then: below('/then')
  }
  const seen: Array<[unknown, string]> = []
  const mapped = mapSubschemas(schema, (subschema, pointer) => {
    seen.push([subschema['title'], pointer])
    return false
  })
  t.equal(seen.length, 18)
  for (const [title, pointer] of seen) t.equal(title, pointer)
  t.strictSame(mapped.items, [false, true])
  t.strictSame(mapped.dependencies, { a: false, b: ['c'] })
  t.strictSame(mapped.properties, { items: false })
  t.strictSame(mapped.not, false)
})

t.test('leaves data, wrong keywords and names that look like keywords alone', async t => {
  const schema = { const: { not: {} }, enum: [{ not: {} }], default: { items: {} }, properties: [1], allOf: 'x', items: true, custom: { not: {} } }
  const mapped = mapSubschemas(schema as never, () => t.fail('no schema is here') as never)
  t.strictSame(mapped, schema)
  t.not(mapped, schema)
})

t.test('keeps a property named __proto__', async t => {
  const mapped = mapSubschemas({ properties: JSON.parse('{ "__proto__": {} }') }, () => true)
  t.strictSame(Object.entries(mapped.properties!), [['__proto__', true]])
})

t.test('tells a schema object', async t => {
  for (const [value, is] of [[{}, true], [[], false], [null, false], [true, false], [undefined, false], ['x', false]] as const) t.equal(isSchemaObject(value), is)
})

t.test('follows references of a bundle', async t => {
  const root = { definitions: { 1: { type: 'string' }, 2: false } }
  t.equal(dereference(root, '#'), root)
  t.equal(dereference(root, '#/definitions/1'), root.definitions[1])
  t.equal(dereference(root, '#/definitions/2'), false)
})

t.test('escapes names for a JSON pointer', async t => {
  for (const [name, segment] of [['a', 'a'], ['a/b', 'a~1b'], ['~1', '~01'], ['~/~', '~0~1~0']] as const) {
    t.equal(escapePointer(name), segment)
    t.equal(unescapePointer(segment), name)
  }
})
