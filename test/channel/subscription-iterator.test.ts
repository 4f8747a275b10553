import t from 'tap'
import type { Delivery, Reader } from '../../lib/channel/reader.js'
import { SubscriptionIterator } from '../../lib/channel/subscription-iterator.js'
import { message } from './fixtures.js'

/** A subscription of which a test says everything. */
function setting () {
  const deliveries: Delivery[] = []
  const reader = { isOver: false, next: () => deliveries.shift() }
  const subscription = {
    reader: reader as unknown as Reader,
    error: undefined as unknown,
    isEnded: false,
    end () { this.isEnded = true },
    failsWhenOver: undefined as Error | undefined,
    over () {
      this.error = this.failsWhenOver
      this.end()
      iterator.wake()
    }
  }
  const iterator: SubscriptionIterator = new SubscriptionIterator(subscription)
  const publish = (...offsets: number[]): boolean => {
    deliveries.push(...offsets.map(offset => ({ message: message(offset), id: `e.${offset}`, isOwn: true })))
    return iterator.wake()
  }
  return { subscription, reader, iterator, publish, deliveries }
}

const note = (data: number) => ({ done: false, value: { event: 'note', data, id: `e.${data}` } })
const DONE = { done: true, value: undefined }

t.test('gives what is there, and what comes', async t => {
  const { iterator, publish } = setting()
  t.equal(publish(1, 2), false, 'nobody has waited for it')
  t.strictSame([await iterator.next(), await iterator.next()], [note(1), note(2)])
  const next = iterator.next()
  t.equal(publish(3, 4), true)
  t.strictSame([await next, await iterator.next()], [note(3), note(4)])
  t.equal(iterator.wake(), false)
})

t.test('those who ask before it comes get it in the order in which they asked', async t => {
  const { iterator, publish } = setting()
  const asked = [iterator.next(), iterator.next(), iterator.next()]
  publish(1, 2)
  publish(3)
  t.strictSame(await Promise.all(asked), [note(1), note(2), note(3)])
})

t.test('what can not be decoded is passed over', async t => {
  const { iterator, deliveries } = setting()
  deliveries.push({ message: message(1, { data: 'unreadable' }), id: 'e.1', isOwn: true }, { message: message(2), id: 'e.2', isOwn: true }, { message: message(3, { data: 'unreadable' }), id: 'e.3', isOwn: true })
  t.strictSame(await iterator.next(), note(2))
  const next = iterator.next()
  deliveries.push({ message: message(4), id: 'e.4', isOwn: true })
  iterator.wake()
  t.strictSame(await next, note(4))
})

t.test('ends with its subscription, whatever waits', async t => {
  const { iterator, subscription, publish } = setting()
  const asked = [iterator.next(), iterator.next()]
  subscription.isEnded = true
  publish(1)
  t.strictSame(await Promise.all(asked), [DONE, DONE])
  t.strictSame(await iterator.next(), DONE)
})

t.test('when nothing more will come, it gives the rest and ends its subscription', async t => {
  const { iterator, subscription, reader, publish } = setting()
  publish(1)
  reader.isOver = true
  t.strictSame(await iterator.next(), note(1))
  t.equal(subscription.isEnded, false)
  t.strictSame(await iterator.next(), DONE)
  t.equal(subscription.isEnded, true)
})

t.test('where that is no end, all who wait are told so', async t => {
  const { iterator, subscription, reader } = setting()
  const asked = Promise.allSettled([iterator.next(), iterator.next()])
  subscription.failsWhenOver = new Error('shutdown')
  reader.isOver = true
  iterator.wake()
  t.strictSame((await asked).map(({ status }) => status), ['rejected', 'rejected'])
  await t.rejects(iterator.next(), subscription.failsWhenOver)
})

t.test('rejects with what its subscription has failed with', async t => {
  const { iterator, subscription } = setting()
  const asked = [iterator.next(), iterator.next()]
  subscription.error = new Error('failed')
  subscription.end()
  iterator.wake()
  t.strictSame((await Promise.allSettled(asked)).map(({ status }) => status), ['rejected', 'rejected'])
  await t.rejects(iterator.next(), subscription.error as Error)
})

t.test('return() ends it for all who wait', async t => {
  const { iterator, subscription, publish } = setting()
  const next = iterator.next()
  t.strictSame(await iterator.return(), DONE)
  t.strictSame(await next, DONE)
  t.equal(subscription.isEnded, true)
  publish(1)
  t.strictSame(await iterator.next(), DONE)
})

t.test('throw() ends it, and rejects with the error', async t => {
  const { iterator, subscription } = setting()
  const error = new Error('refused')
  await t.rejects(iterator.throw(error), error)
  t.equal(subscription.isEnded, true)
})

t.test('is its own iterable', async t => {
  const { iterator } = setting()
  t.equal(iterator[Symbol.asyncIterator](), iterator)
})
