import t from 'tap'
import { deepFreeze } from '../../lib/schema/deep-freeze.js'

t.test('freezes plain objects and arrays, however deep', async t => {
  const value = { list: [{ deep: [[{}]] }], bare: Object.assign(Object.create(null) as object, { inner: {} }) }
  t.equal(deepFreeze(value), value, 'gives the value itself')
  for (const part of [value, value.list, value.list[0], value.list[0]!.deep, value.list[0]!.deep[0], value.list[0]!.deep[0]![0], value.bare, value.bare.inner]) {
    t.ok(Object.isFrozen(part))
  }
})

t.test('takes what is no object as it is', async t => {
  for (const value of [undefined, null, 1, 'text', 1n, true, Symbol.iterator]) t.equal(deepFreeze(value), value)
})

t.test('leaves instances of classes, and what they hold', async t => {
  class Money { currency = { name: 'EUR' } }
  const value = { at: new Date(0), bytes: new Uint8Array(1), map: new Map(), price: new Money(), format: () => '' }
  deepFreeze(value)
  for (const part of Object.values(value)) t.notOk(Object.isFrozen(part))
  t.notOk(Object.isFrozen(value.price.currency))
  value.at.setTime(1)
  value.bytes[0] = 1
})

t.test('freezes below what is frozen already', async t => {
  const value = Object.freeze({ inner: Object.freeze([{}]) })
  t.ok(Object.isFrozen(deepFreeze(value).inner[0]))
})

t.test('does not mind cycles, nor depth', async t => {
  const cycle: { self?: object } = {}
  cycle.self = [cycle]
  t.ok(Object.isFrozen(deepFreeze(cycle).self))
  let deep: object = {}
  const innermost = deep
  for (let depth = 0; depth < 100_000; depth++) deep = [deep]
  deepFreeze(deep)
  t.ok(Object.isFrozen(innermost))
})

t.test('a property named __proto__ is one like any other', async t => {
  const value = JSON.parse('{ "__proto__": { "inner": {} }, "constructor": { "prototype": {} } }') as { [name: string]: object }
  deepFreeze(value)
  t.strictSame(Object.entries(value).map(([name, part]) => [name, Object.isFrozen(part), Object.isFrozen(Object.values(part)[0])]), [
    ['__proto__', true, true], ['constructor', true, true]
  ])
  t.notOk(Object.isFrozen(Object.prototype))
})
