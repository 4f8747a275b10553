import type { NatsConnection, Status } from '@nats-io/nats-core'
import t from 'tap'
import type { Log, Position } from '../../../types/broker.js'
import { appendAll, dataOf, EVERYTHING, eventually, note, numbered, readAll, uniqueName } from '../conformance/harness.js'
import { Recorder } from '../conformance/recorder.js'
import { listen, startFor, TIMEOUT_MS } from './fixtures.js'

const UNAVAILABLE = { code: 'FST_ERR_SSE_BROKER_UNAVAILABLE' }
const UNCERTAIN = { code: 'FST_ERR_SSE_PUBLISH_UNCERTAIN' }

t.test('a server that is killed and comes back: what was confirmed is there once, in order, and reaches who follows', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const name = uniqueName()
  const [first, second] = [nats.open(await nats.broker(), { name }), nats.open(await nats.broker(), { name })]
  const recorder = new Recorder(second)
  const begin = await recorder.begun()
  const publisher = new Publisher(first)
  for (let kill = 0; kill < 3; kill++) {
    await publisher.confirmed(200)
    await nats.server.kill()
    await nats.server.restart()
  }
  await publisher.confirmed(200)
  await publisher.stop()

  const stored = await readAll(second, undefined, 100)
  const places = new Map(stored.map(({ data, offset }) => [data, offset]))
  t.equal(places.size, stored.length, 'nothing is there twice')
  const confirmed = [...publisher.positions]
  t.ok(confirmed.length >= 800)
  t.ok(confirmed.every(([data, { offset }]) => places.get(data) === offset), 'each where its publisher was told')
  t.strictSame(dataOf(stored), [...places.keys()].sort((a, b) => Number(a) - Number(b)), 'in the order of the calls')
  t.strictSame([...publisher.codes].filter(code => code !== UNCERTAIN.code && code !== UNAVAILABLE.code), [])
  await recorder.reached(await second.head())
  t.strictSame(dataOf(recorder.records), dataOf(stored.filter(({ offset }) => offset > begin.offset)))
  t.strictSame(recorder.problems, [])
  const epochs = new Set(confirmed.map(([, { epoch }]) => epoch))
  t.equal(epochs.size, 4, 'each process of the server has its own epoch')
  t.equal(new Set([...epochs].map(epoch => epoch.split('_')[0])).size, 1, 'of one life')
  for (const [data, position] of [confirmed[0], confirmed[confirmed.length >> 1], confirmed.at(-1)] as Array<[string, Position]>) {
    t.strictSame(dataOf(await readAll(second, position, 100)), dataOf(stored.filter(({ offset }) => offset > (places.get(data) ?? 0))), 'every place is still one to resume at')
  }
})

for (const retention of [EVERYTHING, { latest: true, maxKeys: 10 }] as const) {
  t.test(`a server that comes back while a log of ${'latest' in retention ? 'latest values' : 'events'} is empty has lost nothing`, async t => {
    const nats = await startFor(t)
    if (nats === undefined) return
    const log = nats.open(await nats.broker(), { retention })
    const recorder = new Recorder(log)
    const begin = await recorder.begun()
    const { epoch } = begin
    const before = [begin, { epoch, offset: 0 }]
    await nats.server.kill()
    await nats.server.restart()
    await eventually(async () => await log.head().then(() => true, () => false), 'it is back')
    const head = await log.head()
    for (const position of before) {
      const { lost, epoch, records, through } = await log.read(position, 10)
      t.strictSame({ lost, epoch, records, through }, { lost: false, epoch: head.epoch, records: [], through: head.offset }, 'in the epoch of the end')
    }
    const first = await log.append(note('a', { key: 'a' }))
    for (const position of before) t.strictSame(dataOf(await readAll(log, position)), ['a'])
    await recorder.reached(first)
    t.strictSame(dataOf(recorder.records), ['a'])
    t.equal(recorder.begins.at(-1)?.epoch, first.epoch)
  })
}

t.test('an append that is under way when the connection is lost is uncertain, one that waits was not stored', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker())
  await log.append(note('a'))
  nats.server.pause()
  const sent = t.rejects(log.append(note('b')), UNCERTAIN)
  await nats.server.kill()
  await sent
  const [calledAt, waiting] = [performance.now(), [log.append(note('c')), log.append(note('d'), 'key'), log.head(), log.read(undefined, 1)]]
  await Promise.all(waiting.map(async call => await t.rejects(call as Promise<unknown>, UNAVAILABLE)))
  const ms = performance.now() - calledAt
  t.ok(ms >= TIMEOUT_MS - 1 && ms < 2 * TIMEOUT_MS, `after ${ms} ms`)
  await nats.server.restart()
  await eventually(async () => await log.append(note('e')).then(() => true, () => false), 'it is back')
  t.notOk(dataOf(await readAll(log)).some(data => ['c', 'd'].includes(data)))
})

t.test('what waits for the server is stored when it comes back in time, in order', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const connection = await nats.connect()
  const log = nats.open(await nats.broker({ connection, timeoutMs: 20_000 }))
  await log.append(note('a'))
  const lost = said(connection, 'disconnect')
  await nats.server.stop()
  await lost
  const calls = [appendAll(log, numbered(10)), log.head(), log.read(undefined, 1)] as const
  await nats.server.restart()
  const [positions] = await Promise.all(calls)
  t.strictSame(dataOf(await readAll(log)), ['a', ...numbered(10)])
  t.strictSame(await log.head(), positions.at(-1))
})

t.test('an append with a key is sent again, and stored once', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker({ timeoutMs: 20_000 }))
  const first = await log.append(note('a'), 'known')
  nats.server.pause()
  const again = [log.append(note('b'), 'known'), log.append(note('c'), 'c'), log.append(note('d'), 'd')] as const
  await nats.server.kill()
  await nats.server.restart()
  t.strictSame(await again[0], first, 'the place of the first use, in the epoch of that')
  t.strictSame(dataOf(await readAll(log)), ['a', 'c', 'd'])
  t.not((await again[1]).epoch, first.epoch)
})

t.test('an append with a key that is never confirmed is uncertain', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker())
  await log.append(note('a'))
  nats.server.pause()
  const sent = log.append(note('b'), 'key')
  await nats.server.kill()
  await t.rejects(sent, UNCERTAIN)
})

t.test('a server that does nothing: appends are uncertain, questions unanswered, and it goes on', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker())
  const recorder = new Recorder(log)
  await recorder.begun()
  await log.append(note('a'))
  nats.server.pause()
  const calls = [t.rejects(log.append(note('b')), UNCERTAIN), t.rejects(log.head(), UNAVAILABLE), t.rejects(log.read(undefined, 1), UNAVAILABLE)]
  await Promise.all(calls)
  nats.server.resume()
  await recorder.reached(await log.append(note('c')))
  t.strictSame(dataOf(recorder.records), dataOf(await readAll(log)))
  t.strictSame(recorder.problems, [])
})

t.test('who begins to follow while the server is away begins when it is back', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker())
  const last = await log.append(note('a'))
  await nats.server.stop()
  await t.rejects(log.head(), UNAVAILABLE)
  const recorder = new Recorder(log)
  const leaves = new Recorder(log)
  leaves.stop()
  await nats.server.restart()
  t.strictSame(await recorder.begun(), last)
  await recorder.reached(await log.append(note('b')))
  t.strictSame(dataOf(recorder.records), ['b'])
})

t.test('that the server is out of reach, and that it is back, is said once each', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const broker = await nats.broker()
  const { log: logger, said: lines } = listen()
  const logs = [1, 2, 3].map(() => nats.open(broker, { log: logger }))
  const recorders = logs.map(log => new Recorder(log))
  for (const recorder of recorders) await recorder.begun()
  for (const round of [1, 2]) {
    await nats.server.kill()
    await t.rejects((logs[0] as Log).head(), UNAVAILABLE)
    await nats.server.restart()
    await Promise.all(logs.map(async log => await eventually(async () => await log.append(note('a')).then(() => true, () => false), 'it is back')))
    await eventually(async () => lines.length >= 2 * round, 'it is said')
  }
  t.strictSame(lines.map(line => line.split(':')[0]), ['warn', 'info', 'warn', 'info'])
})

t.test('who waits for the server is told when the connection is closed', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const connection = await nats.connect()
  const log = nats.open(await nats.broker({ connection, timeoutMs: 60_000 }))
  const recorder = new Recorder(log)
  await recorder.begun()
  await nats.server.kill()
  const calls = Promise.allSettled([log.head(), log.read(undefined, 1)])
  await connection.close()
  for (const outcome of await calls) t.equal(outcome.status === 'rejected' && (outcome.reason as { code: string }).code, 'FST_ERR_SSE_BROKER_FAILED')
})

t.test('logs are closed while the server is away', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const broker = await nats.broker()
  const log = nats.open(broker)
  const recorder = new Recorder(log)
  await recorder.begun()
  await log.append(note('a'))
  await nats.server.kill()
  const waits = t.rejects(log.append(note('b')))
  await log.close()
  await broker.close()
  await waits
})

t.test('who has missed very much begins again at the end', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const name = uniqueName()
  const connection = await nats.connect()
  const [follows, publishes] = [nats.open(await nats.broker({ connection }), { name }), nats.open(await nats.broker({ timeoutMs: 30_000 }), { name })]
  const recorder = new Recorder(follows)
  await recorder.begun()
  nats.server.pause() // it does not see the end of the connection before the others are done
  const back = said(connection, 'reconnect')
  await connection.reconnect()
  nats.server.resume()
  const last = (await appendAll(publishes, numbered(5_000))).at(-1) as Position
  await back
  await recorder.reached(last)
  t.strictSame(recorder.problems, [])
  const begin = recorder.begins.at(-1) as Position
  t.strictSame(dataOf(recorder.records.filter(({ offset }) => offset > begin.offset)), dataOf(await readAll(publishes, begin)))
})

/** Resolves when a connection says this. */
async function said (connection: NatsConnection, what: Status['type']): Promise<void> {
  for await (const { type } of connection.status()) if (type === what) return
}

/** Appends numbers, a few at a time, and notes what it is told. */
class Publisher {
  readonly positions = new Map<string, Position>()
  readonly codes = new Set<string>()
  readonly #log: Log
  readonly #done: Promise<unknown>
  #next = 0
  #isOver = false
  #wanted = 0
  #onWanted = (): void => {}

  constructor (log: Log) {
    this.#log = log
    this.#done = Promise.all(Array.from({ length: 8 }, async () => { await this.#publish() }))
  }

  /** Resolves when so many more were confirmed. */
  async confirmed (count: number): Promise<void> {
    this.#wanted = this.positions.size + count
    await new Promise<void>(resolve => { this.#onWanted = resolve })
  }

  async stop (): Promise<void> {
    this.#isOver = true
    await this.#done
  }

  async #publish (): Promise<void> {
    while (!this.#isOver) {
      const data = `${this.#next++}`
      try {
        this.positions.set(data, await this.#log.append(note(data)))
      } catch (error) {
        this.codes.add((error as { code: string }).code)
      }
      if (this.positions.size >= this.#wanted) this.#onWanted()
    }
  }
}
