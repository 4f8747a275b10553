import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { constants, createGzip, createGunzip, gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { Body } from '../../lib/stream/body.js'
import { Compressor } from '../../lib/stream/compressor.js'
import type { ReadableBody } from '../../lib/stream/readable-body.js'
import { shareFrames } from '../../lib/stream/shared-frames.js'
import { RawClient } from '../helpers/raw-client.js'
import { replyTo } from './reply-to.js'

t.test('joins the frames of one tick to one chunk', async t => {
  const { body, readable } = setting()
  const chunks = chunksOf(readable)
  body.write('a\n')
  body.write('b\n')
  await nextTurn()
  body.write('c\n')
  await nextTurn()
  t.strictSame(chunks.map(String), ['a\nb\n', 'c\n'])
  t.equal(body.bytes, 6)
})

t.test('hands on at most 64 KiB at once', async t => {
  const { body, readable } = setting()
  const chunks = chunksOf(readable)
  body.write('ä'.repeat(70_000))
  body.finish()
  t.notOk(body.hasRoom)
  await new Promise(resolve => { readable.once('end', resolve) })
  t.strictSame(chunks.map(chunk => chunk.length), [65_536, 65_536, 140_000 - 2 * 65_536])
})

t.test('ends once after what was written, and takes a late flush for nothing', async t => {
  const { body, readable } = setting()
  body.write('a\n')
  body.finish()
  body.finish()
  t.equal(await text(readable), 'a\n')
  body.flush()
})

t.test('tells once that somebody reads, be it at its end already or more than can be taken, and not when it has gone', async t => {
  const whole = setting()
  whole.body.write('a\n')
  whole.body.finish()
  await nextTurn()
  t.equal(whole.reads(), 0)
  t.equal(await text(whole.readable), 'a\n')
  t.equal(whole.reads(), 1)

  const large = setting()
  large.body.write('x'.repeat(200_000))
  await nextTurn()
  t.equal((large.readable.read(10) as Buffer).length, 10)
  t.equal(large.reads(), 1)

  const gone = setting()
  gone.body.destroy()
  t.equal(gone.readable.read(), null)
  t.equal(gone.reads(), 0)
})

t.test('waits for its consumer, all with one promise', async t => {
  const { body, readable } = setting()
  body.write('x'.repeat(100_000))
  const room = body.room()
  t.equal(body.room(), room)
  let hasRoom = false
  room.then(() => { hasRoom = true }, t.error)
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  t.notOk(hasRoom)
  t.equal(body.queued, 100_000)
  readable.resume()
  t.equal(await room, true)
  t.equal(body.queued, 0)
})

t.test('a destroyed one has no room, forgets what was pending, and says so once', async t => {
  for (const end of ['body', 'readable'] as const) {
    const { body, readable, ends } = setting()
    body.write('a\n')
    const room = body.room()
    if (end === 'body') body.destroy()
    else readable.destroy(new Error('unheard'))
    t.equal(await room, false)
    t.equal(await body.room(), false)
    t.equal(body.queued, 0)
    await nextTurn()
    body.destroy()
    await nextTurn()
    t.equal(body.bytes, 0)
    t.equal(ends(), 1)
  }
})

t.test('hands shared frames on at once, uncopied, after what was written before', async t => {
  const { body, readable } = setting()
  const chunks = chunksOf(readable)
  await nextTurn()
  const shared = shareFrames('shared\n', 1)
  body.write('a\n')
  body.writeShared(shared)
  body.write('b\n')
  t.strictSame(chunks.map(String), ['a\n', 'shared\n'])
  t.equal(chunks[1]?.buffer, shared.bytes.buffer)
  t.equal(body.bytes, 9)
  t.equal(body.sharedEvents, 1)
  await nextTurn()
  t.strictSame(chunks.map(String), ['a\n', 'shared\n', 'b\n'])
  body.destroy()
})

t.test('hands large shared frames on in pieces, uncopied', async t => {
  const { body, readable } = setting()
  const shared = shareFrames('x'.repeat(70_000), 1)
  body.writeShared(shared)
  t.notOk(body.hasRoom)
  t.equal(body.queued, 70_000)
  const chunks = chunksOf(readable)
  body.finish()
  await new Promise(resolve => { readable.once('end', resolve) })
  t.strictSame(chunks.map(chunk => chunk.length), [65_536, 70_000 - 65_536])
  t.ok(chunks.every(chunk => chunk.buffer === shared.bytes.buffer))
})

t.test('takes what is offered if there is room, and not otherwise', async t => {
  const { body, readable } = setting()
  t.equal(body.offer(shareFrames('a\n', 1)), true)
  t.equal(body.offer(shareFrames('b\n', 1)), false, 'nobody has read the first')
  t.equal(body.sharedEvents, 1)
  const chunks = chunksOf(readable)
  t.equal(await body.room(), true)
  t.equal(body.offer(shareFrames('c\n', 1)), true)
  t.strictSame(chunks.map(String), ['a\n', 'c\n'])
})

t.test('takes no shared frames after its end', async t => {
  const finished = setting()
  finished.body.finish()
  finished.body.writeShared(shareFrames('late\n', 1))
  t.equal(await text(finished.readable), '')
  const destroyed = setting()
  destroyed.body.destroy()
  destroyed.body.writeShared(shareFrames('late\n', 1))
  t.equal(destroyed.body.bytes, 0)
})

t.test('with a response that is all that reads it', async t => {
  for (const needsReadable of [true, false]) {
    await t.test(needsReadable ? 'and a Readable that tells the end' : 'and no Readable', async t => {
      t.test('writes chunks to the socket once the head is out', async t => {
        const { body, client, written, open } = await served(t, needsReadable)
        const small = shareFrames('small\n', 1)
        const medium = shareFrames('m'.repeat(65_537), 1)
        const large = shareFrames('x'.repeat(256 * 1024 + 1), 1)
        open()
        body.writeShared(small) // with the head
        await nextTurn()
        t.notOk(written.includes(small.chunk))
        body.writeShared(small)
        t.ok(written.includes(small.chunk))
        t.ok(body.hasRoom)
        body.write('own\n')
        await nextTurn()
        t.equal(String(written.at(-1)), '4\r\nown\n\r\n')
        body.writeShared(medium)
        t.ok(body.hasSharedRoom, 'it has left, so more may')
        t.ok(written.includes(medium.chunk))
        body.writeShared(large)
        t.notOk(written.includes(large.chunk))
        t.notOk(body.hasRoom)
        await nextTurn()
        body.finish()
        await client.until(({ isComplete }) => isComplete)
        t.equal(client.body, `small\nsmall\nown\n${'m'.repeat(65_537)}${'x'.repeat(256 * 1024 + 1)}`)
        t.equal(body.bytes, client.body.length)
      })

      t.test('begins with what has gathered before', async t => {
        const { body, client, open } = await served(t, needsReadable)
        body.writeShared(shareFrames('a\n', 1))
        body.write('b\n')
        await nextTurn()
        body.writeShared(shareFrames('c\n', 1))
        t.equal(body.queued, 6)
        t.notOk(body.hasRoom)
        const room = body.room()
        open()
        t.equal(body.queued, 0)
        t.equal(await room, true)
        body.writeShared(shareFrames('d\n', 1))
        body.finish()
        await client.until(({ isComplete }) => isComplete)
        t.equal(client.body, 'a\nb\nc\nd\n')
      })

      t.test('ends, though it was finished before', async t => {
        const { body, client, open } = await served(t, needsReadable)
        body.write('a\n')
        body.finish()
        for (let turn = 0; turn < 2; turn++) await nextTurn()
        open()
        await client.until(({ isComplete }) => isComplete)
        t.equal(client.body, 'a\n')
      })

      t.test('waits for it to drain, and keeps the order of what gathers meanwhile', async t => {
        const { body, response, client, open } = await served(t, needsReadable)
        open()
        client.socket.pause()
        const shared = shareFrames('x'.repeat(65_536), 1)
        let count = 0
        for (; response.writableLength === 0; count++) {
          body.writeShared(shared)
          await nextTurn()
        }
        t.notOk(body.hasRoom)
        t.notOk(body.offer(shared))
        t.equal(response.listenerCount('drain'), 1)
        const room = body.room()
        let hasRoom = false
        room.then(() => { hasRoom = true }, t.error)
        body.write('k')
        body.writeShared(shareFrames('l', 1))
        t.equal(response.listenerCount('drain'), 1, 'whoever goes on all the same waits no second time')
        for (let turn = 0; turn < 3; turn++) await nextTurn()
        t.notOk(hasRoom)
        client.socket.resume()
        t.equal(await room, true)
        t.ok(body.hasRoom)
        t.equal(response.listenerCount('drain'), 0)
        body.finish()
        await client.until(({ isComplete }) => isComplete)
        t.equal(client.body.length, 65_536 * count + 2)
        t.ok(client.body.endsWith('xkl'))
      })

      t.test('lets other work run before a source hands on more than a chunk, however fast it is', async t => {
        const { body, open } = await served(t, needsReadable)
        open()
        body.write('head\n')
        await nextTurn()
        await body.room()
        const shared = shareFrames('x'.repeat(1_000), 1)
        let written = 0
        for (; body.hasRoom; written++) body.writeShared(shared)
        t.equal(written, 62)
        t.ok(body.hasSharedRoom)
        for (; body.hasSharedRoom; written++) body.writeShared(shared)
        t.equal(written, 1_049)
        let turnIsOver = false
        setImmediate(() => { turnIsOver = true })
        t.equal(await body.room(), true)
        t.ok(turnIsOver)
        t.ok(body.hasRoom)
      })

      t.test('ends when it is destroyed, without a word to the response', async t => {
        const { body, ends, response, open } = await served(t, needsReadable)
        open()
        body.destroy()
        body.write('late')
        await nextTurn()
        t.equal(ends(), 1)
        t.equal(await body.room(), false)
        t.notOk(response.writableEnded)
      })
    })
  }
})

t.test('compressed', async t => {
  t.test('hands on what it takes, and the end of the encoding with its own', async t => {
    const { body, readable, engine } = setting(gzip())
    t.ok(body.isCompressed)
    const chunks = chunksOf(readable)
    const read = (): string => gunzipSync(Buffer.concat(chunks), { finishFlush: constants.Z_SYNC_FLUSH }).toString()
    body.write('a\n')
    body.write('b\n')
    await nextTurn()
    t.equal(chunks.length, 1, 'joined before')
    t.equal(read(), 'a\nb\n')
    body.write('c\n')
    body.writeShared(shareFrames('shared\n'.repeat(1_000), 1))
    await nextTurn()
    t.equal(read(), `a\nb\nc\n${'shared\n'.repeat(1_000)}`)
    body.finish()
    await new Promise(resolve => { readable.once('end', resolve) })
    t.equal(gunzipSync(Buffer.concat(chunks)).length, 7_006)
    t.equal(body.bytes, 7_006)
    t.equal(body.sentBytes, Buffer.concat(chunks).length)
    t.ok(engine.destroyed)
  })

  t.test('frees its compressor when it is destroyed', async t => {
    const { body, engine } = setting(gzip())
    body.write('a\n')
    body.destroy()
    await nextTurn()
    t.ok(engine.destroyed)
    t.equal(body.sentBytes, 0)
  })

  t.test('fails with its compressor', async t => {
    for (const write of writings) {
      const { body, readable, ends, engine } = setting(gzip())
      const failed = once(readable, 'error').catch((error: unknown) => [error])
      engine.destroy(new Error('out of memory'))
      write(body)
      t.type((await failed)[0], Error)
      t.equal(ends(), 1)
      t.equal(body.sentBytes, 0)
    }
  })

  for (const needsReadable of [true, false]) {
    t.test(`straight to a response, ${needsReadable ? 'piped' : 'alone'}`, async t => {
      t.test('counts for a turn what goes in, not what comes out', async t => {
        const { body, open, received } = await servedCompressed(t, needsReadable)
        open()
        body.write('head\n')
        await nextTurn()
        await body.room()
        const shared = shareFrames('x'.repeat(60_000), 1)
        let written = 0
        while (body.offer(shared)) written++
        t.equal(written, 5, 'of 1 MiB that go uncompressed')
        t.notOk(body.hasRoom)
        t.equal(await body.room(), true)
        t.ok(body.hasRoom)
        body.write('x'.repeat(62_000))
        t.notOk(body.hasRoom)
        await nextTurn()
        t.notOk(body.hasRoom, 'though it was compressed to far less')
        body.finish()
        t.equal((await text((await received()).pipe(createGunzip()))).length, 5 + 300_000 + 62_000)
      })

      t.test('begins with what has gathered, also with all of it', async t => {
        const { body, open, received } = await servedCompressed(t, needsReadable)
        body.write('a\n')
        await nextTurn()
        body.write('b\n')
        body.finish()
        for (let turn = 0; turn < 2; turn++) await nextTurn()
        open()
        t.equal(await text((await received()).pipe(createGunzip())), 'a\nb\n')
      })

      t.test('breaks it off when its compressor fails', async t => {
        for (const write of writings) {
          const { body, open, received, engine, readable, response, ends } = await servedCompressed(t, needsReadable)
          // As Fastify does with what it pipes.
          if (needsReadable) readable.on('error', () => { response.destroy() })
          open()
          body.write('a\n')
          await nextTurn()
          const message = await received()
          engine.destroy(new Error('out of memory'))
          write(body)
          await t.rejects(text(message), { code: 'ECONNRESET' })
          t.notOk(message.complete)
          body.destroy()
          t.equal(ends(), 1)
        }
      })
    })
  }
})

/** What a body may be asked that it needs its compressor for. */
const writings = [(body: Body) => { body.write('b\n') }, (body: Body) => { body.finish() }]

function gzip () {
  const engine = createGzip()
  return { engine, compressor: new Compressor(engine, { flush: constants.Z_PARTIAL_FLUSH, end: constants.Z_FINISH }) }
}

/** A compressed body, and the response that it goes to when it is opened. */
async function servedCompressed (t: Test, needsReadable: boolean) {
  const server = createServer()
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  const requested = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>
  const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false })
  t.teardown(() => { request.destroy() })
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  const [, response] = await requested
  const { body, readable, ends, engine } = setting(gzip())
  const open = (): void => {
    if (needsReadable) readable.pipe(response)
    else readable.answer(replyTo(response))
  }
  return { body, readable, ends, engine, response, open, received: async () => (await answered)[0] }
}

interface Setting { body: Body, readable: ReadableBody, reads: () => number, ends: () => number }

function setting<With extends { compressor?: Compressor }> ({ compressor, ...rest }: With = {} as With): Setting & Omit<With, 'compressor'> {
  let reads = 0
  let ends = 0
  const body = new Body(true, { onBodyRead: () => { reads++ }, onBodyDestroyed: () => { ends++ } }, compressor)
  return { body, readable: body.readable as ReadableBody, reads: () => reads, ends: () => ends, ...rest }
}

/** A body, and the response to a request, which it goes to when it is opened. */
async function served (t: Test, needsReadable: boolean) {
  const written: unknown[] = []
  const server = createServer()
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  const answered = new Promise<ServerResponse>(resolve => { server.once('request', (request, response) => { resolve(response) }) })
  const client = new RawClient(t, (server.address() as AddressInfo).port).request('/')
  const response = await answered
  const socket = response.socket as NonNullable<ServerResponse['socket']>
  const write = socket.write.bind(socket)
  socket.write = (...args: unknown[]) => {
    written.push(args[0])
    return write(...args as Parameters<typeof write>)
  }
  const { body, readable, ends } = setting()
  const open = (): void => {
    if (needsReadable) readable.pipe(response)
    else readable.answer(replyTo(response))
  }
  return { body, ends, response, client, written, open }
}

function chunksOf (readable: ReadableBody): Buffer[] {
  const chunks: Buffer[] = []
  readable.on('data', (chunk: Buffer) => { chunks.push(chunk) })
  return chunks
}

async function nextTurn (): Promise<void> {
  await new Promise(setImmediate)
}
