import t from 'tap'
import { Definitions } from '../../lib/schema/definitions.js'
import { openResource, type Place } from '../../lib/schema/reference.js'

t.test('a place is copied once, and the root of the document is there already', async t => {
  const { root } = openResource('', { definitions: { text: { type: 'string' } } })
  const text: Place = { ...root, pointer: '/definitions/text', schema: { type: 'string' } }
  const copied: Place[] = []
  const definitions = new Definitions(place => {
    copied.push(place)
    return place.schema
  })
  t.equal(definitions.refer(root), '#')
  t.equal(definitions.refer(text), '#/definitions/1')
  t.equal(definitions.refer({ ...text }), '#/definitions/1')
  t.equal(definitions.refer({ ...text, resource: { ...text.resource, name: 'other' } }), '#/definitions/2')
  t.equal(copied.length, 2)
  t.strictSame(definitions.schemas, { 1: { type: 'string' }, 2: { type: 'string' } })
})

t.test('a place that refers to itself is no endless work', async t => {
  const { root } = openResource('', {})
  const node: Place = { ...root, pointer: '/definitions/node', schema: {} }
  const definitions: Definitions = new Definitions(place => ({ items: { $ref: definitions.refer(place) } }))
  t.equal(definitions.refer(node), '#/definitions/1')
  t.strictSame(definitions.schemas, { 1: { items: { $ref: '#/definitions/1' } } })
})
