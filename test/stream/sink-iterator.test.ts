import t from 'tap'
import { SinkIterator } from '../../lib/stream/sink-iterator.js'

t.test('gives what was pushed, in order, and waits for more', async t => {
  const iterator = new SinkIterator(() => {})
  iterator.push('a', 1)
  iterator.push('b', 2)
  t.equal(iterator.queuedChars, 3)
  t.strictSame(await iterator.next(), { done: false, value: 'a' })
  t.equal(iterator.queuedChars, 2)
  t.strictSame(await iterator.next(), { done: false, value: 'b' })
  const next = iterator.next()
  iterator.push('c', 3)
  t.strictSame(await next, { done: false, value: 'c' })
  t.equal(iterator.queuedChars, 0)
  t.equal(iterator[Symbol.asyncIterator](), iterator)
})

t.test('ends after what was pushed, also for who waits', async t => {
  const iterator = new SinkIterator(() => {})
  iterator.push('a', 1)
  iterator.end()
  t.strictSame(await iterator.next(), { done: false, value: 'a' })
  t.strictSame(await iterator.next(), { done: true, value: undefined })
  const waiting = new SinkIterator(() => {})
  const next = waiting.next()
  waiting.end()
  t.strictSame(await next, { done: true, value: undefined })
})

t.test('return() and throw() drop what waits and tell who pushes', async t => {
  for (const leave of ['return', 'throw'] as const) {
    let returned = 0
    const iterator = new SinkIterator(() => { returned++ })
    iterator.push('a', 1)
    if (leave === 'return') t.strictSame(await iterator.return(), { done: true, value: undefined })
    else await t.rejects(iterator.throw(new Error('refused')), { message: 'refused' })
    t.equal(returned, 1)
    t.equal(iterator.queuedChars, 0)
    t.strictSame(await iterator.next(), { done: true, value: undefined })
  }
})
