import { createClient } from 'redis'
import t from 'tap'
import { redisBroker } from '../../../lib/brokers/redis.js'
import { EVERYTHING, eventually, note, SILENT } from '../conformance/harness.js'
import { client, redis } from './fixtures.js'

for (const [name, connect] of [
  ['ioredis', (port: number) => client(t, port, true)],
  ['node-redis', (port: number) => createClient({ url: `redis://127.0.0.1:${port}` })]
] as const) {
  t.test(`a primary that became a replica is left, with ${name}`, async t => {
    const [first, second] = [await redis(t), await redis(t)]
    if (first === undefined || second === undefined) return
    const admin = client(t, first.port)
    const log = redisBroker({ client: connect(first.port) }).open({ name: 'notes', retention: EVERYTHING, idempotencyWindowMs: 60_000, log: SILENT })
    t.teardown(async () => await log.close())
    await log.append(note('a'))
    const connections = async (): Promise<number> => Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1])
    const before = await connections()
    await admin.replicaof('127.0.0.1', second.port)
    const appended = log.append(note('b'))
    await eventually(async () => await connections() > before, 'another connection is made')
    await admin.replicaof('NO', 'ONE')
    t.ok((await appended).offset > 0)
  })
}
