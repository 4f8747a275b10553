import t from 'tap'
import { type Check, checkOptions, defined, isBoolean, isFunction, isObject, notNegative, positive, wholeNumber } from '../lib/check-options.js'

const CHECKS: Record<string, Check> = { ms: positive, on: isFunction }

t.test('options that are right, not given or not its own pass', async t => {
  for (const options of [{}, { ms: 1 }, { ms: 1, on () {} }, { ms: undefined, unknown: undefined }]) {
    t.doesNotThrow(() => checkOptions('option', options, CHECKS))
  }
  t.doesNotThrow(() => checkOptions('option', { prefix: '/x' }, CHECKS, new Set(['prefix'])))
})

t.test('what is wrong is named, with what was expected and what came', async t => {
  const cases: Array<[options: unknown, problem: string]> = [
    [null, "options should be an object, instead got 'null'"],
    [undefined, "options should be an object, instead got 'undefined'"],
    ['text', "options should be an object, instead got 'string'"],
    [{ ms: 0 }, "option ms should be a number above 0, or Infinity, instead got '0'"],
    [{ ms: '5s' }, "option ms should be a number above 0, or Infinity, instead got '5s'"],
    [{ ms: { secret: 1 } }, "option ms should be a number above 0, or Infinity, instead got 'Object'"],
    [{ ms: 1, no: 1 }, "option no should be one of ms, on, instead got 'no'"],
    [{ constructor: 1 }, "option constructor should be one of ms, on, instead got 'constructor'"]
  ]
  for (const [options, message] of cases) {
    t.throws(() => checkOptions('option', options as object, CHECKS, new Set(['prefix'])), { code: 'FST_ERR_SSE_OPTION_INVALID', message })
  }
})

t.test('an option that is given as undefined is not given', async t => {
  const given = Object.freeze({ a: undefined, b: null, c: 0 })
  t.strictSame(defined(given), { b: null, c: 0 })
})

t.test('each check says what a value should be', async t => {
  const cases: Array<[check: Check, right: unknown[], wrong: unknown[], expected: string]> = [
    [positive, [0.5, 1, Infinity], [0, -1, NaN, '1', null], 'a number above 0, or Infinity'],
    [notNegative, [0, 0.5, Infinity], [-1, NaN, '1', null], 'a number, 0 or more, or Infinity'],
    [wholeNumber, [0, 1, 2_147_483_647], [-1, 0.5, 2_147_483_648, Infinity, NaN, '1', null], 'a whole number from 0 to 2147483647'],
    [isFunction, [() => {}, class {}], [{}, null, 'f'], 'a function'],
    [isBoolean, [true, false], [0, 'true', null], 'a boolean'],
    [isObject, [{}, []], [null, 'text', 1, () => {}], 'an object']
  ]
  for (const [check, right, wrong, expected] of cases) {
    for (const value of right) t.equal(check(value), undefined)
    for (const value of wrong) t.equal(check(value), expected)
  }
})
