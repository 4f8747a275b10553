import t from 'tap'
import { type Alternative, decodeFirst, encodeFirst } from '../../lib/schema/alternatives.js'

const isString = (value: unknown): boolean => typeof value === 'string'
const isNumber = (value: unknown): boolean => typeof value === 'number'
const isNull = (value: unknown): boolean => value === null
const fail = (message: string) => (): never => { throw new Error(message) }

const same: Alternative['convert'] = value => value

t.test('encodes by the first alternative that the encoded value satisfies', async t => {
  const encode = encodeFirst([
    { fits: isNumber, convert: value => Number.parseInt(value as string, 2) || 'none' },
    { fits: isString, convert: value => `text ${String(value)}` }
  ])
  t.equal(encode(true), 'text true')
  t.equal(encode([11]), 3)
})

t.test('but first by one that the value satisfies as it is', async t => {
  t.equal(encodeFirst([{ fits: isString, convert: String }, { fits: isNull, convert: same }])(null), null)
})

t.test('gives the value itself where no alternative takes it', async t => {
  t.equal(encodeFirst([{ fits: isNumber, convert: String }])('x'), 'x')
})

t.test('an alternative that fails to encode leaves the value to the others; the first failure counts where there are none', async t => {
  t.equal(encodeFirst([{ fits: isString, convert: fail('one') }, { fits: isString, convert: same }])('x'), 'x')
  const encode = encodeFirst([{ fits: isString, convert: fail('one') }, { fits: isString, convert: fail('two') }, { fits: isNull, convert: same }])
  t.throws(() => encode('x'), { message: 'one' })
})

t.test('decodes by the first alternative that the encoded value satisfies, whatever that makes of it', async t => {
  const decode = decodeFirst([
    { fits: isNumber, convert: String },
    { fits: isString, convert: () => null },
    { fits: isString, convert: fail('not asked') }
  ])
  t.equal(decode(1), '1')
  t.equal(decode('x'), null)
  t.equal(decode(true), true, 'or gives the value itself')
})

t.test('an alternative that fails to decode does not leave the value to the others', async t => {
  const decode = decodeFirst([{ fits: isString, convert: fail('one') }, { fits: isString, convert: same }])
  t.throws(() => decode('x'), { message: 'one' })
})
