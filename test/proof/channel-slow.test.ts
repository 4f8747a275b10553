import { once } from 'node:events'
import { request as ask, type IncomingMessage } from 'node:http'
import { createParser } from 'eventsource-parser'
import t, { type Test } from 'tap'
import { Account, Published } from './account.js'
import type { Measured, Question } from './fixtures/channel-slow.js'
import { Program } from './program.js'

const SUBSCRIBERS = 1_000
const KIB = 1024
const MIB = 1024 * KIB
/** A place in line, without the event: it does not grow with that. */
const MAX_PLACE_BYTES = 80

t.setTimeout(120_000)

/** A subscriber of the server in the other process. */
class Reader {
  readonly account: Account
  readonly #t: Test
  readonly #path: string
  response: IncomingMessage | undefined
  isClosed = false

  constructor (t: Test, path: string, published: Published) {
    this.#t = t
    this.#path = path
    this.account = new Account([{ published, topics: undefined, filter: undefined }])
  }

  async connect ({ reads }: { reads: boolean }): Promise<void> {
    const { id } = this.account
    const sent = ask({ socketPath: this.#path, path: '/ticks', agent: false, headers: id === undefined ? {} : { 'last-event-id': id } }).end()
    this.#t.teardown(() => { sent.destroy() })
    const [response] = await once(sent, 'response') as [IncomingMessage]
    this.isClosed = false
    response.on('error', () => {})
    response.on('close', () => { this.isClosed = true })
    this.account.begin()
    this.response = response
    if (reads) this.read()
  }

  read (): void {
    const parser = createParser({
      onEvent: ({ event = 'message', id, data }) => { this.account.take({ event, id, data: JSON.parse(data) }) }
    })
    this.response?.on('data', (bytes: Buffer) => { parser.feed(bytes.toString('latin1')) })
  }
}

async function settle (condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5))
}

async function startServer (t: Test, maxBufferedBytes: number): Promise<{ ask: (question: Question) => Promise<Measured>, path: string }> {
  const program = new Program(t, 'channel-slow')
  const ask = async (question: Question): Promise<Measured> => await program.ask<Measured>(question)
  const { path } = await ask({ maxBufferedBytes })
  return { ask, path }
}

async function connectAll (readers: readonly Reader[], how: { reads: boolean }): Promise<void> {
  for (let n = 0; n < readers.length; n += 100) await Promise.all(readers.slice(n, n + 100).map(async reader => { await reader.connect(how) }))
}

t.test('one reader of 1,000 that never reads costs the others nothing, is closed as slow, and resumes without loss', async t => {
  const maxBufferedBytes = 256 * KIB
  const { ask, path } = await startServer(t, maxBufferedBytes)
  const published = new Published(0, 2_000)
  const readers = Array.from({ length: SUBSCRIBERS - 1 }, () => new Reader(t, path, published))
  const idle = new Reader(t, path, published)
  await connectAll(readers, { reads: true })
  await idle.connect({ reads: false })
  // At the pace of those who read: they are all in this process.
  const publish = async (events: number): Promise<number> => {
    let peakBufferBytes = 0
    for (let n = 0; n < events; n += 4) {
      for (let i = 0; i < 4; i++) published.add(undefined)
      const measured = await ask({ publish: 4, bytes: 8 * KIB })
      peakBufferBytes = Math.max(peakBufferBytes, measured.peakBufferBytes)
      await settle(() => readers.every(({ account }) => account.isComplete))
    }
    return peakBufferBytes
  }
  const before = await ask({ subscribers: SUBSCRIBERS })
  const peak = await publish(100) - before.bufferBytes
  const after = await ask({})
  t.equal(after.subscribers, SUBSCRIBERS - 1)
  t.match(after.closed, [{ reason: 'slow' }])
  t.equal(after.closed.length, 1, 'nobody else was closed')
  // What is retained, as text and as frames, and what waits.
  t.ok(peak < 3 * MIB + maxBufferedBytes, `buffers have grown by ${peak} bytes`)

  idle.read()
  await settle(() => idle.isClosed)
  const got = idle.account.deliveries
  t.ok(got > 0 && got < 100, `it finds ${got} events when it reads at last`)
  await idle.connect({ reads: true })
  await publish(20)
  await settle(() => idle.account.isComplete)
  t.equal(idle.account.deliveries, 120)
  t.equal(idle.account.gaps, 0)
  t.equal(readers.reduce((sum, { account }) => sum + account.deliveries, 0), 120 * readers.length)
  t.comment(`${120 * SUBSCRIBERS} deliveries; ${got} before it was closed; buffers at most ${peak} bytes more`)
})

for (const eventBytes of [16 * KIB, KIB]) {
  t.test(`1,000 subscribers for whom the same 1 MiB waits, in events of ${eventBytes / KIB} KiB, share it`, async t => {
    const { ask, path } = await startServer(t, 8 * MIB)
    const published = new Published(0, 2_000)
    const readers = Array.from({ length: SUBSCRIBERS }, () => new Reader(t, path, published))
    await connectAll(readers, { reads: false })
    await ask({ subscribers: SUBSCRIBERS })
    const publish = async (bytes: number): Promise<Measured> => {
      const events = Math.ceil(bytes / eventBytes)
      for (let n = 0; n < events; n++) published.add(undefined)
      return await ask({ publish: events, bytes: eventBytes - 100 })
    }
    // As much as the sockets take, so that it does not count.
    const before = await publish(MIB / 2)
    const after = await publish(MIB)
    t.equal(after.subscribers, SUBSCRIBERS)
    const grown = (what: 'rssBytes' | 'bufferBytes' | 'heapBytes'): number => after[what] - before[what]
    t.comment(`buffers ${grown('bufferBytes')}, heap ${grown('heapBytes')}, rss ${grown('rssBytes')}`)
    t.ok(grown('bufferBytes') < 2 * MIB, `buffers have grown by ${grown('bufferBytes')} bytes`)
    const places = SUBSCRIBERS * MIB / eventBytes
    const placeBytes = (grown('heapBytes') - MIB) / places
    t.ok(placeBytes < MAX_PLACE_BYTES, `each event that waits for a subscriber takes ${placeBytes.toFixed()} bytes of the heap`)

    const some = readers.slice(0, 50)
    for (const reader of some) reader.read()
    await settle(() => some.every(({ account }) => account.isComplete))
    t.equal(some.reduce((sum, { account }) => sum + account.deliveries, 0), some.length * published.head, 'nothing of it is lost')
  })
}
