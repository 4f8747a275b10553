import t from 'tap'
import type { Frames } from '../../lib/stream/frame-source.js'
import { Feed, type FeedReader, type Wish } from '../../lib/channel/feed.js'
import { Gap } from '../../lib/channel/gap.js'
import { type Ids, plainIds } from '../../lib/channel/ids.js'
import { Live } from '../../lib/channel/live.js'
import { Message } from '../../lib/channel/message.js'
import { PageReads } from '../../lib/channel/page-reads.js'
import type { Past } from '../../lib/channel/replay.js'
import { deferred } from '../helpers/deferred.js'
import { at, codec, FakeLog, part, settled, signedIds } from './fixtures.js'
import { topicPrefix } from '../../lib/channel/topic-prefix.js'

type Taken = number | string

/** Takes what a feed has, when it is told to or as it comes. */
class TestReader implements FeedReader {
  readonly errors: unknown[] = []
  readonly asked: number[] = []
  ready = 0
  /** Whether it takes everything as it comes. */
  isEager = false
  /** Characters that may wait. */
  bound = Infinity
  readonly taken: Taken[] = []
  readonly feed: Feed

  constructor (feed: Feed) {
    this.feed = feed
  }

  onReady (): boolean {
    this.ready++
    if (this.isEager) this.drain()
    return this.isEager
  }

  onFailed (error: unknown): void {
    this.errors.push(error)
    this.feed.stop()
  }

  isTooMuch (): boolean {
    const { waiting } = this.feed
    this.asked.push(waiting)
    if (waiting <= this.bound) return false
    this.feed.stop()
    return true
  }

  take (): Taken | undefined {
    const item = this.feed.take()
    if (item === undefined) return undefined
    const told = item instanceof Gap ? `${item.offset}<${item.earliest}` : item.offset ?? `part ${item.record.data}`
    this.taken.push(told)
    return told
  }

  /** Takes all that is there. */
  drain (): Taken[] {
    const begin = this.taken.length
    while (this.take() !== undefined);
    return this.taken.slice(begin)
  }
}

interface Setting { log: FakeLog, live: Live, past: Past, feed: (wish?: Partial<Wish>) => TestReader }

function setting (options: Partial<Past> = {}): Setting {
  const log = new FakeLog()
  const messages = new Map<string, Message>()
  const live = new Live(log, (record, epoch) => {
    const message = messages.get(`${epoch}.${record.offset}`) ?? new Message(record, codec, epoch)
    messages.set(`${epoch}.${record.offset}`, message)
    return message
  })
  const past: Past = {
    log,
    reads: new PageReads(4, Infinity),
    name: 'notes',
    isLatest: false,
    messagesOf: ({ epoch, records }) => records.map(record => new Message(record, codec, epoch)),
    takeSnapshot: undefined,
    onSnapshotError () {},
    ...options
  }
  return { log, live, past, feed: wish => new TestReader(new Feed({ past, live }, { topics: undefined, filter: undefined, beginning: 'live', ids: plainIds, ...wish })) }
}

/** A feed that has begun, and is live if nothing stands before it. */
async function started (setting: Setting, wish?: Partial<Wish>): Promise<TestReader> {
  const reader = setting.feed(wish)
  reader.feed.start(reader)
  await settled()
  return reader
}

/** Lets go out what was published. */
const tick = async (): Promise<void> => { await new Promise(process.nextTick) }

t.test('before it starts it holds nothing, and can end', async t => {
  const { log, live, feed } = setting()
  const { feed: idle } = feed()
  t.strictSame([idle.position, idle.hasBegun, idle.isCurrent, idle.isOver], [undefined, false, false, false])
  t.strictSame([live.subscribers.size, log.reads.length, log.followers.size], [0, 0, 0])
  idle.stop()
  t.equal(idle.isOver, true)
})

t.test('live gives what comes after it was made, also what came before it started', async t => {
  const { log, live, feed } = setting()
  log.publish(3)
  const reader = feed()
  log.publish(2)
  reader.feed.start(reader)
  t.equal(live.subscribers.size, 1)
  await settled()
  t.strictSame(reader.feed.position, at(3))
  t.equal(reader.feed.isCurrent, false, 'there is more to read')
  t.strictSame(reader.drain(), [])
  await settled()
  t.strictSame(reader.drain(), [4, 5])
  t.equal(reader.feed.isCurrent, true)
  log.publish(1)
  await tick()
  t.strictSame(reader.drain(), [6])
})

t.test('a page is read only when all of the one before was taken', async t => {
  const s = setting()
  s.log.publish(6)
  s.log.pageLimit = 2
  const reader = await started(s, { beginning: 'start' })
  t.strictSame(s.log.reads, [undefined])
  t.strictSame([reader.take(), reader.take()], [1, 2])
  await settled()
  t.strictSame(s.log.reads, [undefined])
  t.strictSame([reader.take(), reader.take()], [undefined, undefined], 'which is when it is read')
  await settled()
  t.strictSame(s.log.reads, [undefined, at(2)])
  reader.isEager = true
  reader.drain()
  await settled(12)
  t.strictSame(reader.taken, [1, 2, 3, 4, 5, 6])
  t.strictSame(s.log.reads, [undefined, at(2), at(4)])
  t.equal(reader.feed.isCurrent, true)
})

t.test('it joins the live end in the very place, whenever something is published', async t => {
  for (let moment = 0; moment < 40; moment++) {
    const s = setting()
    s.log.publish(5)
    s.log.pageLimit = 2
    const reader = s.feed({ beginning: { id: 'e.1' } })
    reader.isEager = true
    reader.feed.start(reader)
    for (let i = 0; i < moment; i++) await (i % 3 === 2 ? new Promise(setImmediate) : Promise.resolve())
    s.log.publish(1)
    await Promise.resolve()
    s.log.publish(1)
    await settled(20)
    t.strictSame(reader.taken, [2, 3, 4, 5, 6, 7], `${moment}`)
    t.strictSame(reader.feed.position, at(7))
  }
})

t.test('what it read from the history does not come live once more', async t => {
  const s = setting()
  const gate = deferred()
  const reader = s.feed({ beginning: 'start' })
  reader.feed.start(reader)
  await s.live.began()
  s.log.gate = gate.promise
  await settled(1)
  s.log.publish(2)
  gate.resolve()
  for (let i = 0; i < 20; i++) await Promise.resolve()
  await settled()
  t.strictSame(reader.drain(), [1, 2])
  s.log.publish(1)
  await tick()
  t.strictSame(reader.drain(), [3])
})

t.test('one who reads to the end within the tick in which more came gets only what is new of it', async t => {
  const s = setting()
  const reader = await started(s)
  const message = (offset: number): Message => new Message({ offset, event: 'note', data: `${offset}` }, codec, 'e')
  const { Batch } = await import('../../lib/channel/batch.js')
  s.log.publish(2)
  await tick()
  reader.drain()
  reader.feed.receive(new Batch([message(1), message(2), message(3)]))
  reader.feed.receiveOne(message(3))
  reader.feed.receiveOne(message(4))
  t.strictSame(reader.drain(), [3, 4])
})

t.test('what came in one tick can be taken whole when it comes, as long as nothing else waits', async t => {
  const s = setting()
  const reader = await started(s)
  const { feed } = reader
  t.equal(feed.takeBatch(), undefined)
  const seen: unknown[] = []
  reader.onReady = () => {
    seen.push(feed.position, feed.takeBatch()?.messages.map(({ offset }) => offset), feed.position)
    return false
  }
  s.log.publish(2)
  await tick()
  t.strictSame(seen.splice(0), [at(0), [1, 2], at(2)])
  t.strictSame([feed.takeBatch(), feed.isCurrent], [undefined, true])
  reader.onReady = () => true // it will come for it
  s.log.publish(1)
  await tick()
  t.strictSame(feed.takeBatch()?.messages.map(({ offset }) => offset), [3])
  s.log.publish(1)
  await tick()
  s.log.publish(1)
  await tick()
  t.equal(feed.takeBatch(), undefined, 'two ticks are no batch')
  t.strictSame(reader.drain(), [4, 5])
  reader.onReady = () => false
  s.log.publish(1)
  await tick()
  t.equal(feed.takeBatch(), undefined, 'it was not taken when it came')
  t.strictSame(reader.drain(), [6])
})

t.test('where it stands is what was taken, or all that there is', async t => {
  const s = setting()
  s.log.publish(4)
  const reader = await started(s, { beginning: { id: 'e.1' }, filter: ({ offset }) => offset !== 6 })
  t.strictSame(reader.feed.position, at(1), 'as long as nothing was taken')
  reader.take()
  t.strictSame(reader.feed.position, at(2))
  reader.drain()
  t.strictSame(reader.feed.position, at(4))
  s.log.publish(2)
  await tick()
  t.strictSame(reader.feed.position, at(4))
  reader.take()
  t.strictSame(reader.feed.position, at(6), 'the one that does not pass is behind it as well')
  s.log.publish(1)
  await tick()
  t.strictSame(reader.feed.position, at(6))
  reader.feed.finish()
  t.strictSame(reader.drain(), [7])
  t.strictSame([reader.feed.position, reader.feed.isOver], [at(7), true])
})

t.test('one of a topic moves on with what is for others', async t => {
  const s = setting()
  s.log.publish(1, { topic: 'a' })
  s.log.publish(1, { topic: 'b' })
  const reader = await started(s, { topics: ['a'], beginning: 'start' })
  t.strictSame(reader.drain(), [1])
  t.strictSame(reader.feed.position, at(2))
  s.log.publish(3, { topic: 'b' })
  await tick()
  t.equal(reader.ready, 1)
  t.strictSame(reader.feed.position, at(5))
  s.log.publish(1, { topic: 'a' })
  await tick()
  t.equal(reader.ready, 2)
  t.strictSame(reader.feed.position, at(5))
  t.strictSame(reader.drain(), [6])
})

t.test('an event that two of its topics match comes once', async t => {
  const s = setting()
  const reader = await started(s, { topics: ['ab', topicPrefix('a')] })
  s.log.publish(2, { topic: 'ab' })
  await tick()
  t.strictSame(reader.drain(), [1, 2])
})

t.test('a gap stands where events are gone, and what is left follows it live', async t => {
  const s = setting()
  s.log.publish(5)
  s.log.earliest = 3
  const reader = await started(s, { beginning: { id: 'e.1' } })
  t.strictSame(reader.feed.position, at(1))
  s.log.publish(1)
  await tick()
  t.strictSame(reader.drain(), ['5<3', 6])
  t.equal(reader.feed.isCurrent, true)
})

t.test('a gap may open in the midst of the past', async t => {
  const s = setting()
  s.log.publish(4)
  s.log.pageLimit = 2
  const reader = await started(s, { beginning: 'start' })
  s.log.publish(4)
  s.log.earliest = 5
  t.strictSame(reader.drain(), [1, 2])
  await settled()
  t.strictSame(reader.drain(), ['8<5'])
})

t.test('a snapshot stands for its position when it is whole, and what comes after that follows', async t => {
  const s = setting({ takeSnapshot: async () => ({ messages: [part(1), part(2), part(3)], position: at(4) }) })
  s.log.publish(5)
  const reader = await started(s, { beginning: 'snapshot', topics: ['a'], filter: ({ record }) => record.data !== '2' })
  t.equal(reader.feed.position, undefined)
  t.equal(reader.take(), 'part 1')
  t.equal(reader.feed.position, undefined)
  t.equal(reader.take(), 'part 3')
  t.strictSame(reader.feed.position, at(4))
  reader.drain()
  await settled()
  t.strictSame([reader.feed.position, reader.feed.isCurrent], [at(5), true])
})

t.test('where a snapshot fails there is a gap', async t => {
  const s = setting({ takeSnapshot: async () => { throw new Error('database') } })
  s.log.publish(5)
  const reader = await started(s, { beginning: { id: 'f.1' } })
  t.strictSame(reader.drain(), ['5<0'])
  t.strictSame(reader.errors, [])
})

t.test('where the newest of each key is all there is, a slow reader gets only those', async t => {
  const s = setting({ isLatest: true })
  const reader = await started(s, { beginning: 'start' })
  for (const key of ['a', 'b', 'a', 'a']) {
    s.log.publish(1, { key })
    await tick()
  }
  t.strictSame(reader.drain(), [4, 2], 'each at the place of the first')
  s.log.publish(1, { key: 'a' })
  s.log.publish(1, { key: 'a' })
  await tick()
  t.strictSame(reader.drain(), [6])
})

t.test('a reader that takes at once gets everything of each key', async t => {
  const s = setting({ isLatest: true })
  const reader = s.feed()
  reader.isEager = true
  reader.feed.start(reader)
  await settled()
  for (const key of ['a', 'b', 'a', 'a']) {
    s.log.publish(1, { key })
    await tick()
  }
  t.strictSame(reader.taken, [1, 2, 3, 4])
})

t.test('what waits from the ticks before must not be too much, but one tick alone may be', async t => {
  for (const topics of [undefined, ['a']]) {
    const s = setting()
    const reader = await started(s, { topics })
    reader.bound = 150
    s.log.publish(10, { topic: 'a' })
    await tick()
    t.strictSame(reader.asked, [], 'it had no chance yet')
    t.equal(reader.drain().length, 10)
    s.log.publish(2, { topic: 'a' })
    await tick()
    s.log.publish(2, { topic: 'a' })
    await tick()
    t.strictSame(reader.asked, [100], 'once in a tick')
    t.equal(reader.feed.isOver, false)
    s.log.publish(2, { topic: 'a' })
    await tick()
    t.strictSame(reader.asked, [100, 200])
    t.equal(reader.feed.isOver, true)
    t.strictSame([s.live.subscribers.size, reader.drain()], [0, []])
  }
})

t.test('a filter that throws fails it, and is not asked again', async t => {
  const failure = new Error('bug')
  let asked = 0
  const filter = (): boolean => {
    asked++
    throw failure
  }
  for (const topics of [undefined, ['a']]) {
    for (const beginning of ['live', 'start'] as const) {
      asked = 0
      const s = setting()
      if (beginning === 'start') s.log.publish(3, { topic: 'a' })
      const reader = await started(s, { beginning, filter, topics })
      if (beginning === 'live') s.log.publish(3, { topic: 'a' })
      await settled()
      t.strictSame([reader.errors, asked], [[failure], 1])
      t.strictSame([reader.feed.isOver, s.live.subscribers.size, reader.drain()], [true, 0, []])
    }
  }
})

t.test('a log that fails fails it, unless it has ended', async t => {
  for (const hasEnded of [false, true]) {
    const s = setting()
    const gate = deferred()
    s.log.gate = gate.promise
    const reader = await started(s, { beginning: 'start' })
    t.equal(s.log.reads.length, 1)
    s.log.failure = new Error('connection')
    if (hasEnded) reader.feed.stop()
    gate.resolve()
    await settled()
    t.strictSame(reader.errors, hasEnded ? [] : [s.log.failure])
  }
})

t.test('nothing is read before it is known where the live end begins', async t => {
  const s = setting()
  s.log.beginsSoon = false
  s.log.publish(2)
  const reader = await started(s, { beginning: 'start' })
  t.strictSame([s.log.reads.length, reader.feed.hasBegun], [0, false])
  s.log.begin()
  await settled()
  t.strictSame(reader.drain(), [1, 2])
  t.equal(reader.feed.isCurrent, true)
})

t.test('one that ends while a page is read for it takes nothing of it', async t => {
  const s = setting()
  s.log.publish(3)
  const gate = deferred()
  s.log.gate = gate.promise
  const reader = await started(s, { beginning: 'start' })
  t.equal(s.log.reads.length, 1)
  reader.feed.finish()
  gate.resolve()
  await settled()
  t.strictSame([reader.drain(), reader.ready, reader.feed.isOver, reader.feed.hasBegun], [[], 0, true, false])
})

t.test('one that ends while it waits for its turn to read gives its place up', async t => {
  const reads = new PageReads(1, Infinity)
  const all = setting({ reads })
  const { log } = all
  log.publish(1)
  const gate = deferred()
  log.gate = gate.promise
  const first = await started(all, { beginning: 'start' })
  const second = await started(all, { beginning: 'start' })
  t.strictSame([reads.running, reads.waiting], [1, 1])
  second.feed.stop()
  t.strictSame([reads.running, reads.waiting, log.reads.length], [1, 0, 1])
  gate.resolve()
  await settled()
  t.strictSame([first.drain(), log.reads.length], [[1], 1])
})

t.test('one that is finished gives what waits, one that is stopped nothing', async t => {
  for (const [end, rest] of [['finish', [1, 2, 3]], ['stop', []]] as const) {
    const s = setting()
    const reader = await started(s)
    s.log.publish(2)
    await tick()
    s.log.publish(1)
    await tick()
    t.strictSame(reader.feed[end](), end === 'stop' ? { conflated: 0, dropped: 3 } : undefined)
    t.strictSame(reader.feed[end](), end === 'stop' ? { conflated: 0, dropped: 0 } : undefined)
    s.log.publish(1)
    await settled()
    t.equal(reader.feed.isOver, rest.length === 0)
    t.strictSame(reader.drain(), rest)
    t.strictSame([reader.feed.isOver, s.live.subscribers.size, s.log.followers.size], [true, 0, 0])
  }
})

t.test('where the live end has missed something, it goes back to the history', async t => {
  const s = setting()
  const reader = await started(s)
  s.log.publish(2)
  await tick()
  s.log.publish(2, {}, false)
  s.log.begin()
  t.strictSame(reader.drain(), [1, 2])
  t.strictSame(reader.feed.position, at(2))
  await settled()
  t.strictSame(reader.drain(), [3, 4])
  s.log.publish(1)
  await tick()
  t.strictSame(reader.drain(), [5])
})

t.test('it goes back to where it stands, with all that was for others', async t => {
  const s = setting()
  const reader = await started(s, { topics: ['a'] })
  reader.isEager = true
  s.log.publish(3, { topic: 'b' })
  await tick()
  s.log.publish(1, { topic: 'a' }, false)
  s.log.begin()
  await settled()
  t.strictSame([reader.taken, s.log.reads], [[4], [at(3)]])
})

t.test('in another epoch, all that it has not seen is a gap', async t => {
  const s = setting()
  const reader = await started(s)
  s.log.publish(3)
  await tick()
  s.log.restart('f')
  s.log.publish(2)
  t.strictSame(reader.drain(), [1, 2, 3])
  t.strictSame(reader.feed.position, at(3))
  await settled()
  t.equal(reader.feed.position, undefined, 'a place in the old epoch is none in the new one')
  t.strictSame(reader.drain(), ['2<0'])
  t.strictSame(reader.feed.position, at(2, 'f'))
  s.log.publish(1)
  await tick()
  t.strictSame(reader.drain(), [3])
})

t.test('what has been missed is no matter to those who read the history, or have ended', async t => {
  const s = setting()
  s.log.publish(4)
  s.log.pageLimit = 2
  const replaying = await started(s, { beginning: 'start' })
  const gate = deferred()
  s.log.gate = gate.promise
  const reading = await started(s, { beginning: 'start' })
  s.log.publish(1, {}, false)
  s.log.begin()
  t.strictSame([replaying.ready, reading.ready], [1, 0])
  gate.resolve()
  s.log.gate = undefined
  for (const reader of [replaying, reading]) {
    reader.isEager = true
    reader.drain()
  }
  await settled(20)
  t.strictSame([replaying.taken, reading.taken], [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5]])
  replaying.feed.desynchronize()
  replaying.feed.finish()
  replaying.feed.desynchronize()
  t.equal(replaying.feed.isOver, true)
})

t.test('it reads on when the log begins in another epoch while it reads', async t => {
  const s = setting()
  s.log.publish(2)
  const gate = deferred()
  s.log.gate = gate.promise
  const reader = await started(s, { beginning: 'start' })
  reader.isEager = true
  s.log.restart('f')
  s.log.gate = undefined
  gate.resolve()
  await settled(20)
  s.log.publish(1)
  await settled()
  t.equal(reader.taken.at(-1), 1)
  t.strictSame(reader.feed.position, at(1, 'f'))
})

t.test('a wake without anything to take is not told', async t => {
  const s = setting()
  const reader = await started(s)
  const { ready } = reader
  reader.feed.wake()
  t.equal(reader.ready, ready)
})

t.test('what came in one tick is offered past the reader where nothing else waits, and then stands for its last message', async t => {
  const s = setting()
  const reader = s.feed({ beginning: 'live' })
  const { feed } = reader
  const offered: Frames[] = []
  let hasRoom = true
  feed.start(reader)
  feed.offerTo({
    offer: frames => {
      if (hasRoom) offered.push(frames)
      return hasRoom
    }
  })
  await settled()
  s.log.publish(2)
  await tick()
  t.strictSame([offered.length, offered[0]?.events, feed.offered?.begin, feed.offered?.end], [1, 2, 1, 2])
  t.strictSame([feed.position?.offset, feed.taken, reader.drain()], [2, 2, []])
  hasRoom = false
  s.log.publish(1)
  await tick()
  t.equal(feed.taken, 2)
  hasRoom = true
  s.log.publish(1)
  await tick()
  t.equal(offered.length, 1, 'not while something waits')
  t.strictSame(reader.drain(), [3, 4])
})

t.test('who fails at what is offered to it fails alone', async t => {
  const s = setting()
  const broken = s.feed({ beginning: 'live' })
  const other = await started(s)
  broken.feed.start(broken)
  broken.feed.offerTo({ offer: () => { throw new Error('broken') } })
  await settled()
  s.log.publish(1)
  await tick()
  t.match(broken.errors, [{ message: 'broken' }])
  t.strictSame(other.drain(), [1])
})

t.test('who is handed frames gets those of its ids, and shares them with all who have the same', async t => {
  const s = setting()
  const offered: Frames[] = []
  const readers = []
  const held = signedIds()
  for (const ids of [held, held, signedIds('Bob')]) {
    const reader = s.feed({ ids })
    reader.feed.start(reader)
    reader.feed.offerTo({ offer: frames => offered.push(frames) > 0 })
    readers.push(reader)
  }
  await settled()
  s.log.publish(1)
  await tick()
  t.equal(offered.length, 3)
  t.equal(offered[1], offered[0])
  t.equal(offered[0]?.bytes.toString(), `id: ${held.format(at(1))}\nevent: note\ndata: 1\n\n`)
  t.equal(offered[2]?.bytes.toString(), `id: ${signedIds('Bob').format(at(1))}\nevent: note\ndata: 1\n\n`)
})

t.test('it uses its ids from when it starts until it ends', async t => {
  let held = 0
  const shared: Ids = { ...plainIds, release: () => { held-- } }
  const ids: Ids = {
    ...plainIds,
    hold: () => {
      held++
      return shared
    }
  }
  const s = setting()
  const idle = s.feed({ ids })
  idle.feed.stop()
  t.equal(held, 0)
  const reader = await started(s, { ids })
  t.strictSame([held, reader.feed.ids], [1, shared])
  reader.feed.finish()
  reader.feed.stop()
  t.equal(held, 0)
})
