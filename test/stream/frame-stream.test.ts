import { text } from 'node:stream/consumers'
import t from 'tap'
import { FrameStream } from '../../lib/stream/frame-stream.js'
import { shareFrames } from '../../lib/stream/shared-frames.js'

t.test('joins the frames of one tick to one chunk', async t => {
  const stream = new FrameStream(() => {})
  const chunks: string[] = []
  stream.on('data', (chunk: Buffer) => { chunks.push(chunk.toString()) })
  stream.write('a\n')
  stream.write('b\n')
  await new Promise(setImmediate)
  stream.write('c\n')
  await new Promise(setImmediate)
  t.strictSame(chunks, ['a\nb\n', 'c\n'])
  t.equal(stream.bytes, 6)
})

t.test('hands on at most 64 KiB at once', async t => {
  const stream = new FrameStream(() => {})
  const sizes: number[] = []
  stream.on('data', (chunk: Buffer) => { sizes.push(chunk.length) })
  stream.write('ä'.repeat(70_000))
  stream.finish()
  t.notOk(stream.hasRoom)
  await new Promise(resolve => { stream.once('end', resolve) })
  t.strictSame(sizes, [65_536, 65_536, 140_000 - 2 * 65_536])
})

t.test('ends once after what was written, and takes a late flush for nothing', async t => {
  const stream = new FrameStream(() => {})
  stream.write('a\n')
  stream.finish()
  stream.finish()
  t.equal(await text(stream), 'a\n')
  stream.flush()
})

t.test('waits for its consumer, all with one promise', async t => {
  const stream = new FrameStream(() => {})
  stream.write('x'.repeat(100_000))
  const room = stream.room()
  t.equal(stream.room(), room)
  let hasRoom = false
  room.then(() => { hasRoom = true }, t.error)
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  t.notOk(hasRoom)
  t.equal(stream.queued, 100_000)
  stream.resume()
  t.equal(await room, true)
  t.equal(stream.queued, 0)
})

t.test('a destroyed one has no room, forgets what was pending, and says so once', async t => {
  let destroyed = 0
  const stream = new FrameStream(() => { destroyed++ })
  stream.write('a\n')
  const room = stream.room()
  stream.destroy(new Error('unheard'))
  t.equal(await room, false)
  t.equal(await stream.room(), false)
  t.equal(stream.queued, 0)
  await new Promise(setImmediate)
  t.equal(stream.bytes, 0)
  t.equal(destroyed, 1)
})

t.test('hands shared frames on at once, uncopied, after what was written before', async t => {
  const stream = new FrameStream(() => {})
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => { chunks.push(chunk) })
  await new Promise(setImmediate)
  const shared = shareFrames('shared\n', 1)
  stream.write('a\n')
  stream.writeShared(shared, 7)
  stream.write('b\n')
  t.strictSame(chunks.map(String), ['a\n', 'shared\n'])
  t.equal(chunks[1]?.buffer, shared.bytes.buffer)
  t.equal(stream.flushedAtMs, 7)
  t.equal(stream.bytes, 9)
  await new Promise(setImmediate)
  t.strictSame(chunks.map(String), ['a\n', 'shared\n', 'b\n'])
  stream.writeShared(shared)
  t.ok(Math.abs(stream.flushedAtMs - performance.now()) < 1_000)
  stream.destroy()
})

t.test('hands large shared frames on in pieces, uncopied', async t => {
  const stream = new FrameStream(() => {})
  const shared = shareFrames('x'.repeat(70_000), 1)
  stream.writeShared(shared)
  t.notOk(stream.hasRoom)
  t.equal(stream.queued, 70_000)
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => { chunks.push(chunk) })
  stream.finish()
  await new Promise(resolve => { stream.once('end', resolve) })
  t.strictSame(chunks.map(chunk => chunk.length), [65_536, 70_000 - 65_536])
  t.ok(chunks.every(chunk => chunk.buffer === shared.bytes.buffer))
})

t.test('takes no shared frames after its end', async t => {
  const finished = new FrameStream(() => {})
  finished.finish()
  finished.writeShared(shareFrames('late\n', 1))
  t.equal(await text(finished), '')
  const destroyed = new FrameStream(() => {})
  destroyed.destroy()
  destroyed.writeShared(shareFrames('late\n', 1))
  t.equal(destroyed.bytes, 0)
})
