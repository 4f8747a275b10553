import t from 'tap'
import type { Batch } from '../../lib/channel/batch.js'
import { Live, type LiveSubscriber } from '../../lib/channel/live.js'
import type { Message } from '../../lib/channel/message.js'
import type { StoredRecord } from '../../types/broker.js'
import type { Topic } from '../../types/channel.js'
import { at, FakeLog, message, settled } from './fixtures.js'
import { topicPrefix } from '../../lib/channel/topic-prefix.js'

/** Writes down what it is handed: the offsets of batches as arrays, those of single messages as they are. */
class Witness implements LiveSubscriber {
  readonly topics: readonly Topic[] | undefined
  readonly calls: Array<number | number[] | string> = []
  onWake = (): void => {}

  constructor (topics?: readonly Topic[]) {
    this.topics = topics
  }

  /** All offsets, in order. */
  get offsets (): number[] {
    return this.calls.flat().filter(call => typeof call === 'number')
  }

  receive (batch: Batch): void { this.calls.push(batch.messages.map(({ offset = -1 }) => offset)) }
  receiveOne ({ offset = -1 }: Message): void { this.calls.push(offset) }
  desynchronize (): void { this.calls.push('desynchronize') }
  wake (): void {
    this.calls.push('wake')
    this.onWake()
  }
}

const messageOf = ({ offset, topic }: StoredRecord, epoch: string): Message => message(offset, { topic, data: `${epoch}` })

async function started (...subscribers: Witness[]): Promise<{ log: FakeLog, live: Live }> {
  const log = new FakeLog()
  const live = new Live(log, messageOf)
  for (const subscriber of subscribers) live.add(subscriber)
  await live.began()
  return { log, live }
}

const tick = async (): Promise<void> => { await new Promise(process.nextTick) }

t.test('follows the log as long as there are subscribers, and holds nothing after them', async t => {
  const log = new FakeLog()
  const live = new Live(log, messageOf)
  const [first, second] = [new Witness(), new Witness(['a'])]
  t.equal(live.head, undefined)
  live.add(first)
  live.add(second)
  t.equal(log.followers.size, 1)
  t.equal(live.subscribers.size, 2)
  t.strictSame([live.count('a'), live.count('b')], [2, 1])
  t.strictSame(live.topics, [{ topic: 'a', subscribers: 1 }])
  await live.began()
  t.strictSame(live.head, at(0))
  live.delete(first)
  live.delete(first)
  t.equal(log.followers.size, 1)
  live.delete(second)
  t.equal(log.followers.size, 0)
  t.strictSame([live.subscribers.size, live.count('a'), live.head, live.isIdle], [0, 0, undefined, true])
  live.delete(second)
  t.equal(log.followers.size, 0)
})

t.test('follows anew for who comes after the last has gone', async t => {
  const first = new Witness()
  const { log, live } = await started(first)
  const { generation } = live
  live.delete(first)
  log.publish(3)
  const second = new Witness()
  live.add(second)
  let hasBegun = false
  const began = live.began().then(() => { hasBegun = true })
  t.equal(live.head, undefined)
  t.equal(hasBegun, false)
  await began
  t.strictSame([live.head, live.settled], [at(3), 3])
  t.not(live.generation, generation)
  log.publish(1)
  await tick()
  t.strictSame(second.calls, [[4], 'wake'])
  t.strictSame(first.calls, [])
})

t.test('who waits for the beginning is told, also where it came before', async t => {
  const { live } = await started(new Witness())
  await live.began()
  const late = new Live(new FakeLog(), messageOf)
  late.begin(at(7))
  await late.began()
  t.strictSame([late.head, late.settled], [at(7), 7])
})

t.test('messages of one tick go out together, and never from within the call that brings them', async t => {
  const subscriber = new Witness()
  const { log, live } = await started(subscriber)
  log.publish(2)
  t.equal(live.isIdle, false)
  await Promise.resolve()
  log.publish(1)
  t.strictSame(subscriber.calls, [])
  t.strictSame([live.head, live.settled], [at(3), 0])
  await tick()
  t.strictSame(subscriber.calls, [[1, 2, 3], 'wake'])
  t.strictSame([live.settled, live.isIdle], [3, true])
  log.publish(1)
  await tick()
  t.strictSame(subscriber.calls, [[1, 2, 3], 'wake', [4], 'wake'])
})

t.test('a message knows the epoch in which it came', async t => {
  const names: string[] = []
  const { log, live } = await started(new Witness())
  live.add({ topics: undefined, receive: ({ messages }) => { names.push(...messages.map(({ record }) => record.data)) }, receiveOne () {}, wake () {}, desynchronize () {} })
  log.publish(1)
  await tick()
  log.restart('f')
  log.publish(1)
  await tick()
  t.strictSame(names, ['e', 'f'])
})

t.test('nothing that comes is nothing', async t => {
  const subscriber = new Witness()
  const { live } = await started(subscriber)
  live.receive([])
  t.strictSame([live.isIdle, live.head], [true, at(0)])
})

t.test('those of a topic get its messages one by one, and are woken once', async t => {
  const [all, a, b, none] = [new Witness(), new Witness(['a']), new Witness(['b', topicPrefix('a')]), new Witness(['c'])]
  const { log } = await started(all, a, b, none)
  log.publish(1, { topic: 'a' })
  log.publish(1)
  log.publish(1, { topic: 'b' })
  await tick()
  t.strictSame(all.calls, [[1, 2, 3], 'wake'])
  t.strictSame(a.calls, [1, 'wake'])
  t.strictSame(b.calls, [1, 3, 'wake'])
  t.strictSame(none.calls, [])
})

t.test('more than 1,000 subscribers are served over several turns, and all get everything in order', async t => {
  const subscribers = Array.from({ length: 2_500 }, (_, index) => new Witness(index % 2 === 0 ? undefined : ['a']))
  const { log, live } = await started(...subscribers)
  const served = (): number => subscribers.filter(({ calls }) => calls.includes('wake')).length
  log.publish(1, { topic: 'a' })
  await tick()
  t.equal(served(), 1_000)
  t.strictSame([live.isIdle, live.settled], [false, 0])
  log.publish(1, { topic: 'a' })
  await tick()
  t.equal(served(), 1_000)
  await settled(1)
  t.equal(served(), 2_000)
  log.publish(1, { topic: 'a' })
  await settled(20)
  t.strictSame([live.isIdle, live.settled], [true, 3])
  t.ok(subscribers.every(({ offsets }) => offsets.join() === '1,2,3'))
  t.strictSame(subscribers[0]?.calls, [[1], 'wake', [2, 3], 'wake'])
  t.strictSame(subscribers[1]?.calls, [1, 'wake', 2, 3, 'wake'])
})

t.test('exactly 1,000 are served in one turn but for the end of their round', async t => {
  const subscribers = Array.from({ length: 1_000 }, () => new Witness())
  const { log, live } = await started(...subscribers)
  log.publish(1)
  await tick()
  t.ok(subscribers.every(({ calls }) => calls.length === 2))
  t.equal(live.settled, 0)
  await settled(1)
  t.equal(live.settled, 1)
})

t.test('a subscriber that leaves in the midst of a round is left out, and one that comes is served', async t => {
  const subscribers = Array.from({ length: 1_500 }, () => new Witness())
  const { log, live } = await started(...subscribers)
  const [leaver, comer] = [subscribers[1_200] as Witness, new Witness()]
  const first = subscribers[0] as Witness
  first.onWake = () => {
    live.delete(leaver)
    live.delete(first)
    live.add(comer)
  }
  log.publish(1)
  await settled()
  t.strictSame(leaver.calls, [])
  t.strictSame(comer.calls, [[1], 'wake'])
  t.equal(subscribers.filter(({ offsets }) => offsets.length === 1).length, 1_499)
  t.equal(live.settled, 1)
})

t.test('what a subscriber publishes when it is woken comes in another tick', async t => {
  const [first, second] = [new Witness(), new Witness()]
  const { log } = await started(first, second)
  first.onWake = () => { if (first.offsets.length < 3) log.publish(1) }
  log.publish(1)
  await settled(1)
  t.strictSame(first.calls, [[1], 'wake', [2], 'wake', [3], 'wake'])
  t.strictSame(second.calls, first.calls)
})

t.test('beginning again where it stands changes nothing', async t => {
  const subscriber = new Witness()
  const { log, live } = await started(subscriber)
  log.publish(2)
  log.begin()
  await tick()
  t.strictSame(subscriber.calls, [[1, 2], 'wake'])
  t.equal(live.settled, 2)
})

function beginFurtherOn (log: FakeLog): void {
  log.publish(3, {}, false)
  log.begin()
}

for (const [where, begin, head] of [
  ['further on', beginFurtherOn, at(5)],
  ['in another epoch', (log: FakeLog) => log.restart('f'), at(0, 'f')]
] as const) {
  t.test(`beginning again ${where} sends subscribers back to the history, and drops what has not gone out`, async t => {
    const [all, a] = [new Witness(), new Witness(['a'])]
    const { log, live } = await started(all, a)
    log.publish(2, { topic: 'a' })
    begin(log)
    t.strictSame([live.head, live.settled], [head, head.offset])
    await tick()
    t.strictSame([all.calls, a.calls], [['desynchronize'], ['desynchronize']])
    t.equal(live.isIdle, true)
    log.publish(1)
    await tick()
    t.strictSame(all.calls, ['desynchronize', [head.offset + 1], 'wake'])
    t.equal(live.settled, head.offset + 1)
  })
}

t.test('what comes in the same tick in which it begins again goes out', async t => {
  const subscriber = new Witness()
  const { log } = await started(subscriber)
  log.publish(2)
  log.restart('f')
  log.publish(1)
  await tick()
  t.strictSame(subscriber.calls, ['desynchronize', [1], 'wake'])
})

t.test('a round that is under way when it begins again ends: those who have come back live have nothing to do with it', async t => {
  const subscribers = Array.from({ length: 1_500 }, () => new Witness())
  const { log, live } = await started(...subscribers)
  log.publish(9)
  await tick()
  log.restart('f')
  log.publish(1)
  await settled()
  t.strictSame(subscribers[0]?.calls, [[1, 2, 3, 4, 5, 6, 7, 8, 9], 'wake', 'desynchronize', [1], 'wake'])
  t.strictSame(subscribers[1_499]?.calls, ['desynchronize', [1], 'wake'])
  t.strictSame([live.settled, live.isIdle], [1, true])
})

t.test('what had come when the last one left goes to nobody', async t => {
  const [first, second] = [new Witness(), new Witness()]
  const { log, live } = await started(first)
  log.publish(2)
  live.delete(first)
  live.add(second)
  await live.began()
  await settled(1)
  t.strictSame([first.calls, second.calls], [[], []])
  t.strictSame([live.settled, live.isIdle], [2, true])
})

t.test('closed, it hands on what has come and takes in nothing more, however long that takes', async t => {
  const subscribers = Array.from({ length: 2_500 }, () => new Witness())
  const { log, live } = await started(...subscribers)
  log.publish(1)
  const closed = live.close()
  t.equal(log.followers.size, 0)
  const late = new Witness()
  live.add(late)
  t.equal(log.followers.size, 0, 'who begins now follows nothing')
  await closed
  t.equal(live.isIdle, true)
  t.ok(subscribers.every(({ calls }) => calls.length > 0))
  for (const each of [...subscribers, late]) live.delete(each)
  t.equal(live.subscribers.size, 0)
})

t.test('while it closes, the last one may leave', async t => {
  const only = new Witness()
  const { log, live } = await started(only)
  log.publish(1)
  const closed = live.close()
  live.delete(only)
  await closed
  t.strictSame([live.subscribers.size, live.isIdle, log.followers.size], [0, true, 0])
})

t.test('tells when all have got what came in a tick', async t => {
  const log = new FakeLog()
  const settledAt: number[] = []
  const live = new Live(log, messageOf, () => { settledAt.push(live.settled) })
  const only = new Witness()
  live.add(only)
  await live.began()
  log.publish(2)
  t.strictSame(settledAt, [])
  await tick()
  t.strictSame(settledAt, [2])
  live.delete(only)
})
