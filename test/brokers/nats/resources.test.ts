import type { NatsConnection } from '@nats-io/nats-core'
import t from 'tap'
import { natsBroker } from '../../../lib/brokers/nats.js'
import type { Position } from '../../../types/broker.js'
import { appendAll, dataOf, note, numbered, readAll, uniqueName } from '../conformance/harness.js'
import { Recorder } from '../conformance/recorder.js'
import { startFor } from './fixtures.js'

/** What a connection holds: subscriptions, and those who listen to its status. */
function heldBy (connection: NatsConnection): { subscriptions: number, listeners: number } {
  const { protocol } = connection as unknown as { protocol: { subscriptions: { size: () => number }, listeners: unknown[] } }
  return { subscriptions: protocol.subscriptions.size(), listeners: protocol.listeners.length }
}

t.test('a broker that is not used holds nothing, and neither does one whose logs are closed', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const connection = await nats.connect()
  const before = heldBy(connection)
  const broker = natsBroker({ connection })
  t.strictSame(heldBy(connection), before)
  const logs = Array.from({ length: 5 }, () => nats.open(broker))
  for (const round of [1, 2]) {
    const recorders = logs.flatMap(log => [new Recorder(log), new Recorder(log)])
    for (const recorder of recorders) await recorder.begun()
    t.strictSame(heldBy(connection), { subscriptions: before.subscriptions + 6, listeners: before.listeners + 1 }, 'one for each log that is followed, and one for answers')
    for (const log of logs) await appendAll(log, numbered(5 * round))
    for (const recorder of recorders) recorder.stop()
    t.equal(heldBy(connection).subscriptions, before.subscriptions + 1)
  }
  for (const log of logs) t.equal((await readAll(log, undefined, 4)).length, 15)
  for (const log of logs) await log.close()
  await broker.close()
  t.strictSame(heldBy(connection), before)
  const manager = await nats.manager()
  let streams = 0
  for await (const { state } of manager.streams.list()) {
    streams++
    t.equal(state.consumer_count, 0)
  }
  t.equal(streams, 5)
  t.notOk(connection.isClosed(), 'the connection is its owner\'s')
})

t.test('all who follow in one process, and who read what has come, get the same objects', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const broker = await nats.broker()
  const name = uniqueName()
  const logs = [nats.open(broker, { name }), nats.open(broker, { name })] as const
  const recorders = [...logs, ...logs].map(log => new Recorder(log))
  const begin = await (recorders[0] as Recorder).begun()
  for (const recorder of recorders) await recorder.begun()
  const last = (await appendAll(logs[0], numbered(3))).at(-1)
  for (const recorder of recorders) await recorder.reached(last as NonNullable<typeof last>)
  const [first, ...others] = [...recorders.map(({ records }) => records), (await logs[1].read(begin, 10)).records]
  t.equal(first?.length, 3)
  for (const records of others) t.ok(records.every((record, index) => record === first?.[index]))
})

t.test('what has come is read without the server', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const connection = await nats.connect()
  const log = nats.open(await nats.broker({ connection }))
  const recorder = new Recorder(log)
  const begin = await recorder.begun()
  const last = (await appendAll(log, numbered(10))).at(-1) as NonNullable<Awaited<ReturnType<typeof log.append>>>
  await recorder.reached(last)
  const { outMsgs: before } = connection.stats()
  t.strictSame(dataOf((await log.read(begin, 100)).records), numbered(10))
  t.equal(connection.stats().outMsgs, before)
  await Promise.all(Array.from({ length: 50 }, async () => { t.strictSame((await log.read(last, 100)).records, []) }))
  t.equal(connection.stats().outMsgs, before + 2, 'and one question, of two requests, for all who are at the end')
})

t.test('those who come back to a new instance are served by one read', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const name = uniqueName()
  const positions = await appendAll(nats.open(await nats.broker(), { name }), numbered(50))
  const connection = await nats.connect()
  const log = nats.open(await nats.broker({ connection }), { name })
  await new Recorder(log).begun()
  const { outMsgs: before } = connection.stats()
  await Promise.all(positions.slice(0, -1).map(async (position, index) => {
    t.strictSame(dataOf((await log.read(position, 100)).records), numbered(50).slice(index + 1))
  }))
  t.ok(connection.stats().outMsgs < before + 10, 'not one for each')
})

t.test('what else is in a log is no hole for those who come back', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const name = uniqueName()
  const publishes = nats.open(await nats.broker(), { name })
  const connection = await nats.connect()
  const [first] = await appendAll(publishes, numbered(3)) as [Position]
  const manager = await nats.manager()
  const { config } = await manager.streams.info(await nats.streamOf(manager))
  await connection.request((config.subjects[0] as string).replace('>', 'event'), 'x')
  await appendAll(publishes, numbered(3, 'later'))
  const log = nats.open(await nats.broker({ connection }), { name })
  await new Recorder(log).begun()
  t.strictSame(dataOf(await readAll(log, first)), [...numbered(3).slice(1), ...numbered(3, 'later')])
})

t.test('apps with another prefix, and a history and the latest values of a name, have nothing in common', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const connection = await nats.connect({ inboxPrefix: '_INBOX_of_the_app' })
  const name = uniqueName()
  const brokers = ['a', 'a-b', 'b', 'sse'].map(prefix => natsBroker({ connection, prefix }))
  const logs = brokers.flatMap(broker => [nats.open(broker, { name })])
  const latest = natsBroker({ connection, prefix: 'sse' })
  logs.push(nats.open(latest, { name, retention: { latest: true, maxKeys: 10 } }))
  const recorders = logs.map(log => new Recorder(log))
  for (const recorder of recorders) await recorder.begun()
  const positions = await Promise.all(logs.map(async (log, index) => await log.append(note(`${index}`, { key: 'a' }))))
  for (const [index, log] of logs.entries()) {
    await recorders[index]?.reached(positions[index] as NonNullable<typeof positions[number]>)
    t.strictSame(dataOf(await readAll(log)), [`${index}`])
    t.strictSame(dataOf(recorders[index]?.records ?? []), [`${index}`])
  }
  const manager = await nats.manager()
  t.strictSame((await manager.streams.names().next()).map(stream => stream.replace(/-conformance-.*/, '')).sort(), ['a', 'a-b', 'b', 'sse', 'sse'])
})

t.test('keys are not remembered where their time is 0', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker(), { idempotencyWindowMs: 0 })
  await log.append(note('a'), 'key')
  await log.append(note('b'), 'key')
  t.strictSame(dataOf(await readAll(log)), ['a', 'b'])
})
