import { mock } from 'node:test'
import t, { type Test } from 'tap'
import type { ConnectOptions } from '../../types/client.js'
import { Inbox } from '../helpers/inbox.js'
import { streaming } from './answers.js'
import { EVENT_STREAM, failure, open, statesOf } from './server.js'

// How long a client waits, in mocked time.

const NOW_MS = Date.UTC(2030, 0, 1)

t.beforeEach(() => { mock.timers.enable({ apis: ['setTimeout', 'Date'], now: NOW_MS }) })
t.afterEach(async () => {
  await new Promise(setImmediate) // what was closed clears its timers
  mock.timers.reset()
})

interface Waiting {
  readonly stream: ReturnType<typeof open>
  /** When it has asked, from the start. */
  readonly askedMs: Inbox<number>
  /** Resolves when it waits for time to pass. */
  readonly waits: () => Promise<void>
}

/** A client that gets these answers one after the other, the last one again and again. */
function waiting (t: Test, answers: ReadonlyArray<() => Response | Promise<Response>>, options: ConnectOptions = {}): Waiting {
  const askedMs = new Inbox<number>()
  const fetch = async (): Promise<Response> => {
    askedMs.push(Date.now() - NOW_MS)
    return await (answers[askedMs.items.length - 1] ?? answers.at(-1))!()
  }
  const stream = open(t, 'http://127.0.0.1', { retryMs: 2_000, maxRetryMs: 30_000, ...options, fetch })
  stream.closed.catch(() => {})
  stream.on('message', () => {})
  return { stream, askedMs, waits: async () => { while (stream.state !== 'waiting') await new Promise(setImmediate) } }
}

/** Lets as much time pass as it waits, and asserts that it waits no less. */
async function passes (t: Test, { askedMs, waits }: Waiting, ms: number): Promise<void> {
  await waits()
  const asked = askedMs.items.length
  mock.timers.tick(ms - 1)
  await new Promise(setImmediate)
  t.equal(askedMs.items.length, asked, `it waits for ${ms} ms`)
  mock.timers.tick(1)
  await askedMs.until(({ length }) => length > asked)
}

const refused = (): Response => new Response(null, { status: 500 })
const ended = (...text: string[]) => (): Response => streaming(text)
const silent = (): Response => streaming([], 'stays open')

t.test('without the server\'s word, it comes back after retryMs where a connection of use has ended', async t => {
  const waits = waiting(t, [ended('data: 1\n\n')])
  for (let n = 0; n < 5; n++) await passes(t, waits, 2_000)
  await passes(t, waiting(t, [ended('data: 1\n\n')], { retryMs: 7 }), 7)
})

t.test('it comes back after what the server says by retry, until it says something else', async t => {
  const waits = waiting(t, [ended('retry: 500\ndata: 1\n\n'), ended('data: 2\n\n'), ended('retry: 10\ndata: 3\n\n')])
  for (const ms of [500, 500, 10, 10]) await passes(t, waits, ms)
})

t.test('attempts in vain double a limit, of which a random part comes on top', async t => {
  t.intercept(Math, 'random', { value: () => 0.5 })
  const waits = waiting(t, [refused, refused, refused, refused, refused, refused, ended('data: 1\n\n'), refused])
  for (const ms of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) await passes(t, waits, 2_000 + ms)
  await passes(t, waits, 2_000)
  await passes(t, waits, 2_000 + 1_000)
})

t.test('the random part is any part', async t => {
  let random = 0
  t.intercept(Math, 'random', { value: () => random })
  for ([random] of [[0], [0.25], [0.999]] as const) await passes(t, waiting(t, [refused]), 2_000 + random * 2_000)
})

t.test('the limit begins at a second where the server wants its clients back at once, and ends at maxRetryMs', async t => {
  t.intercept(Math, 'random', { value: () => 0.5 })
  const waits = waiting(t, [ended('retry: 0\ndata: 1\n\n'), refused], { maxRetryMs: 3_000 })
  await waits.waits()
  mock.timers.tick(1) // a timer takes one at least
  await waits.askedMs.until(({ length }) => length === 2)
  for (const ms of [500, 1_000, 1_500, 1_500]) await passes(t, waits, ms)
})

t.test('a connection that broke counts as an attempt in vain, however much it has brought', async t => {
  t.intercept(Math, 'random', { value: () => 0.5 })
  const waits = waiting(t, [() => streaming(['data: 1\n\n'], new Error('cut'))])
  for (let n = 0; n < 3; n++) await passes(t, waits, 2_000 + 1_000)
})

t.test('a connection that was quiet for long is no attempt in vain', async t => {
  t.intercept(Math, 'random', { value: () => 0.5 })
  let end = (): void => {}
  const quiet = (): Response => new Response(new ReadableStream({ start (controller) { end = () => { controller.close() } } }), { headers: EVENT_STREAM })
  const waits = waiting(t, [quiet], { staleAfterMs: Infinity })
  for (const [lastedMs, waitMs] of [[30_000, 2_000 + 1_000], [30_001, 2_000]] as const) {
    while (waits.stream.state !== 'open') await new Promise(setImmediate)
    mock.timers.tick(lastedMs)
    end()
    await passes(t, waits, waitMs)
  }
})

const RETRY_AFTER: Array<[value: string, ms: number]> = [
  ['120', 120_000],
  ['1', 2_000],
  ['0', 2_000],
  ['-5', 2_000],
  ['soon', 2_000],
  [new Date(NOW_MS + 60_000).toUTCString(), 60_000],
  [new Date(NOW_MS - 60_000).toUTCString(), 2_000]
]

for (const [value, ms] of RETRY_AFTER) {
  t.test(`503 with Retry-After: ${value} is tried again after ${ms} ms and the random part`, async t => {
    t.intercept(Math, 'random', { value: () => 0.5 })
    const answer = (): Response => new Response(null, { status: 503, headers: { 'retry-after': value } })
    await passes(t, waiting(t, [answer]), ms + 1_000)
  })
}

t.test('a wait of more than 24 days is one for ever, not none', async t => {
  const waits = waiting(t, [ended('retry: 2147483647\n:\n')])
  await waits.waits()
  mock.timers.tick(2 ** 31 - 1)
  await new Promise(setImmediate)
  t.equal(waits.askedMs.items.length, 1)
  t.equal(waits.stream.state, 'waiting')
  waits.stream.close()
  t.equal(await waits.stream.closed, 'closed')
})

t.test('silence for staleAfterMs ends a connection', async t => {
  const { stream, askedMs } = waiting(t, [silent], { retryMs: 0, maxRetryMs: 0 })
  const states = statesOf(stream)
  await states.until(items => items.includes('open'))
  await new Promise(setImmediate)
  mock.timers.tick(44_999)
  await new Promise(setImmediate)
  t.equal(stream.state, 'open')
  mock.timers.tick(1)
  await states.until(items => items.includes('waiting'))
  t.match(stream.lastError, { code: 'FST_ERR_SSE_CLIENT_CUT', message: 'the connection broke: Error: nothing came for 45000 ms' })
  mock.timers.tick(1)
  await askedMs.until(({ length }) => length === 2)
})

t.test('a server that accepts and says nothing is given up after the same time', async t => {
  const waits = waiting(t, [async () => await new Promise(() => {})], { staleAfterMs: 100, retryMs: 0, maxRetryMs: 0 })
  await waits.askedMs.until(({ length }) => length === 1)
  await new Promise(setImmediate)
  mock.timers.tick(100)
  await waits.waits()
  t.match(waits.stream.lastError, { message: 'the connection broke: Error: nothing came for 100 ms' })
})

t.test('every byte counts, be it of a heartbeat', async t => {
  let send: (text: string) => void = () => {}
  const body = new ReadableStream<Uint8Array>({
    start (controller) { send = text => { controller.enqueue(new TextEncoder().encode(text)) } }
  })
  const waits = waiting(t, [() => new Response(body, { headers: EVENT_STREAM })], { staleAfterMs: 1_000 })
  for (const byte of ':\n:\n:\n') {
    await new Promise(setImmediate)
    mock.timers.tick(999)
    send(byte)
  }
  await new Promise(setImmediate)
  t.equal(waits.stream.state, 'open')
  mock.timers.tick(1_000)
  await waits.waits()
})

t.test('Infinity never gives a silent connection up', async t => {
  const { stream } = waiting(t, [silent], { staleAfterMs: Infinity })
  await statesOf(stream).until(items => items.includes('open'))
  await new Promise(setImmediate)
  mock.timers.tick(2 ** 40)
  await new Promise(setImmediate)
  t.equal(stream.state, 'open')
})

t.test('the time that a consumer takes is not silence', async t => {
  const fetch = async (): Promise<Response> => streaming(['data: 1\n\n', 'data: 2\n\n'], 'stays open')
  const stream = open(t, 'http://127.0.0.1', { fetch })
  const iterator = stream[Symbol.asyncIterator]()
  t.equal((await iterator.next()).value.data, 1)
  await new Promise(setImmediate)
  mock.timers.tick(3_600_000)
  await new Promise(setImmediate)
  t.equal((await iterator.next()).value.data, 2)
  t.equal(stream.state, 'open')
})

t.test('a POST that falls silent has failed', async t => {
  const { stream } = waiting(t, [() => streaming(['data: 1\n\n'], 'stays open')], { method: 'POST', staleAfterMs: 10 })
  const failed = failure(stream.closed)
  await statesOf(stream).until(items => items.includes('open'))
  await new Promise(setImmediate)
  mock.timers.tick(10)
  t.match(await failed, { code: 'FST_ERR_SSE_CLIENT_CUT' })
})
