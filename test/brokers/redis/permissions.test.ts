import { readFileSync } from 'node:fs'
import { Cluster, Redis } from 'ioredis'
import t from 'tap'
import { redisBroker } from '../../../lib/brokers/redis.js'
import type { Log } from '../../../types/broker.js'
import { dataOf, EVERYTHING, note, readAll, SILENT } from '../conformance/harness.js'
import { Recorder } from '../conformance/recorder.js'
import { startRedisCluster } from '../../helpers/redis-cluster.js'
import { requireBinary } from '../../helpers/services.js'
import { client, redis } from './fixtures.js'

const page = readFileSync(new URL('../../../docs/scaling.md', import.meta.url), 'utf8')
/** The permissions that it says are enough. */
const [, documented = ''] = /^ACL SETUSER sse (.*)$/m.exec(page) ?? []

t.test('the permissions that are documented are enough', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const admin = client(t, server.port)
  await admin.call('ACL', 'SETUSER', 'sse', ...documented.split(' '))
  for (const kind of ['history', 'latest'] as const) {
    const log = logOf(server.port, kind)
    const recorder = new Recorder(log)
    await recorder.begun()
    await log.append(note('a', { key: 'k' }), 'key')
    for (let i = 0; i < 3; i++) await recorder.reached(await log.append(note('b', { key: `${i}`, tombstone: i === 0 })))
    await new Promise(resolve => setTimeout(resolve, 5))
    t.strictSame(dataOf(await readAll(log)), kind === 'history' ? [] : ['b', 'b'], 'dropped by age, or by number')
    recorder.stop()
    await log.close()
  }
})

t.test('those for a Cluster too', async t => {
  const program = requireBinary(t, 'redis-server')
  if (program === undefined) return
  const [, more = ''] = /a Cluster `(.*?)`/.exec(page) ?? []
  const servers = await startRedisCluster(t, program)
  for (const { port } of servers) await client(t, port).call('ACL', 'SETUSER', 'sse', ...documented.split(' '), ...more.split(' '))
  const cluster = new Cluster(servers.map(({ port }) => ({ port, host: '127.0.0.1' })), { lazyConnect: true, redisOptions: { username: 'sse', password: 'secret' } })
  const log = redisBroker({ client: cluster }).open({ name: 'notes', retention: EVERYTHING, idempotencyWindowMs: 1_000, log: SILENT })
  const recorder = new Recorder(log)
  await recorder.begun()
  await recorder.reached(await log.append(note('a'), 'key'))
  await log.close()
})

t.test('a missing one is said', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const admin = client(t, server.port)
  const permissions = documented.split(' ')
  for (const missing of ['+info', '+xadd', '+evalsha', '+hset', '~sse:*']) {
    t.ok(permissions.includes(missing), missing)
    await admin.call('ACL', 'SETUSER', 'sse', 'reset', ...permissions.filter(permission => permission !== missing))
    const log = logOf(server.port, 'history')
    await t.rejects(log.append(note('a')), { code: /^FST_ERR_SSE_BROKER_(FAILED|UNAVAILABLE)$/ }, missing)
    await log.close()
  }
})

function logOf (port: number, kind: 'history' | 'latest'): Log {
  const redis = new Redis({ port, host: '127.0.0.1', username: 'sse', password: 'secret', lazyConnect: true })
  redis.on('error', () => {})
  const retention = kind === 'latest' ? { latest: true, maxKeys: 2 } as const : { ...EVERYTHING, maxEvents: 1, maxAgeMs: 1 }
  return redisBroker({ client: redis, timeoutMs: 1_000 }).open({ name: kind, retention, idempotencyWindowMs: 1_000, log: SILENT })
}
