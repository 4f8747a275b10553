import { Cluster } from 'ioredis'
import { createClient } from 'redis'
import t from 'tap'
import { redisBroker } from '../../../lib/brokers/redis.js'
import { isCluster, keyPrefixOf } from '../../../lib/brokers/redis/link.js'
import { layCable } from '../../helpers/cable.js'
import { dataOf, EVERYTHING, note, readAll } from '../conformance/harness.js'
import { client, redis } from './fixtures.js'

t.test('a connection of node-redis that gives no answer is replaced', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const cable = await layCable(t, server.port)
  const said: string[] = []
  const logger = { warn: () => { said.push('warn') }, info: () => { said.push('info') } } as never
  const broker = redisBroker({ client: createClient({ url: `redis://127.0.0.1:${cable.port}` }), timeoutMs: 300 })
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

t.test('knows what a client is', async t => {
  const cluster = new Cluster([{ port: 1 }], { lazyConnect: true, redisOptions: { keyPrefix: 'app:' } })
  t.equal(isCluster(cluster), true)
  t.equal(keyPrefixOf(cluster), 'app:')
  t.equal(isCluster(client(t, 1, true)), false)
  t.equal(keyPrefixOf(client(t, 1, true)), '')
  t.equal(keyPrefixOf(createClient()), '')
})
