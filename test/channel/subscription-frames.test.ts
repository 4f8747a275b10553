import t from 'tap'
import { Batch } from '../../lib/channel/batch.js'
import { Notice } from '../../lib/channel/notice.js'
import type { Delivery, Reader } from '../../lib/channel/reader.js'
import { SubscriptionFrames } from '../../lib/channel/subscription-frames.js'
import type { FrameCarrier, Frames } from '../../lib/stream/frame-source.js'
import { message, part } from './fixtures.js'

/** A reader of which a test says everything. */
class FakeReader {
  deliveries: Delivery[]
  batch: Frames | undefined
  isOver = false
  batchesAsked = 0

  constructor (...deliveries: Delivery[]) {
    this.deliveries = deliveries
  }

  nextBatch (): Frames | undefined {
    this.batchesAsked++
    return this.batch
  }

  next (): Delivery | undefined { return this.deliveries.shift() }
}

interface Options { isMerged?: boolean, final?: string[], marksEnd?: boolean }

function setting (reader: FakeReader, { isMerged = false, final = [], marksEnd = true }: Options = {}) {
  const joined: number[] = []
  const feed = {
    reader: reader as unknown as Reader,
    join: isMerged
      ? undefined
      : (messages: ReadonlyArray<ReturnType<typeof message>>) => {
          joined.push(messages.length)
          return new Batch(messages).frames
        },
    error: undefined as unknown,
    isEnded: false,
    ended: 0,
    end () { this.ended++ },
    takers: 0,
    offerTo () { this.takers++ }
  }
  const frames = new SubscriptionFrames(feed, { final: new Set(final), marksEnd } as unknown as FrameCarrier)
  return { frames, feed, joined }
}

const delivery = (offset: number, fields = {}, id = `e.${offset}`): Delivery => ({ message: message(offset, fields), id, isOwn: id === `e.${offset}` })
const textOf = (frames: Frames | undefined): string | undefined => frames?.bytes.toString()

t.test('nothing is nothing', async t => {
  const { frames, joined } = setting(new FakeReader())
  t.equal(frames.read(), undefined)
  t.equal(frames.ended, undefined)
  t.strictSame(joined, [])
})

t.test('what comes may be offered past it, unless one of them might end the stream', async t => {
  for (const [final, takers] of [[[], 1], [['note'], 0]] as const) {
    const { frames, feed } = setting(new FakeReader(), { final: [...final] })
    frames.offerTo({ offer: () => true })
    t.equal(feed.takers, takers)
  }
})

t.test('one that was ended gives nothing more, not even where it stands', async t => {
  const reader = new FakeReader(delivery(1))
  reader.batch = new Batch([message(1)]).frames
  const { frames, feed } = setting(reader)
  feed.isEnded = true
  t.equal(frames.read(), undefined)
  t.equal(frames.ended, 'complete')
})

t.test('what came in one tick goes out as it is', async t => {
  const reader = new FakeReader(delivery(2))
  reader.batch = new Batch([message(1)]).frames
  const { frames } = setting(reader)
  t.equal(frames.read(), reader.batch)
})

t.test('a single event goes out in its own frames', async t => {
  const only = delivery(1)
  const { frames, joined } = setting(new FakeReader(only))
  t.equal(frames.read(), only.message.frames('e.1'))
  t.strictSame(joined, [])
})

t.test('events that others take likewise are joined for all of them', async t => {
  const { frames, joined } = setting(new FakeReader(delivery(1), delivery(2)))
  const read = frames.read()
  t.equal(textOf(read), 'id: e.1\nevent: note\ndata: 1\n\nid: e.2\nevent: note\ndata: 2\n\n')
  t.equal(read?.events, 2)
  t.strictSame(joined, [2])
})

t.test('events with ids of their own, and notices among events, are joined for it alone', async t => {
  const merged = setting(new FakeReader(delivery(1, {}, 'e.1~f.0'), delivery(5, {}, 'e.1~f.5')), { isMerged: true })
  t.equal(textOf(merged.frames.read()), 'id: e.1~f.0\nevent: note\ndata: 1\n\nid: e.1~f.5\nevent: note\ndata: 5\n\n')
  const { frames, joined } = setting(new FakeReader({ message: part(1), id: undefined, isOwn: true }, { message: new Notice('stream-position', null), id: 'e.7', isOwn: false }))
  const read = frames.read()
  t.equal(textOf(read), 'event: note\ndata: 1\n\nevent: stream-position\nid: e.7\ndata: null\n\n')
  t.equal(read?.events, 1)
  t.strictSame(joined, [])
})

t.test('about 60 KiB are joined at a time', async t => {
  const reader = new FakeReader(...[1, 2, 3, 4].map(offset => delivery(offset, { data: 'x'.repeat(30 * 1024) })))
  const { frames } = setting(reader)
  t.strictSame([frames.read()?.events, reader.deliveries.length], [2, 2])
  const large = new FakeReader(delivery(1, { data: 'x'.repeat(61 * 1024) }), delivery(2))
  t.strictSame([setting(large).frames.read()?.events, large.deliveries.length], [1, 1])
})

t.test('nothing follows a final event', async t => {
  for (const [before, marksEnd, text] of [
    [[], true, 'id: stream-end\nevent: done\ndata: 2\n\n'],
    [[], false, 'id: e.2\nevent: done\ndata: 2\n\n'],
    [[delivery(1)], true, 'id: e.1\nevent: note\ndata: 1\n\nid: stream-end\nevent: done\ndata: 2\n\n'],
    [[delivery(1)], false, 'id: e.1\nevent: note\ndata: 1\n\nid: e.2\nevent: done\ndata: 2\n\n']
  ] as const) {
    const reader = new FakeReader(...before, delivery(2, { event: 'done' }), delivery(3))
    reader.batch = new Batch([message(9)]).frames
    const { frames } = setting(reader, { final: ['done'], marksEnd })
    t.equal(frames.ended, undefined)
    t.equal(textOf(frames.read()), text)
    t.equal(frames.ended, 'final')
    t.equal(frames.read(), undefined)
    t.strictSame([reader.deliveries.length, reader.batchesAsked], [1, 0])
  }
})

t.test('it ends with its subscription, or when nothing more will come', async t => {
  const reader = new FakeReader()
  const { frames, feed } = setting(reader)
  t.equal(frames.ended, undefined)
  feed.isEnded = true
  t.equal(frames.ended, 'complete')
  feed.isEnded = false
  reader.isOver = true
  t.equal(frames.ended, 'shutdown')
  frames.stop()
  t.equal(feed.ended, 1)
})

t.test('what it has failed with is thrown', async t => {
  const { frames, feed } = setting(new FakeReader(delivery(1)))
  feed.error = new Error('failed')
  t.throws(() => frames.read(), { message: 'failed' })
})
