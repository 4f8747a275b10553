import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5 } from 'ioredis-5'
import { createClient, RESP_TYPES } from 'redis'
import t from 'tap'
import { redisBroker } from '../../../lib/brokers/redis.js'
import type { RedisClient } from '../../../lib/brokers/redis/client.js'
import { isCluster, keyPrefixOf } from '../../../lib/brokers/redis/link.js'
import { layCable } from '../../helpers/cable.js'
import { startRedisCluster } from '../../helpers/redis-cluster.js'
import { requireBinary } from '../../helpers/services.js'
import { dataOf, EVERYTHING, note, readAll, SILENT } from '../conformance/harness.js'
import { Recorder } from '../conformance/recorder.js'
import { client, redis } from './fixtures.js'

t.test('a connection of node-redis that gives no answer is replaced', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const cable = await layCable(t, server.port)
  const said: string[] = []
  const logger = { warn: () => { said.push('warn') }, info: () => { said.push('info') } } as never
  const broker = redisBroker({ client: createClient({ url: `redis://127.0.0.1:${cable.port}` }), timeoutMs: 1_000 })
  const log = broker.open({ name: 'notes', retention: EVERYTHING, idempotencyWindowMs: 60_000, log: logger })
  t.teardown(async () => await log.close())
  await log.append(note('before'))
  cable.drop('all')
  await t.rejects(log.append(note('dropped'), 'key'), { code: 'FST_ERR_SSE_PUBLISH_UNCERTAIN' })
  cable.restore()
  for (let tries = 0; ; tries++) {
    try {
      await log.append(note('dropped'), 'key')
      break
    } catch (error) {
      if (tries === 20) throw error
    }
  }
  t.strictSame(dataOf(await readAll(log)), ['before', 'dropped'])
  t.strictSame(said, ['warn', 'info'])
})

t.test('a cluster is connected to with its password, in each version of ioredis', async t => {
  const program = requireBinary(t, 'redis-server')
  if (program === undefined) return
  const servers = await startRedisCluster(t, program, { primaries: 3 })
  for (const { port } of servers) await client(t, port).config('SET', 'requirepass', 'secret')
  const nodes = servers.map(({ port }) => ({ port, host: '127.0.0.1' }))
  for (const cluster of [
    new Cluster(nodes, { lazyConnect: true, redisOptions: { password: 'secret' } }),
    new Cluster5(nodes, { lazyConnect: true, redisOptions: { password: 'secret' } })
  ]) {
    const log = redisBroker({ client: cluster, shards: 4 }).open({ name: 'notes', retention: EVERYTHING, idempotencyWindowMs: 60_000, log: SILENT })
    t.ok((await log.append(note('a'))).offset > 0)
    await log.close()
  }
})

t.test('what the client of the user is told to do with answers and silence is not taken', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const url = `redis://127.0.0.1:${server.port}`
  const clients: Array<[string, RedisClient]> = [
    ['ioredis', new Redis({ port: server.port, lazyConnect: true, socketTimeout: 300, commandTimeout: 300, keyPrefix: 'a:', protocol: 3, replyMapping: 'resp3' })],
    ['node-redis', createClient({ url, socket: { socketTimeout: 300 }, commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } })]
  ]
  for (const [name, redis] of clients) {
    const said: string[] = []
    const logger = { warn: () => { said.push('warn') }, info: () => { said.push('info') } } as never
    const log = redisBroker({ client: redis }).open({ name, retention: EVERYTHING, idempotencyWindowMs: 60_000, log: logger })
    const recorder = new Recorder(log)
    await recorder.begun()
    await new Promise(resolve => setTimeout(resolve, 1_000)) // in which nothing comes
    await recorder.reached(await log.append(note('a')))
    t.strictSame(dataOf(await readAll(log)), ['a'])
    t.strictSame(said, [])
    await log.close()
  }
})

t.test('knows what a client is', async t => {
  const cluster = new Cluster([{ port: 1 }], { lazyConnect: true, redisOptions: { keyPrefix: 'app:' } })
  t.equal(isCluster(cluster), true)
  t.equal(keyPrefixOf(cluster), 'app:')
  t.equal(isCluster(client(t, 1, true)), false)
  t.equal(keyPrefixOf(client(t, 1, true)), '')
  t.equal(keyPrefixOf(createClient()), '')
})
