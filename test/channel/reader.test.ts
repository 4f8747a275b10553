import t from 'tap'
import type { Feed } from '../../lib/channel/feed.js'
import { Batch } from '../../lib/channel/batch.js'
import { Gap } from '../../lib/channel/gap.js'
import { plainIds } from '../../lib/channel/ids.js'
import type { Message } from '../../lib/channel/message.js'
import type { Part } from '../../lib/channel/part.js'
import { type Delivery, Reader } from '../../lib/channel/reader.js'
import { at, message, part, signedIds } from './fixtures.js'

/** A feed of which a test says everything. */
class FakeFeed {
  epoch: string
  offset: number | undefined = 0
  /** What was taken last stands for this, if it is not its own offset. */
  place: number | undefined
  items: Array<Message | Gap> = []
  /** How often the channel was told of one. */
  gaps = 0
  batch: Batch | undefined
  hasBegun = true
  isOver = false
  /** Where it stands when all was taken. */
  end: number | undefined

  readonly ids = plainIds

  constructor (epoch: string, ...items: Array<Message | Gap>) {
    this.epoch = epoch
    this.items = items
  }

  get position () { return this.offset === undefined ? undefined : at(this.offset, this.epoch) }
  get taken (): number | undefined { return this.place ?? this.offset }
  get isCurrent (): boolean { return !this.isOver && this.items.length === 0 }

  offered: Batch | undefined
  takeBatch (): Batch | undefined { return this.batch }

  take (): Message | Gap | undefined {
    const item = this.items.shift()
    if (item !== undefined) this.offset = this.items.length === 0 ? this.end ?? item.offset : item.offset
    return item
  }
}

const readerOf = (feeds: FakeFeed[], told?: string): Reader => new Reader(
  feeds.map(feed => ({ feed: feed as unknown as Feed, onGap: () => { feed.gaps++ } } as unknown as Part)), told
)

/** A delivery as its event, for tests to compare. */
const eventOf = (delivery: Delivery | undefined) => delivery?.message.withId(delivery.id)

function events (reader: Reader): unknown[] {
  const all = []
  for (let event = eventOf(reader.next()); event !== undefined; event = eventOf(reader.next())) all.push(event)
  return all
}

const position = (id: string) => ({ event: 'stream-position', data: null, id })

t.test('events of one channel have their own ids', async t => {
  const reader = readerOf([new FakeFeed('e', message(1), message(2))], 'e.0')
  const first = reader.next()
  t.strictSame(eventOf(first), { event: 'note', data: 1, id: 'e.1' })
  t.equal(first?.message.withId('e.1'), first?.message.withId('e.1'), 'the event that is shared')
  t.equal(reader.told, 'e.1')
  t.strictSame(events(reader), [{ event: 'note', data: 2, id: 'e.2' }])
})

t.test('one that has replaced others stands for the place of those, as long as more waits', async t => {
  const feed = new FakeFeed('e', message(9), message(5))
  feed.place = 3
  Object.defineProperty(feed, 'position', { get: () => at(feed.items.length === 0 ? 9 : 3) })
  const reader = readerOf([feed], 'e.0')
  t.strictSame(events(reader), [{ event: 'note', data: 9, id: 'e.3' }, { event: 'note', data: 5, id: 'e.9' }])
})

t.test('where it begins is told, unless that is known', async t => {
  t.strictSame(events(readerOf([new FakeFeed('e')])), [position('e.0')])
  t.strictSame(events(readerOf([new FakeFeed('e')], 'e.7')), [position('e.0')])
  t.strictSame(events(readerOf([new FakeFeed('e')], 'e.0')), [])
})

t.test('where it stands is told when somebody asks, if that has moved', async t => {
  const feed = new FakeFeed('e')
  const reader = readerOf([feed], 'e.0')
  t.strictSame(events(reader), [])
  feed.offset = 5
  t.strictSame(events(reader), [], 'nobody has asked')
  reader.tellPosition()
  t.strictSame(events(reader), [position('e.5')])
  t.equal(reader.told, 'e.5')
  reader.tellPosition()
  t.strictSame(events(reader), [])
})

t.test('where it stands is not told as long as there is something to take or to read', async t => {
  const [feed, other] = [new FakeFeed('e'), new FakeFeed('f')]
  const reader = readerOf([feed, other])
  Object.defineProperty(other, 'isCurrent', { value: false, configurable: true })
  t.equal(reader.next(), undefined)
  other.isOver = true
  t.strictSame(events(reader), [position('e.0~f.0')])
})

t.test('a gap says what was asked for, and after what all that is left comes', async t => {
  const feed = new FakeFeed('e', new Gap(9, 4), message(10))
  const reader = readerOf([feed], 'e.2')
  t.strictSame(events(reader), [
    { event: 'stream-gap', data: { requested: 'e.2', earliest: 'e.4' }, id: 'e.9' },
    { event: 'note', data: 10, id: 'e.10' }
  ])
  t.strictSame(eventOf(readerOf([new FakeFeed('e', new Gap(9, 4))]).next()), { event: 'stream-gap', data: { requested: '', earliest: 'e.4' }, id: 'e.9' })
})

t.test('a part of a snapshot has no id; that of the whole is told after it', async t => {
  const feed = new FakeFeed('e', part(1), part(2))
  feed.end = 7
  const reader = readerOf([feed], 'e.7')
  reader.tellPosition()
  t.strictSame(events(reader), [{ event: 'note', data: 1 }, { event: 'note', data: 2 }], 'unless it has that id')
  feed.items.push(part(3))
  feed.end = 9
  t.strictSame(events(reader), [{ event: 'note', data: 3 }, position('e.9')])
})

t.test('several channels take turns, and the id of each event stands for all of them', async t => {
  const first = new FakeFeed('e', message(1), message(2), message(3))
  const second = new FakeFeed('f', message(5))
  const reader = readerOf([first, second], 'e.0~f.0')
  t.strictSame(events(reader), [
    { event: 'note', data: 1, id: 'e.1~f.0' },
    { event: 'note', data: 5, id: 'e.1~f.5' },
    { event: 'note', data: 2, id: 'e.2~f.5' },
    { event: 'note', data: 3, id: 'e.3~f.5' }
  ])
  second.items.push(message(6))
  t.strictSame(events(reader), [{ event: 'note', data: 6, id: 'e.3~f.6' }])
})

t.test('a gap in one of several channels says where the others stand', async t => {
  const first = new FakeFeed('e', new Gap(9, 4))
  const [second, third] = [new FakeFeed('f'), new FakeFeed('g')]
  second.offset = 5
  third.offset = undefined
  t.strictSame(eventOf(readerOf([first, second, third], 'e.1~f.5').next()), {
    event: 'stream-gap', data: { requested: 'e.1~f.5', earliest: 'e.4~f.5' }, id: 'e.9~f.5'
  })
})

t.test('a channel in the midst of a snapshot has no part in the id', async t => {
  const [first, second] = [new FakeFeed('e', part(1), part(2)), new FakeFeed('f', message(5))]
  const reader = readerOf([first, second])
  first.end = 7
  t.strictSame(events(reader), [
    { event: 'note', data: 1 },
    { event: 'note', data: 5, id: 'f.5' },
    { event: 'note', data: 2 },
    position('e.7~f.5')
  ])
})

t.test('nothing is given before it is known where each begins', async t => {
  const [first, second] = [new FakeFeed('e', message(1)), new FakeFeed('f')]
  second.hasBegun = false
  const reader = readerOf([first, second])
  t.equal(reader.next(), undefined)
  second.hasBegun = true
  t.strictSame(eventOf(reader.next()), { event: 'note', data: 1, id: 'e.1~f.0' })
})

t.test('a channel that closed before it began keeps nothing of the others back', async t => {
  const [first, second] = [new FakeFeed('e', message(1)), new FakeFeed('f')]
  Object.assign(second, { hasBegun: false, isOver: true, offset: undefined })
  t.strictSame(events(readerOf([first, second])), [{ event: 'note', data: 1, id: 'e.1' }])
})

t.test('it is over with the last of its channels', async t => {
  const [first, second] = [new FakeFeed('e'), new FakeFeed('f')]
  const reader = readerOf([first, second])
  first.isOver = true
  t.equal(reader.isOver, false)
  second.isOver = true
  t.equal(reader.isOver, true)
})

t.test('a batch of the only channel goes out whole', async t => {
  const feed = new FakeFeed('e')
  const reader = readerOf([feed], 'e.0')
  t.equal(reader.nextBatch(), undefined)
  t.equal(reader.told, 'e.0')
  feed.batch = new Batch([message(1), message(2)])
  t.equal(reader.nextBatch(), feed.batch.frames)
  t.equal(reader.told, 'e.2')
  t.equal(readerOf([feed, new FakeFeed('f')]).nextBatch(), undefined, 'of several, the ids are their own')
})

t.test('what was taken past it counts as told, until it tells something newer', async t => {
  const feed = new FakeFeed('e', message(3))
  const reader = readerOf([feed], 'e.0')
  feed.offered = new Batch([message(1), message(2)])
  t.equal(reader.told, 'e.2')
  t.equal(reader.next()?.id, 'e.3')
  t.strictSame([reader.told, feed.offered], ['e.3', undefined])
})

t.test('one that ends before it has found its place tells none: an empty id would take away the one that its subscriber has', async t => {
  const feed = new FakeFeed('e')
  feed.offset = undefined
  feed.hasBegun = false
  feed.isOver = true
  t.strictSame(events(readerOf([feed], 'e.7')), [])
  t.strictSame(events(readerOf([feed])), [])
})

t.test('whatever it says of places is said by the ids of each channel', async t => {
  const [first, second] = [new FakeFeed('e', message(1)), new FakeFeed('f', message(5), new Gap(9, 7))]
  const [ann, bob] = [signedIds('Ann'), signedIds('Bob')]
  Object.assign(first, { ids: ann })
  Object.assign(second, { ids: bob })
  const e = (offset: number): string => ann.format(at(offset))
  const f = (offset: number): string => bob.format(at(offset, 'f'))
  const last = `${e(1)}~${f(9)}`
  t.strictSame(events(readerOf([first, second], 'x')), [
    { event: 'note', data: 1, id: `${e(1)}~${f(0)}` },
    { event: 'note', data: 5, id: `${e(1)}~${f(5)}` },
    { event: 'stream-gap', data: { requested: `${e(1)}~${f(5)}`, earliest: `${e(1)}~${f(7)}` }, id: last }
  ])
})

t.test('so are the ids of the only channel, and its frames are those of all who have these ids', async t => {
  const feed = new FakeFeed('e', message(3), part(4))
  const ids = signedIds()
  Object.assign(feed, { ids })
  const reader = readerOf([feed], 'x')
  feed.batch = new Batch([message(1), message(2)])
  t.equal(reader.nextBatch(), ids.framesOf(feed.batch))
  t.equal(reader.told, ids.format(at(2)))
  feed.offered = new Batch([message(2)])
  t.equal(reader.told, ids.format(at(2)))
  const own = reader.next()
  t.strictSame([own?.id, own?.isOwn], [ids.format(at(3)), true])
  const ofSnapshot = reader.next()
  t.strictSame([ofSnapshot?.id, ofSnapshot?.isOwn], [undefined, true])
})
