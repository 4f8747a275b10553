import { Type } from '@sinclair/typebox'
import t from 'tap'
import { exampleOf } from '../../../lib/inspector/page/example.js'

t.test('an example has what the schema asks for', async t => {
  const schema = Type.Object({
    symbol: Type.String(),
    at: Type.String({ format: 'date-time' }),
    value: Type.Number({ minimum: 3 }),
    count: Type.Integer(),
    isNew: Type.Boolean(),
    side: Type.Union([Type.Literal('buy'), Type.Literal('sell')]),
    tags: Type.Array(Type.String()),
    any: Type.Array(Type.Any()),
    nothing: Type.Null(),
    preset: Type.String({ default: 'x' }),
    shown: Type.String({ examples: ['y', 'z'] }),
    chosen: Type.Unsafe({ enum: ['first', 'second'] }),
    both: Type.Intersect([Type.Object({ a: Type.Number() }), Type.Object({ b: Type.String() })])
  })
  t.strictSame(exampleOf(schema), {
    symbol: '',
    at: '2026-01-01T00:00:00Z',
    value: 3,
    count: 0,
    isNew: false,
    side: 'buy',
    tags: [''],
    any: [null],
    nothing: null,
    preset: 'x',
    shown: 'y',
    chosen: 'first',
    both: { a: 0, b: '' }
  })
})

t.test('what says little, or nothing, has an example as well', async t => {
  t.strictSame(
    [{}, true, null, { type: 'object' }, { type: 'array' }, { type: ['string', 'null'] }, { oneOf: [{ type: 'number' }] }, { type: 'what' }].map(schema => exampleOf(schema)),
    [null, null, null, {}, [], '', 0, null]
  )
})

t.test('what holds itself ends somewhere', async t => {
  const schema: { type: string, items?: object } = { type: 'array' }
  schema.items = schema
  t.equal(JSON.stringify(exampleOf(schema)), '[[[[[[[null]]]]]]]')
})
