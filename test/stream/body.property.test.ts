import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { constants, createGzip } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { Body } from '../../lib/stream/body.js'
import { Compressor } from '../../lib/stream/compressor.js'
import type { Frames } from '../../lib/stream/frame-source.js'
import { shareFrames } from '../../lib/stream/shared-frames.js'
import { HEARTBEAT } from '../../lib/wire/frame.js'
import { replyTo } from './reply-to.js'

// Inside a property, node:assert: fast-check shrinks what throws, and tap's assertions only report.

/** What happens to the streams of two requests that came in on one connection at once. */
type Step =
  | { do: 'write' | 'share', stream: 0 | 1, text: string }
  | { do: 'flood', stream: 0 | 1, times: number, length: number }
  | { do: 'heartbeat' | 'finish' | 'wait', stream: 0 | 1 }
  | { do: 'turn' | 'stop reading' | 'read on' | 'destroy' }

const stream = fc.constantFrom(0 as const, 1 as const)
const text = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }), fc.constantFrom('x'.repeat(15), 'ä'.repeat(8), 'x'.repeat(70_000)))
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 24, arbitrary: fc.record({ do: fc.constantFrom('write' as const, 'share' as const), stream, text }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('heartbeat' as const, 'wait' as const), stream }) },
  { weight: 24, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('flood' as const), stream, times: fc.constantFrom(3, 100), length: fc.constantFrom(1_000, 65_536) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('stop reading' as const, 'read on' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('finish' as const), stream }) }
)
const schedule = fc.record({ steps: fc.array(step, { minLength: 5, maxLength: 60 }), isDestroyed: fc.boolean() })

/**
 * By which way a body goes to its response: the plain one, piped by Readable; piped, but written without Readable's part; or
 * with a Readable no more. The fast ones write to the socket where they can.
 */
type Way = 'plain' | 'piped' | 'alone'

t.test('a client gets the same bytes, by whichever way they go', async t => {
  const { direct, full } = await compare(150, false)
  for (const way of ['piped', 'alone'] as const) {
    t.ok(direct[way] > 200, `${direct[way]} chunks went to the socket`)
    t.ok(full[way] > 0, `${full[way]} times it was full`)
  }
})

t.test('and so it does where they are compressed', async t => {
  const { direct } = await compare(50, true)
  for (const way of ['piped', 'alone'] as const) t.ok(direct[way] > 200, `${direct[way]} chunks went to the socket`)
})

/** @returns What became of the chunks that went the fast ways. */
async function compare (numRuns: number, isCompressed: boolean) {
  const direct = { piped: 0, alone: 0 }
  const full = { piped: 0, alone: 0 }
  await fc.assert(fc.asyncProperty(schedule, async ({ steps, isDestroyed }) => {
    const all: Step[] = isDestroyed
      ? [...steps, { do: 'destroy' }]
      : [...steps, { do: 'turn' }, { do: 'finish', stream: 0 }, { do: 'finish', stream: 1 }]
    const plain = await play(all, 'plain', isCompressed)
    equal(plain.direct, 0)
    for (const way of ['piped', 'alone'] as const) {
      const fast = await play(all, way, isCompressed)
      direct[way] += fast.direct
      full[way] += fast.full
      if (isDestroyed) {
        // How much had arrived, and with it which response had its turn, depends on the kernel.
        const length = Math.min(plain.received.length, fast.received.length)
        equal(plain.received.slice(0, length), fast.received.slice(0, length))
      } else {
        deepStrictEqual(fast.bodyBytes, plain.bodyBytes)
        equal(plain.received, fast.received)
        ok(fast.received.endsWith('(end)'))
        deepStrictEqual(fast.listeners, plain.listeners)
      }
    }
  }), { numRuns })
  return { direct, full }
}

const BEAT = shareFrames(HEARTBEAT, 0)

interface Played {
  /** Heads and bodies, one after the other, whatever the chunks are: a shared frame may be one, or several. */
  received: string
  /** Of both streams, by their own count. */
  bodyBytes: number[]
  /** Chunks that were written to the socket as they were. */
  direct: number
  /** How often the socket had no more room for one. */
  full: number
  /** How many listeners the responses had in the end. */
  listeners: number[]
}

async function play (steps: readonly Step[], way: Way, isCompressed: boolean): Promise<Played> {
  const responses: ServerResponse[] = []
  const streams: Body[] = []
  const finished = new Set<number>()
  const chunks = new Set<unknown>()
  let direct = 0
  let full = 0
  const server = createServer((request, response) => {
    response.sendDate = false
    // With a write of its own a response is left to itself.
    if (way === 'plain') response.write = response.write.bind(response)
    const stream = new Body(way !== 'plain', { onBodyRead () {}, onBodyDestroyed () {} }, isCompressed ? compressor(frames => { chunks.add(frames.chunk) }) : undefined)
    stream.write('retry: 2000\n')
    if (way === 'alone') {
      stream.readable?.answer(replyTo(response))
    } else {
      stream.readable?.pipe(response)
    }
    responses.push(response)
    streams.push(stream)
  })
  server.on('connection', socket => {
    const write = socket.write.bind(socket)
    socket.write = (...args: unknown[]) => {
      const hasRoom = write(...args as Parameters<typeof write>)
      if (chunks.has(args[0])) {
        direct++
        if (!hasRoom) full++
      }
      return hasRoom
    }
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const received: Buffer[] = []
  client.on('data', (data: Buffer) => { received.push(data) })
  client.on('error', () => {})
  const closed = new Promise(resolve => { client.once('close', resolve) })
  client.write('GET / HTTP/1.1\r\nHost: test\r\n\r\nGET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n')
  while (streams.length < 2) await turn()

  const share = (stream: Body, text: string): void => {
    const frames = shareFrames(text, 1)
    chunks.add(frames.chunk)
    stream.writeShared(frames)
  }
  const act = (step: Extract<Step, { stream: unknown }>): void => {
    const stream = streams[step.stream] as Body
    if (step.do === 'write') stream.write(step.text)
    else if (step.do === 'share') share(stream, step.text)
    else if (step.do === 'flood') for (let i = 0; i < step.times; i++) share(stream, String(i).padEnd(step.length))
    else if (step.do === 'heartbeat') stream.writeShared(BEAT)
    else if (step.do === 'wait') stream.room().catch(t.error) // not awaited: the client may have stopped reading for good
    else {
      finished.add(step.stream)
      stream.finish()
    }
  }
  for (const step of steps) {
    if (step.do === 'turn') await turn()
    else if (step.do === 'stop reading') client.pause()
    else if (step.do === 'read on') client.resume()
    else if (step.do === 'destroy') for (const one of [...streams, ...responses]) one.destroy()
    else if ('stream' in step && !finished.has(step.stream)) act(step)
  }
  client.resume()
  await closed
  await new Promise(resolve => { server.close(resolve) })
  const listeners = responses.map(response => response.listenerCount('close'))
  return { received: unchunked(Buffer.concat(received).toString('latin1')), bodyBytes: streams.map(({ bytes }) => bytes), direct, full, listeners }
}

/** Responses, as far as they came. */
function unchunked (text: string): string {
  let result = ''
  for (;;) {
    const headEnd = text.indexOf('\r\n\r\n')
    if (headEnd < 0) return result
    result += text.slice(0, headEnd)
    text = text.slice(headEnd + 4)
    for (;;) {
      const sizeEnd = text.indexOf('\r\n')
      if (sizeEnd < 0) return result
      const size = Number.parseInt(text.slice(0, sizeEnd), 16)
      result += text.slice(sizeEnd + 2, sizeEnd + 2 + size)
      text = text.slice(sizeEnd + 2 + size + 2)
      if (size > 0) continue
      result += '(end)'
      break
    }
  }
}

/** One that tells what comes out. */
function compressor (onFrames: (frames: Frames) => void): Compressor {
  const gzip = new Compressor(createGzip({ level: 1 }), { flush: constants.Z_PARTIAL_FLUSH, end: constants.Z_FINISH })
  const compress = gzip.compress.bind(gzip)
  gzip.compress = bytes => {
    const frames = compress(bytes)
    onFrames(frames)
    return frames
  }
  return gzip
}

async function turn (): Promise<void> {
  await new Promise(setImmediate)
}
