import t from 'tap'
import { withoutUndefined } from '../../lib/schema/without-undefined.js'

const undefinedOnly = { 'x-undefined': true }
const text = { type: 'string' }

t.test('a property that may be undefined may be missing', async t => {
  t.strictSame(withoutUndefined({
    type: 'object',
    properties: {
      a: { anyOf: [text, undefinedOnly] },
      b: { ...text, ...undefinedOnly },
      c: { anyOf: [{ anyOf: [text, undefinedOnly] }, { type: 'null' }] },
      d: text,
      e: true
    },
    required: ['a', 'b', 'c', 'd', 'e', 'f']
  }), {
    type: 'object',
    properties: { a: { anyOf: [text] }, b: text, c: { anyOf: [{ anyOf: [text] }, { type: 'null' }] }, d: text, e: true },
    required: ['d', 'e', 'f']
  })
})

t.test('a property that is always undefined is none', async t => {
  t.strictSame(withoutUndefined({ properties: { a: undefinedOnly, b: text } }), { properties: { b: text } })
})

t.test('finds what may be undefined anywhere, and leaves the schema alone', async t => {
  const schema = { items: { properties: { a: { anyOf: [text, undefinedOnly] } }, required: ['a'] } }
  const before = structuredClone(schema)
  t.strictSame(withoutUndefined(schema), { items: { properties: { a: { anyOf: [text] } }, required: [] } })
  t.strictSame(schema, before)
  t.strictSame(withoutUndefined(undefinedOnly), {})
})
