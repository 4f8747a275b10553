import { Cluster } from 'ioredis'
import t from 'tap'
import { redisBroker } from '../../lib/brokers/redis.js'
import type { Position } from '../../types/broker.js'
import { conformance } from '../brokers/conformance.js'
import { appendAll, dataOf, EVERYTHING, numbered, readAll, SILENT } from '../brokers/conformance/harness.js'
import { Recorder } from '../brokers/conformance/recorder.js'
import { startRedisCluster } from '../helpers/redis-cluster.js'
import { requireBinary } from '../helpers/services.js'

const SHARDS = 8

t.test('conformance on three nodes', async t => {
  const program = requireBinary(t, 'redis-server')
  if (program === undefined) return
  const servers = await startRedisCluster(t, program)
  await conformance(t, {
    create: async () => {
      const clients = [connect(servers), connect(servers)] as const
      const [broker, second] = [redisBroker({ client: clients[0], shards: SHARDS }), redisBroker({ client: clients[1], shards: SHARDS })]
      return { broker, second, stop: async () => { for (const client of clients) client.disconnect() } }
    },
    exactLimits: false
  })
})

function connect (servers: ReadonlyArray<{ port: number }>): Cluster {
  return new Cluster(servers.map(({ port }) => ({ port, host: '127.0.0.1' })))
}

t.test('a primary that dies takes nothing with it that its replica has, and a loss is told', async t => {
  const program = requireBinary(t, 'redis-server')
  if (program === undefined) return
  const servers = await startRedisCluster(t, program, { primaries: 3, replicas: 1 })
  const client = connect(servers)
  t.teardown(() => { client.disconnect() })
  const broker = redisBroker({ client, shards: SHARDS, timeoutMs: 20_000 })
  const names = Array.from({ length: SHARDS }, (_, index) => `notes ${index}`)
  const logs = names.map(name => broker.open({ name, retention: EVERYTHING, idempotencyWindowMs: 60_000, log: SILENT }))
  t.teardown(async () => { for (const log of logs) await log.close() })
  const recorders = logs.map(log => new Recorder(log))
  await Promise.all(recorders.map(recorder => recorder.begun()))
  const before = await Promise.all(logs.map(async log => await appendAll(log, numbered(20))))
  await servers[0]?.kill()
  const after = await Promise.all(logs.map(async log => await appendAll(log, numbered(20, 'later'))))

  let changed = 0
  for (const [index, log] of logs.entries()) {
    const [from, last] = [before[index]?.[0], after[index]?.at(-1)] as [Position, Position]
    await recorders[index]?.reached(last)
    if (from.epoch !== last.epoch) changed++
    // What the replica had not got yet is lost, and told to all; nothing else is.
    const stored = dataOf(await readAll(log))
    t.strictSame(stored.slice(-20), numbered(20, 'later'))
    const kept = stored.length - 20
    t.strictSame(stored.slice(0, kept), numbered(20).slice(0, kept))
    for (const [place, position] of (before[index] as Position[]).entries()) {
      const page = await log.read(position, 100)
      t.equal(page.lost, kept < 20, `position ${place} of ${kept}`)
    }
    t.strictSame(recorders[index]?.problems, [])
  }
  t.ok(changed > 0 && changed < SHARDS, `${changed} of ${SHARDS} shards have another primary`)
})
