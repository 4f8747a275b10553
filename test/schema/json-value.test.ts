import t from 'tap'
import { findForeign } from '../../lib/schema/json-value.js'

t.test('finds nothing in what JSON has', async t => {
  class Price { value = 1 }
  for (const value of [null, true, 1.5, 'x', [], {}, [1, [null]], { a: { b: [{}] }, c: undefined }, new Price(), Object.create(null)]) {
    t.equal(findForeign(value), undefined)
  }
})

t.test('finds what JSON does not have, and where', async t => {
  const cases: Array<[value: unknown, kind: string]> = [
    [undefined, 'undefined'], [10n, 'bigint'], [Symbol('secret'), 'symbol'], [() => {}, 'function'], [NaN, 'NaN'], [-Infinity, '-Infinity'],
    [new Date(), 'Date'], [new Map(), 'Map'], [new Set(), 'Set'], [new Uint8Array(1), 'Uint8Array'], [{ toJSON: () => 1 }, 'Object']
  ]
  for (const [value, kind] of cases) {
    t.strictSame(findForeign(value), { pointer: '', kind })
    t.strictSame(findForeign([1, value]), { pointer: '/1', kind })
    if (value !== undefined) t.strictSame(findForeign({ a: [], 'b/c': { d: value } }), { pointer: '/b~1c/d', kind })
  }
})

t.test('finds an end in a circle', async t => {
  const circle: Record<string, unknown> = { a: 1 }
  circle['self'] = [circle]
  t.equal(findForeign(circle), undefined)
})
