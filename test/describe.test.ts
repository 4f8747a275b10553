import t from 'tap'
import { describe } from '../lib/describe.js'

t.test('names the kind of a value that may hold a secret, and nothing of it', async t => {
  class Secret {
    readonly value = 'secret'
  }
  const noConstructor: object = Object.create(null)
  const cases: Array<[value: unknown, kind: string]> = [
    ['secret', 'string'],
    [Symbol('secret'), 'symbol'],
    [{ secret: 1 }, 'Object'],
    [['secret'], 'Array'],
    [new Secret(), 'Secret'],
    [new Date(), 'Date'],
    [new Error('secret'), 'Error'],
    [Promise.resolve('secret'), 'Promise'],
    [noConstructor, 'Object'],
    [{ constructor: 'secret' }, 'Object'],
    [{ constructor: { name: 'secret' } }, 'Object'],
    [new (class {})(), 'Object'],
    [(function * () {})(), 'Generator'],
    [(async function * () {})(), 'AsyncGenerator'],
    [() => 'secret', 'function'],
    [function given () {}, 'function given'],
    [Secret, 'function Secret']
  ]
  for (const [value, kind] of cases) t.equal(describe(value), kind)
})

t.test('shows what is no more than its kind, and numbers, which options are', async t => {
  for (const [value, shown] of [[null, 'null'], [undefined, 'undefined'], [true, 'true'], [-1, '-1'], [NaN, 'NaN'], [10n, '10']] as const) {
    t.equal(describe(value), shown)
  }
})

t.test('is not kept from it by what does not want to be looked at', async t => {
  const refuse = (): never => { throw new Error('hands off') }
  const nameless = Object.defineProperty(() => {}, 'name', { value: Symbol('secret') })
  const cases: Array<[value: unknown, kind: string]> = [
    [new Proxy({}, { get: refuse }), 'object'],
    [{ get constructor () { return refuse() } }, 'object'],
    [nameless, 'function'],
    [{ constructor: nameless }, 'Object']
  ]
  for (const [value, kind] of cases) t.equal(describe(value), kind)
})
