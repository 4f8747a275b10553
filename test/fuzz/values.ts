import fc from 'fast-check'

/** What makes a value throw when it is looked at. */
function touchy (): unknown {
  const refuse = (): never => { throw new Error('hands off') }
  return new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse, getPrototypeOf: refuse, getOwnPropertyDescriptor: refuse })
}

function revoked (): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function circular (): object {
  const circle: Record<string, unknown> = {}
  circle['again'] = circle
  return circle
}

/** Makes a value, when it is needed: some can't be looked at, which is what fast-check would do. */
export type Make = () => unknown

/** Values by which code that expects another one fails in ways of its own. */
const odd = fc.constantFrom<Make>(
  touchy, revoked, circular,
  () => Symbol('odd'), () => 10n, () => NaN, () => -0, () => -1, () => 1.5, () => 2 ** 53, () => Infinity, () => '', () => '\n', () => '__proto__',
  () => () => {}, () => async () => { throw new Error('nobody waits') }, () => class Odd {}, () => Object.defineProperty(() => {}, 'name', { value: Symbol('odd') }),
  () => Object.create(null), () => new Map([['a', 1]]), () => new Date(NaN), () => Buffer.from('a'), () => Promise.resolve(1), () => new WeakSet(),
  () => ({ toJSON () { throw new Error('hands off') } }), () => ({ toString: () => '\nid: 1', valueOf: () => 7 }), () => ({ constructor: { name: 5 } }),
  () => ({ get constructor () { throw new Error('hands off') } }), () => Object.assign(Object.create({ inherited: 1 }) as object, { own: 1 }), () => JSON.parse('{"__proto__":{"polluted":1}}') as unknown,
  () => new Proxy([], {}), () => Object.freeze([]), () => Array.from({ length: 5 }), () => function * () {}, () => new Error('odd')
)

/** Any value of any type. */
export const anything: fc.Arbitrary<Make> = fc.oneof(
  { weight: 2, arbitrary: odd },
  {
    weight: 3,
    arbitrary: fc.anything({ withBigInt: true, withBoxedValues: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true, withTypedArray: true, withSparseArray: true, maxDepth: 2 })
      .map(value => shown(() => value, fc.stringify(value)))
  }
)

/** An object with some of these names, and with such values. */
export function objectOf (name: fc.Arbitrary<string>, value: fc.Arbitrary<Make>, maxEntries: number): fc.Arbitrary<Make> {
  return fc.array(fc.tuple(name, value), { maxLength: maxEntries }).map(entries => shown(
    // Not by assignment, which for one of the names would set the prototype.
    () => Object.fromEntries(entries.map(([name, make]) => [name, make()])), fc.stringify(entries)
  ))
}

/** For the report of a counterexample. */
function shown (make: Make, text: string): Make {
  return Object.assign(make, { [fc.toStringMethod]: () => text })
}

const PROTOTYPES = [Object.prototype, Array.prototype, Function.prototype]

/** All that every object has: as it was before anybody tried to add something. */
export function prototypes (): string {
  return PROTOTYPES.map(prototype => Reflect.ownKeys(prototype).map(String).join()).join(';')
}

/** Whether it is an error of this plugin, or was thrown by what it was given. */
export function isCoded (error: unknown): boolean {
  return /^FST_ERR_SSE_/.test(String((error as { code?: unknown } | undefined)?.code)) || ['hands off', 'nobody waits'].includes((error as Error).message) || isOfProxy(error)
}

/** A revoked proxy has no error of its own. */
function isOfProxy (error: unknown): boolean {
  return error instanceof TypeError && error.message.includes('proxy that has been revoked')
}
