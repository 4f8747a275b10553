import { Cluster } from 'ioredis'
import t from 'tap'
import { redisBroker } from '../../lib/brokers/redis.js'
import { conformance } from '../brokers/conformance.js'
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
