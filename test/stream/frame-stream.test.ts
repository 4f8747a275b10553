import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import { FrameStream } from '../../lib/stream/frame-stream.js'
import { shareFrames } from '../../lib/stream/shared-frames.js'
import { RawClient } from '../helpers/raw-client.js'

t.test('joins the frames of one tick to one chunk', async t => {
  const stream = new FrameStream(() => {})
  const chunks: string[] = []
  stream.on('data', (chunk: Buffer) => { chunks.push(chunk.toString()) })
  stream.write('a\n')
  stream.write('b\n')
  await nextTurn()
  stream.write('c\n')
  await nextTurn()
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
  for (let turn = 0; turn < 3; turn++) await nextTurn()
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
  await nextTurn()
  t.equal(stream.bytes, 0)
  t.equal(destroyed, 1)
})

t.test('hands shared frames on at once, uncopied, after what was written before', async t => {
  const stream = new FrameStream(() => {})
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => { chunks.push(chunk) })
  await nextTurn()
  const shared = shareFrames('shared\n', 1)
  stream.write('a\n')
  stream.writeShared(shared)
  stream.write('b\n')
  t.strictSame(chunks.map(String), ['a\n', 'shared\n'])
  t.equal(chunks[1]?.buffer, shared.bytes.buffer)
  t.ok(Math.abs(stream.flushedAtMs - performance.now()) < 1_000)
  t.equal(stream.bytes, 9)
  await nextTurn()
  t.strictSame(chunks.map(String), ['a\n', 'shared\n', 'b\n'])
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

t.test('writes straight to its only destination, strings and shared frames in order', async t => {
  const { stream, pushed } = watched()
  const { destination, chunks } = collector()
  stream.pipe(destination)
  await nextTurn()
  stream.write('a\n')
  stream.write('b\n')
  const shared = shareFrames('shared\n', 1)
  stream.writeShared(shared)
  t.strictSame(chunks.map(String), ['a\nb\n', 'shared\n'])
  t.equal(chunks[1], shared.bytes)
  t.ok(stream.hasRoom)
  stream.write('c\n')
  stream.finish()
  await ended(destination)
  t.strictSame(chunks.map(String), ['a\nb\n', 'shared\n', 'c\n'])
  t.strictSame(pushed, [null])
  t.equal(stream.bytes, 13)
  t.ok(stream.readableEnded)
  t.equal(destination.listenerCount('drain'), 0)
})

t.test('waits for its destination to drain, and keeps the order of what gathers meanwhile', async t => {
  const stream = new FrameStream(() => {})
  const { destination, chunks, release } = slowCollector()
  stream.pipe(destination)
  await nextTurn()
  stream.writeShared(shareFrames('0123456789', 1))
  t.notOk(stream.hasRoom)
  const room = stream.room()
  let hasRoom = false
  room.then(() => { hasRoom = true }, t.error)
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  t.notOk(hasRoom)
  t.equal(stream.queued, 0)
  release()
  t.equal(await room, true)
  t.ok(stream.hasRoom)

  stream.writeShared(shareFrames('abcdefghij', 1))
  stream.write('k')
  stream.writeShared(shareFrames('l', 1))
  t.equal(stream.queued, 2)
  t.strictSame(chunks.map(String), ['0123456789', 'abcdefghij'])
  destination.once('drain', () => { t.notOk(stream.hasRoom) })
  release()
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  release()
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  release()
  t.equal(await stream.room(), true)
  stream.writeShared(shareFrames('m', 1))
  release()
  stream.finish()
  await ended(destination)
  t.equal(chunks.join(''), '0123456789abcdefghijklm')
})

t.test('lets other work run before a source hands on more than a chunk, however fast the destination is', async t => {
  const stream = new FrameStream(() => {})
  const { destination } = collector()
  stream.pipe(destination)
  await nextTurn()
  const shared = shareFrames('x'.repeat(1_000), 1)
  let written = 0
  for (; stream.hasRoom; written++) stream.writeShared(shared)
  t.equal(written, 62)
  let turnIsOver = false
  setImmediate(() => { turnIsOver = true })
  t.equal(await stream.room(), true)
  t.ok(turnIsOver)
  t.ok(stream.hasRoom)
  stream.destroy()
})

t.test('writes chunks to the socket of a response once its head is out', async t => {
  const stream = new FrameStream(() => {})
  const written: unknown[] = []
  const server = createServer((request, response) => {
    stream.pipe(response)
    const { socket } = request
    const write = socket.write.bind(socket)
    socket.write = (...args: unknown[]) => {
      written.push(args[0])
      return write(...args as Parameters<typeof write>)
    }
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  const client = new RawClient(t, (server.address() as AddressInfo).port).request('/')
  while (stream.readableFlowing !== true) await nextTurn()
  const small = shareFrames('small\n', 1)
  const medium = shareFrames('m'.repeat(65_537), 1)
  const large = shareFrames('x'.repeat(256 * 1024 + 1), 1)
  stream.writeShared(small) // with the head
  await nextTurn()
  t.notOk(written.includes(small.chunk))
  stream.writeShared(small)
  t.ok(written.includes(small.chunk))
  t.ok(stream.hasRoom)
  stream.write('own\n')
  await nextTurn()
  t.equal(String(written.at(-1)), '4\r\nown\n\r\n')
  t.equal(stream.writeShared(medium), true, 'it has left, so more may')
  t.ok(written.includes(medium.chunk))
  stream.writeShared(large)
  t.notOk(written.includes(large.chunk))
  t.notOk(stream.hasRoom)
  await nextTurn()
  stream.finish()
  await client.until(({ isComplete }) => isComplete)
  t.equal(client.body, `small\nsmall\nown\n${'m'.repeat(65_537)}${'x'.repeat(256 * 1024 + 1)}`)
  t.equal(stream.bytes, client.body.length)
})

t.test('goes the way of every Readable', async t => {
  t.test('to two destinations', async t => {
    const { stream, pushed } = watched()
    const [one, two] = [collector(), collector()]
    stream.pipe(one.destination)
    stream.pipe(two.destination)
    await nextTurn()
    stream.write('a')
    stream.finish()
    await Promise.all([ended(one.destination), ended(two.destination)])
    t.equal(one.chunks.join(), 'a')
    t.equal(two.chunks.join(), 'a')
    t.equal(pushed.length, 2)
  })

  t.test('where somebody listens as well', async t => {
    const { stream, pushed } = watched()
    const { destination, chunks } = collector()
    let heard = ''
    stream.pipe(destination)
    stream.on('data', (chunk: Buffer) => { heard += chunk.toString() })
    stream.write('a')
    stream.finish()
    await ended(destination)
    t.equal(heard, 'a')
    t.equal(chunks.join(), 'a')
    t.equal(pushed.length, 2)
  })

  t.test('until what came before its destination was read', async t => {
    const stream = new FrameStream(() => {})
    const { destination, chunks } = collector()
    stream.writeShared(shareFrames('a', 1))
    stream.pipe(destination)
    stream.writeShared(shareFrames('b', 1))
    await nextTurn()
    stream.finish()
    await ended(destination)
    t.equal(chunks.join(''), 'ab')
  })

  t.test('while it is paused, also when the destination drains for others', async t => {
    const stream = new FrameStream(() => {})
    const { destination, chunks, release } = slowCollector()
    stream.pipe(destination)
    await nextTurn()
    stream.writeShared(shareFrames('0123456789', 1))
    release()
    t.equal(await stream.room(), true)
    stream.pause()
    stream.writeShared(shareFrames('a', 1))
    destination.emit('drain')
    await nextTurn()
    t.equal(stream.queued, 1)
    stream.resume()
    await nextTurn()
    t.equal(stream.queued, 0)
    release()
    stream.finish()
    await ended(destination)
    t.equal(chunks.join(''), '0123456789a')
  })

  t.test('after it was unpiped, with room for the next reader', async t => {
    const { stream, pushed } = watched()
    const first = slowCollector()
    const second = collector()
    stream.pipe(first.destination)
    await nextTurn()
    stream.writeShared(shareFrames('0123456789', 1))
    t.notOk(stream.hasRoom)
    stream.unpipe(first.destination)
    t.equal(first.destination.listenerCount('drain'), 0)
    stream.pipe(second.destination)
    t.equal(await stream.room(), true)
    stream.writeShared(shareFrames('a', 1))
    stream.finish()
    await ended(second.destination)
    t.equal(second.chunks.join(), 'a')
    t.equal(pushed.length, 2)
    stream.unpipe()
  })

  t.test('to a destination that has gone', async t => {
    const { stream, pushed } = watched()
    const { destination } = collector()
    destination.on('error', () => {})
    stream.pipe(destination)
    await nextTurn()
    destination.destroy(new Error('gone'))
    await nextTurn()
    stream.writeShared(shareFrames('a', 1))
    t.equal(pushed.length, 1)
    t.equal(stream.queued, 1)
  })
})

t.test('keeps to what pipe was told about the end', async t => {
  const stream = new FrameStream(() => {})
  const { destination, chunks } = collector()
  stream.pipe(destination, { end: false })
  stream.write('a')
  stream.finish()
  await new Promise(resolve => { stream.once('end', resolve) })
  await nextTurn()
  t.notOk(destination.writableEnded)
  destination.end('b')
  await ended(destination)
  t.equal(chunks.join(''), 'ab')
})

t.test('ends a pipeline, and is destroyed by one that breaks', async t => {
  const whole = new FrameStream(() => {})
  const { destination, chunks } = collector()
  whole.write('a')
  whole.finish()
  await pipeline(whole, new PassThrough(), destination)
  t.equal(chunks.join(), 'a')

  let destroyed = 0
  const broken = new FrameStream(() => { destroyed++ })
  const transform = new PassThrough()
  const piped = pipeline(broken, transform, collector().destination)
  await nextTurn()
  broken.write('a')
  await nextTurn()
  transform.destroy(new Error('broken'))
  await t.rejects(piped, { message: 'broken' })
  t.equal(destroyed, 1)
})

/** A stream that tells what went through Readable's own queue. */
function watched (): { stream: FrameStream, pushed: unknown[] } {
  const stream = new FrameStream(() => {})
  const pushed: unknown[] = []
  const push = stream.push.bind(stream)
  stream.push = (...args: Parameters<typeof push>) => {
    pushed.push(args[0])
    return push(...args)
  }
  return { stream, pushed }
}

function collector (): { destination: Writable, chunks: Buffer[] } {
  const chunks: Buffer[] = []
  const destination = new Writable({
    write (chunk: Buffer, encoding, callback) {
      chunks.push(chunk)
      callback()
    }
  })
  return { destination, chunks }
}

/** Full with ten bytes; takes them one chunk at a time, when released. */
function slowCollector (): { destination: Writable, chunks: Buffer[], release: () => void } {
  const chunks: Buffer[] = []
  let release = () => {}
  const destination = new Writable({
    highWaterMark: 10,
    write (chunk: Buffer, encoding, callback) {
      chunks.push(chunk)
      release = callback
    }
  })
  return { destination, chunks, release: () => { release() } }
}

async function nextTurn (): Promise<void> {
  await new Promise(setImmediate)
}

async function ended (destination: Writable): Promise<void> {
  await new Promise(resolve => { destination.once('close', resolve) })
}
