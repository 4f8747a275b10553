import t from 'tap'
import { Limit } from '../../lib/limits/limit.js'

t.test('without bounds nothing is ever reached', async t => {
  const limit = new Limit('server', {})
  t.strictSame([limit.isInAll, limit.isPerKey], [false, false])
  for (let i = 0; i < 100; i++) limit.add('a')
  t.equal(limit.reachedBy('a'), undefined)
})

t.test('a bound for all is reached by whoever comes', async t => {
  const limit = new Limit('GET /', { maxStreams: 2 })
  t.equal(limit.owner, 'GET /')
  t.strictSame([limit.isInAll, limit.isPerKey], [true, false])
  limit.add('a')
  t.equal(limit.reachedBy('b'), undefined)
  limit.add('b')
  t.equal(limit.reachedBy('c'), 'maxStreams')
  t.strictSame([limit.open, limit.keys], [2, 0], 'no key is kept that nobody asks for')
  limit.delete('a')
  t.equal(limit.reachedBy('c'), undefined)
})

t.test('a bound per key is reached by that key alone, and no key is kept without streams', async t => {
  const limit = new Limit('server', { maxStreamsPerKey: 2 })
  t.strictSame([limit.isInAll, limit.isPerKey], [false, true])
  for (const key of ['a', 'a', 'b', '__proto__', '']) limit.add(key)
  t.strictSame(['a', 'b', '__proto__', '', 'c'].map(key => limit.reachedBy(key)), ['maxStreamsPerKey', undefined, undefined, undefined, undefined])
  t.strictSame([limit.open, limit.keys], [5, 4])
  limit.delete('a')
  t.equal(limit.reachedBy('a'), undefined)
  for (const key of ['a', 'b', '__proto__', '']) limit.delete(key)
  t.strictSame([limit.open, limit.keys], [0, 0])
})

t.test("a key's own bound is named where both are reached", async t => {
  const limit = new Limit('server', { maxStreams: 1, maxStreamsPerKey: 1 })
  limit.add('a')
  t.equal(limit.reachedBy('a'), 'maxStreamsPerKey')
  t.equal(limit.reachedBy('b'), 'maxStreams')
})
