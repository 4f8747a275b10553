import t from 'tap'
import * as v from 'valibot'
import { wordsOf } from '../../lib/schema/words.js'

t.test('finds the words of a schema', async t => {
  const words = wordsOf(v.object({ symbol: v.string(), inner: v.object({ value: v.pipe(v.number(), v.minValue(1)) }) }))
  for (const word of ['symbol', 'inner', 'value', 'number', '>=1']) t.ok(words.has(word), word)
  t.notOk(words.has('secret'))
})

t.test('calls no getter, and finds an end in a circle', async t => {
  const schema = { get type () { return t.fail('it was called') }, self: {}, kind: 'x', length: 1, none: null }
  schema.self = schema
  t.strictSame(wordsOf(schema), new Set(['type', 'self', 'kind', 'x', 'length', 'none']))
})

t.test('gives up on what is too large for a schema', async t => {
  t.ok(wordsOf({ list: Array.from({ length: 20_000 }, (_, index) => ({ [`word ${index}`]: {} })) }).size < 20_003)
})
