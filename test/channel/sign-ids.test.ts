import { inspect } from 'node:util'
import t from 'tap'
import { resolveSignIds, scopeOf } from '../../lib/channel/sign-ids.js'

const SECRET = 'correct horse battery staple, 32+'
const resolve = (options: unknown) => resolveSignIds('notes', options as never)
const EXPECTED = 'a string or a Buffer of at least 32 bytes, or an array of such'

t.test('takes a secret, or several, and a scope', async t => {
  const scope = () => 'Ann'
  const { secrets } = resolve({ secret: SECRET })
  t.strictSame(secrets.map(key => key.export().toString()), [SECRET])
  t.equal(resolve({ secret: SECRET }).scope, undefined)
  t.equal(resolve({ secret: SECRET, scope }).scope, scope)
  t.strictSame(resolve({ secret: [SECRET, Buffer.alloc(32, 'b'), new Uint8Array(40)] }).secrets.map(key => key.symmetricKeySize), [33, 32, 40])
  t.doesNotThrow(() => resolve({ secret: 'é'.repeat(16) }), 'it is bytes that count')
})

t.test('what is wrong is refused, and no part of a secret is shown', async t => {
  const cases: Array<[options: unknown, problem: string]> = [
    [SECRET, "option signIds should be an object, instead got 'string'"],
    [null, "option signIds should be an object, instead got 'object'"],
    ['', "option signIds should be an object, instead got 'string'"],
    [{ secrets: SECRET }, "option signIds.secrets should be one of secret, scope, instead got 'secrets'"],
    [{}, `option signIds.secret should be ${EXPECTED}, instead got 'undefined'`],
    [{ secret: [] }, `option signIds.secret should be ${EXPECTED}, instead got 'none'`],
    [{ secret: 1234567 }, `option signIds.secret should be ${EXPECTED}, instead got 'number'`],
    [{ secret: 's3cret' }, `option signIds.secret should be ${EXPECTED}, instead got 'one of 6 bytes'`],
    [{ secret: [SECRET, Buffer.alloc(31)] }, `option signIds.secret should be ${EXPECTED}, instead got 'one of 31 bytes'`],
    [{ secret: [SECRET, undefined] }, `option signIds.secret should be ${EXPECTED}, instead got 'undefined'`],
    [{ secret: SECRET, scope: 'Ann' }, "option signIds.scope should be a function, instead got 'string'"]
  ]
  for (const [options, problem] of cases) {
    t.throws(() => resolve(options), { code: 'FST_ERR_SSE_OPTION_INVALID', message: `channel 'notes': ${problem}` })
  }
})

t.test('a secret does not show in what is printed', async t => {
  t.notMatch(inspect(resolve({ secret: SECRET }), { depth: 10, showHidden: true }), /horse/)
})

t.test('the scope is that of the request, or the one that a subscriber without one names', async t => {
  const request = { user: 'Ann' } as never
  const signIds = resolve({ secret: SECRET, scope: (request: { user: string }) => request.user })
  t.equal(scopeOf('notes', signIds, request, undefined), 'Ann')
  t.equal(scopeOf('notes', signIds, request, 'Bob'), 'Ann', 'a request can name none')
  t.equal(scopeOf('notes', signIds, undefined, 'Bob'), 'Bob')
  for (const own of [request, undefined]) t.equal(scopeOf('notes', resolve({ secret: SECRET }), own, 'Bob'), '', 'one for all')
})

t.test('without a scope nobody gets ids', async t => {
  for (const [scope, received] of [['', 'string'], [undefined, 'undefined'], [7, '7'], [null, 'null'], [Promise.resolve('Ann'), 'Promise']] as const) {
    const error = {
      code: 'FST_ERR_SSE_SUBSCRIBE_INVALID',
      message: `subscribe(): the channel 'notes' signs its ids, so the scope of a subscriber should be a non-empty string, instead got '${received}'`
    }
    t.throws(() => scopeOf('notes', resolve({ secret: SECRET, scope: () => scope }), {} as never, 'Ann'), error)
    t.throws(() => scopeOf('notes', resolve({ secret: SECRET, scope: () => 'Ann' }), undefined, scope), error)
  }
  // Unhandled, its rejection would end the process.
  t.throws(() => scopeOf('notes', resolve({ secret: SECRET, scope: async () => { throw new Error('no user') } }), {} as never, undefined), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID' })
})
