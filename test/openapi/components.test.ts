import t from 'tap'
import { Components } from '../../lib/openapi/components.js'
import { openResource, type Place } from '../../lib/schema/reference.js'

/** The place of a schema in a document in which other things stand too. */
function place (schema: object, others: object = {}): Place {
  const { root } = openResource('', { ...others, properties: { it: schema as never } })
  return { resource: root.resource, pointer: '/properties/it', schema: schema as never }
}

t.test('a schema has one name wherever it stands', async t => {
  const components = new Components(() => new Map())
  t.equal(components.name(place({ $id: 'A', type: 'string' }), 'A', {}), 'A')
  t.equal(components.name(place({ $id: 'A', type: 'string' }, { title: 'elsewhere' }), 'A', {}), 'A')
})

t.test('another schema, and another document, have names of their own', async t => {
  const components = new Components(() => new Map())
  t.equal(components.name(place({ type: 'string' }), 'A', {}), 'A')
  t.equal(components.name(place({ type: 'number' }), 'A', { 'A-2': {} }), 'A-3')
  t.equal(components.name(place({ type: 'string' }), 'B', { B: {} }), 'B-2')
  t.equal(new Components(() => new Map()).name(place({ type: 'number' }), 'A', {}), 'A')
})

t.test('what a schema refers to counts as part of it, but for itself', async t => {
  const components = new Components(() => new Map())
  const recursive = { $id: 'A', items: { $ref: 'A' } }
  t.equal(components.name(place(recursive), 'A', {}), 'A')
  t.equal(components.name(place(recursive, { title: 'elsewhere' }), 'A', {}), 'A')
  const referring = { $id: 'B', items: { $ref: 'A' } }
  t.equal(components.name(place(referring), 'B', {}), 'B')
  t.equal(components.name(place(referring), 'B', {}), 'B')
  t.equal(components.name(place(referring, { title: 'elsewhere' }), 'B', {}), 'B-2')
})

t.test('a name that others have is left to them, unless they mean the same', async t => {
  const text = { $id: 'Text', type: 'string' }
  const list = { $id: 'List', items: { $ref: 'Text' } }
  const tree = { $id: 'Tree', items: { $ref: 'Tree' } }
  const elsewhere = new Map(Object.entries({
    Text: [text], List: [list], Tree: [tree], Number: [{ $id: 'Number', type: 'string' }], Many: [{ $id: 'Many' }, { $id: 'Many', type: 'string' }], 'Many-2': [{}]
  }).map(([id, schemas]) => [id, new Set(schemas.map(schema => JSON.stringify(schema)))]))
  let asked = 0
  const components = new Components(() => { asked++; return elsewhere })
  t.strictSame([text, tree, { $id: 'Number', type: 'number' }, { $id: 'Many' }, { $id: 'Free' }]
    .map(schema => components.name(place(schema), schema.$id, {})), ['Text', 'Tree', 'Number-2', 'Many-3', 'Free'])
  t.equal(components.name(place(list), 'List', {}), 'List-2', 'what it refers to may differ')
  t.equal(asked, 1)
})
