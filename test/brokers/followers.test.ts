import t from 'tap'
import type { Test } from 'tap'
import { Followers } from '../../lib/brokers/followers.js'
import type { Follower } from '../../types/broker.js'
import { offsetsOf, record } from './records.js'

const at = (offset: number) => ({ epoch: 'e', offset })

/** Writes down what it is called with, and does something else on the way. */
class Witness implements Follower {
  readonly calls: Array<number | number[]> = []
  onBegin = (): void => {}
  onReceive = (_offsets: number[]): void => {}

  begin: Follower['begin'] = ({ offset }) => {
    this.calls.push(offset)
    this.onBegin()
  }

  receive: Follower['receive'] = records => {
    const offsets = offsetsOf(records)
    this.onReceive(offsets) // first, since what comes of it must not come in between
    this.calls.push(offsets)
  }
}

t.test('a follower begins in a microtask, and gets what came before after that', async t => {
  const followers = new Followers()
  const witness = new Witness()
  followers.add(witness, at(3))
  followers.handOn(record(4))
  followers.handOn(record(5))
  t.strictSame(witness.calls, [])
  await Promise.resolve()
  t.strictSame(witness.calls, [3, [4, 5]])
  followers.handOn(record(6))
  t.strictSame(witness.calls, [3, [4, 5], [6]], 'synchronously')
})

t.test('a follower that is removed is not called again', async t => {
  const followers = new Followers()
  const witness = new Witness()
  const stay = new Witness()
  followers.add(stay, at(0))
  const stop = followers.add(witness, at(0))
  t.equal(followers.size, 2)
  await Promise.resolve()
  followers.handOn(record(1))
  stop()
  stop()
  followers.handOn(record(2))
  t.strictSame(witness.calls, [0, [1]])
  t.strictSame(stay.calls, [0, [1], [2]])
  t.equal(followers.size, 1)
})

t.test('a follower that is removed before it begins never begins', async t => {
  const followers = new Followers()
  const witness = new Witness()
  followers.add(witness, at(0))()
  followers.handOn(record(1))
  await Promise.resolve()
  t.strictSame(witness.calls, [])
})

t.test('a follower may leave as it begins', async t => {
  const followers = new Followers()
  const witness = new Witness()
  witness.onBegin = followers.add(witness, at(0))
  followers.handOn(record(1))
  await Promise.resolve()
  t.strictSame(witness.calls, [0])
})

t.test('a follower may leave, and take another along, as it receives', async t => {
  const followers = new Followers()
  const [first, second] = [new Witness(), new Witness()]
  const stops = [followers.add(first, at(0)), followers.add(second, at(0))]
  first.onReceive = () => stops.forEach(stop => stop())
  await Promise.resolve()
  followers.handOn(record(1))
  followers.handOn(record(2))
  t.strictSame(first.calls, [0, [1]])
  t.strictSame(second.calls, [0])
})

t.test('what a follower appends as it receives comes after that, for all', async t => {
  const followers = new Followers()
  const [first, second] = [new Witness(), new Witness()]
  first.onReceive = ([offset = 0]) => { if (offset < 3) followers.handOn(record(offset + 1)) }
  followers.add(first, at(0))
  followers.add(second, at(0))
  await Promise.resolve()
  followers.handOn(record(1))
  followers.handOn(record(4))
  t.strictSame(first.calls, [0, [1], [2], [3], [4]])
  t.strictSame(second.calls, first.calls)
})

t.test('what a follower appends as it begins comes after what waits', async t => {
  const followers = new Followers()
  const [first, second] = [new Witness(), new Witness()]
  first.onBegin = () => followers.handOn(record(2))
  first.onReceive = ([offset = 0]) => { if (offset === 1) followers.handOn(record(3)) }
  followers.add(first, at(0))
  followers.add(second, at(0))
  followers.handOn(record(1))
  await Promise.resolve()
  t.strictSame(first.calls, [0, [1, 2], [3]])
  t.strictSame(second.calls, [0, [1, 2, 3]])
})

t.test('a follower that is added as another receives begins after that record', async t => {
  const followers = new Followers()
  const [first, second] = [new Witness(), new Witness()]
  first.onReceive = ([offset = 0]) => { if (offset === 1) followers.add(second, at(1)) }
  followers.add(first, at(0))
  await Promise.resolve()
  followers.handOn(record(1))
  followers.handOn(record(2))
  await Promise.resolve()
  t.strictSame(second.calls, [1, [2]])
})

t.test('the same follower can be added twice, and is called twice', async t => {
  const followers = new Followers()
  const witness = new Witness()
  const stop = followers.add(witness, at(0))
  followers.add(witness, at(0))
  await Promise.resolve()
  followers.handOn(record(1))
  stop()
  followers.handOn(record(2))
  t.strictSame(witness.calls, [0, 0, [1], [1], [2]])
})

t.test('what a follower throws is uncaught, and the others get the record all the same', async t => {
  const followers = new Followers()
  const [first, second] = [new Witness(), new Witness()]
  const bug = new Error('bug')
  first.onReceive = () => { throw bug }
  followers.add(first, at(0))
  followers.add(second, at(0))
  await Promise.resolve()
  const uncaught = await uncaughtException(t, () => followers.handOn(record(1)))
  t.equal(uncaught, bug)
  first.onReceive = () => {}
  followers.handOn(record(2))
  t.strictSame(second.calls, [0, [1], [2]])
  t.strictSame(first.calls, [0, [2]])
})

/** Resolves with the next uncaught exception, which tap does not get to see. */
async function uncaughtException (t: Test, run: () => void): Promise<unknown> {
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  t.teardown(() => listeners.forEach(listener => process.on('uncaughtException', listener)))
  const thrown = new Promise(resolve => process.once('uncaughtException', resolve))
  run()
  return await thrown
}
