import crypto, { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { mock } from 'node:test'
import t from 'tap'
import { IdSigner, SIGNATURE_LENGTH } from '../../lib/channel/id-signer.js'

const secret = (text: string): KeyObject => createSecretKey(Buffer.from(text.padEnd(32, '.')))
const signer = (secrets: string[] = ['one'], channel = 'notes', scope = 'Ann'): IdSigner =>
  new IdSigner(secrets.map(secret) as [KeyObject, ...KeyObject[]], channel, scope)

t.test('a signature is HMAC-SHA-256, cut to 128 bits, by a key of the channel and the scope', async t => {
  const key = createHmac('sha256', secret('one')).update('["fastify-typed-sse: ids","notes","Ann"]').digest()
  const expected = createHmac('sha256', key).update('e.7').digest('base64url').slice(0, 22)
  t.equal(signer().sign('e.7'), expected)
  t.equal(SIGNATURE_LENGTH, 22)
  t.match(expected, /^[\w-]{22}$/)
})

t.test('what was signed verifies, for the same text, secret, channel and scope', async t => {
  const signature = signer().sign('e.7')
  t.equal(signer().verify('e.7', signature), true)
  t.equal(signer().verify('e.8', signature), false)
  t.equal(signer(['two']).verify('e.7', signature), false)
  t.equal(signer(['one'], 'other').verify('e.7', signature), false)
  t.equal(signer(['one'], 'notes', 'Bob').verify('e.7', signature), false)
})

t.test('names that look alike when they are joined have keys of their own', async t => {
  const pairs = [['a', 'bc'], ['ab', 'c'], ['a","b', 'c'], ['a', 'b","c'], ['', 'abc'], ['abc', ''], ['\ud800', 'x'], ['\ud801', 'x'], ['\ufffd', 'x']] as const
  t.equal(new Set(pairs.map(([channel, scope]) => signer(['one'], channel, scope).sign('e.7'))).size, pairs.length)
})

t.test('of several secrets the first signs, and all verify', async t => {
  const [before, rotating, after] = [signer(['old']), signer(['new', 'old']), signer(['new'])]
  t.equal(rotating.sign('e.7'), after.sign('e.7'))
  t.equal(rotating.verify('e.7', before.sign('e.7')), true)
  t.equal(rotating.verify('e.7', rotating.sign('e.7')), true)
  t.equal(after.verify('e.7', before.sign('e.7')), false, 'a secret that is gone verifies nothing')
  t.equal(before.verify('e.7', rotating.sign('e.7')), false)
})

t.test('what can be no signature is not compared with any', async t => {
  const one = signer()
  const hmac = mock.method(crypto, 'createHmac')
  syncBuiltinESMExports()
  t.teardown(() => {
    hmac.mock.restore()
    syncBuiltinESMExports()
  })
  for (const given of ['', 'x', 'x'.repeat(21), 'x'.repeat(23), 'ä'.repeat(12)]) t.equal(one.verify('e.7', given), false)
  t.equal(hmac.mock.callCount(), 0)
  t.equal(one.verify('e.7', 'x'.repeat(22)), false)
  t.equal(hmac.mock.callCount(), 1)
})

t.test('nothing but the whole signature verifies', async t => {
  const right = signer().sign('e.7')
  for (const wrong of ['', right.slice(0, -1), `${right}A`, right.toUpperCase().toLowerCase(), ' '.repeat(22), 'é'.repeat(11), 'é'.repeat(22), '\0'.repeat(22)]) {
    t.equal(signer().verify('e.7', wrong), false, JSON.stringify(wrong))
  }
  for (let i = 0; i < right.length; i++) {
    t.equal(signer().verify('e.7', right.slice(0, i) + (right[i] === 'A' ? 'B' : 'A') + right.slice(i + 1)), false, `character ${i}`)
  }
})
