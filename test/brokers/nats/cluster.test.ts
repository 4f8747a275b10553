import { connect } from '@nats-io/transport-node'
import t from 'tap'
import { natsBroker } from '../../../lib/brokers/nats.js'
import type { Position } from '../../../types/broker.js'
import { startNats } from '../../helpers/nats-server.js'
import { freePort, type ServerProcess } from '../../helpers/server-process.js'
import { requireBinary } from '../../helpers/services.js'
import { appendAll, dataOf, eventually, Harness, note, numbered, readAll, uniqueName } from '../conformance/harness.js'
import { Recorder } from '../conformance/recorder.js'

/** The whole suite passes here too, in 70 s: a cluster takes its time to make a stream, and the suite makes hundreds. */
t.test('three servers that keep each stream three times', async t => {
  const program = requireBinary(t, 'nats-server')
  if (program === undefined) return
  const ports = await Promise.all([1, 2, 3].map(async () => await freePort()))
  const servers = await Promise.all(ports.map(async (port, index) => await startNats(t, program, [
    '--name', `n${index}`, '--cluster_name', 'c', '--cluster', `nats://127.0.0.1:${port}`, '--routes', ports.map(port => `nats://127.0.0.1:${port}`).join(',')
  ])))
  const create = async (from = 0) => {
    const addresses = servers.map(({ port }) => `127.0.0.1:${port}`)
    const connections = await Promise.all([from, from + 1].map(async index => await connect({
      servers: [...addresses.slice(index % 3), ...addresses.slice(0, index % 3)], noRandomize: true, reconnectTimeWait: 50, maxReconnectAttempts: -1
    })))
    const [broker, second] = connections.map(connection => natsBroker({ connection, replicas: 3, timeoutMs: 10_000 })) as [ReturnType<typeof natsBroker>, ReturnType<typeof natsBroker>]
    return { broker, second, stop: async () => { await Promise.all(connections.map(async connection => { await connection.close() })) } }
  }
  await t.test('are ready', async () => {
    const { broker, stop } = await create()
    await eventually(async () => await new Harness({ broker, second: broker, stop }, { create }).log(t).head().then(() => true, () => false), 'they have a leader')
    await stop()
  })

  await t.test('lose one of them, and nothing else', async t => {
    const subject = await create(1)
    t.teardown(subject.stop)
    const harness = new Harness(subject, { create })
    const name = uniqueName()
    const [first, second] = [harness.open(t, subject.broker, { name }), harness.open(t, subject.second, { name })]
    const recorder = new Recorder(second)
    const begin = await recorder.begun()
    const positions = new Map<string, Position>()
    const publish = async (data: string): Promise<void> => {
      await first.append(note(data), data).then(position => { positions.set(data, position) }, () => {})
    }
    for (const data of numbered(200, 'before')) await publish(data)
    await (servers[1] as ServerProcess).kill()
    await Promise.all(numbered(50, 'during').map(publish))
    await (servers[1] as ServerProcess).restart()
    await appendAll(first, numbered(200, 'after'))
    const stored = await readAll(second)
    for (const [data, { offset, epoch }] of positions) {
      if (stored.find(record => record.offset === offset)?.data !== data || epoch !== begin.epoch) t.fail(`${data} is not at ${offset}`)
    }
    t.equal(new Set(dataOf(stored)).size, stored.length)
    await recorder.reached(await second.head())
    t.strictSame(dataOf(recorder.records), dataOf(stored))
    t.strictSame(recorder.begins, [begin])
    t.strictSame(recorder.problems, [])
  })
})
