import t from 'tap'
import type { Log, Position } from '../../../types/broker.js'
import { appendAll, dataOf, eventually, note, numbered, readAll, uniqueName } from '../conformance/harness.js'
import { Recorder } from '../conformance/recorder.js'
import { isLost } from '../conformance/reading.js'
import { startFor } from './fixtures.js'

t.test('a stream that is deleted and made anew by another: who follows begins again, and old places are lost', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const name = uniqueName()
  const [follows, publishes] = [nats.open(await nats.broker(), { name }), nats.open(await nats.broker(), { name })]
  const recorder = new Recorder(follows)
  await recorder.begun()
  const before = await appendAll(publishes, numbered(20, 'before'))
  await recorder.reached(before.at(-1) as Position)
  const manager = await nats.manager()
  await manager.streams.delete(await nats.streamOf(manager))

  // What is stored first may be in the new stream before anybody knows that it is one.
  const after = await appendAll(publishes, numbered(5, 'after'))
  t.equal(after[0]?.offset, 1)
  await eventually(async () => recorder.begins.at(-1)?.epoch === (await publishes.head()).epoch, 'it begins again')
  const last = await publishes.append(note('later'))
  await recorder.reached(last)
  t.equal(recorder.records.at(-1)?.data, 'later')
  t.not(last.epoch.split('_')[0], before[0]?.epoch.split('_')[0], 'another life')
  for (const log of [follows, publishes]) {
    for (const position of before) await isLost(t, log, position)
    t.strictSame(dataOf(await readAll(log)), [...numbered(5, 'after'), 'later'])
  }
})

t.test('a stream that is deleted while nobody publishes is made anew by who follows', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker())
  const recorder = new Recorder(log)
  await recorder.begun()
  const before = await log.append(note('before'))
  await recorder.reached(before)
  const manager = await nats.manager()
  await manager.streams.delete(await nats.streamOf(manager))
  await eventually(async () => recorder.begins.length === 2, 'it begins again')
  t.equal(recorder.begins[1]?.offset, 0)
  await recorder.reached(await log.append(note('after')))
  t.strictSame(dataOf(recorder.records), ['before', 'after'])
  await isLost(t, log, before)
})

t.test('a reader and a head that find no stream any more find the new one', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const manager = await nats.manager()
  for (const ask of [async (log: Log) => (await log.head()).offset, async (log: Log) => (await log.read(undefined, 1)).through]) {
    const log = nats.open(await nats.broker())
    const position = await log.append(note('before'))
    await manager.streams.delete(await nats.streamOf(manager))
    t.equal(await ask(log), 0)
    await isLost(t, log, position)
    await manager.streams.delete(await nats.streamOf(manager))
  }
})

t.test('numbers that begin again tell a publisher that its stream is another', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const name = uniqueName()
  const [first, second] = [nats.open(await nats.broker(), { name }), nats.open(await nats.broker(), { name })]
  await appendAll(first, numbered(5))
  const manager = await nats.manager()
  await manager.streams.delete(await nats.streamOf(manager))
  await second.head()
  t.strictSame(await first.append(note('a')), await second.head())
})

for (const retention of [{ maxEvents: 1_000, maxBytes: Infinity, maxAgeMs: Infinity }, { latest: true, maxKeys: 100 }] as const) {
  t.test(`what is purged is lost, in a log of ${'latest' in retention ? 'latest values' : 'events'}`, async t => {
    const nats = await startFor(t)
    if (nats === undefined) return
    const name = uniqueName()
    // What was purged may still be in the memory of who follows.
    const [follows, log] = [nats.open(await nats.broker(), { name, retention }), nats.open(await nats.broker(), { name, retention })]
    const recorder = new Recorder(follows)
    await recorder.begun()
    const before = await Promise.all(numbered(5).map(async key => await log.append(note(key, { key }))))
    const manager = await nats.manager()
    await manager.streams.purge(await nats.streamOf(manager))
    for (const position of before.slice(0, -1)) await isLost(t, log, position)
    const end = before.at(-1) as Position
    t.strictSame(await log.head(), end)
    t.strictSame(await readAll(log, end), [])
    const last = await log.append(note('after', { key: 'after' }))
    for (const position of before.slice(0, -1)) await isLost(t, log, position)
    t.strictSame(dataOf(await readAll(log, end)), ['after'])
    t.strictSame(dataOf(await readAll(log)), ['after'])
    await recorder.reached(last)
    t.strictSame(dataOf(recorder.records), [...numbered(5), 'after'])
    t.strictSame(recorder.problems, [])
  })
}

t.test('an event that is deleted by hand is lost, and the log goes on', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker())
  const positions = await appendAll(log, numbered(5))
  const manager = await nats.manager()
  const stream = await nats.streamOf(manager)
  await manager.streams.deleteMessage(stream, 3)
  await isLost(t, log, positions[1] as Position)
  t.strictSame(dataOf(await readAll(log, positions[2])), ['note 3', 'note 4'], 'who has seen it misses nothing')
  const start = await log.read(undefined, 10)
  t.strictSame({ data: dataOf(start.records), through: start.through }, { data: ['note 0', 'note 1'], through: 2 }, 'no page goes over the hole')

  await manager.streams.deleteMessage(stream, 5)
  t.equal((await log.head()).offset, 5)
  const end = await log.read(positions[3], 10)
  t.strictSame({ lost: end.lost, records: end.records, through: end.through }, { lost: false, records: [], through: 5 })
  await log.append(note('later'))
  t.strictSame(dataOf(await readAll(log, { epoch: end.epoch, offset: end.through })), ['later'])
})

t.test('what somebody else publishes to its subject is passed over', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const connection = await nats.connect()
  const log = nats.open(await nats.broker())
  const recorder = new Recorder(log)
  await recorder.begun()
  const first = await log.append(note('a'))
  const manager = await nats.manager()
  const { config } = await manager.streams.info(await nats.streamOf(manager))
  const subject = (config.subjects[0] as string).replace('>', 'event')
  for (const text of ['', 'x', '[]', '{}', '[1]\n', '["a"]', 'null\n']) {
    await connection.request(subject, text)
    t.ok((await log.head()).offset > first.offset)
  }
  const last = await log.append(note('b'))
  t.equal(last.offset, first.offset + 8)
  await recorder.reached(last)
  t.strictSame(dataOf(recorder.records), ['a', 'b'])
  t.strictSame(recorder.problems, [])
  t.strictSame(dataOf(await readAll(log)), ['a', 'b'])
  t.strictSame(dataOf(await readAll(log, first, 1)), ['b'])
})

t.test('a stream is brought to the limits that its channel has now', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const name = uniqueName()
  const manager = await nats.manager()
  const limits = async (): Promise<unknown> => {
    const { config: { max_msgs: messages, max_bytes: bytes, max_age: age, duplicate_window: window } } = await manager.streams.info(await nats.streamOf(manager))
    return { messages, bytes, age, window }
  }
  const before = nats.open(await nats.broker(), { name })
  const position = await before.append(note('a'))
  t.strictSame(await limits(), { messages: 100_000, bytes: -1, age: 0, window: 60e9 })
  const after = nats.open(await nats.broker(), { name, retention: { maxEvents: 2_000, maxBytes: 10_000, maxAgeMs: 60_000 }, idempotencyWindowMs: 120_000 })
  t.strictSame(await after.head(), position)
  t.strictSame(await limits(), { messages: 2_000, bytes: 160_000, age: 60e9, window: 60e9 }, 'a key is not remembered for longer than a record')
})

t.test('a key is remembered when its event was purged', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker())
  const position = await log.append(note('a'), 'key')
  const manager = await nats.manager()
  await manager.streams.purge(await nats.streamOf(manager))
  t.strictSame(await log.append(note('b'), 'key'), position)
})
