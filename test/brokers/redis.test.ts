import { Redis } from 'ioredis'
import t from 'tap'
import { redisBroker } from '../../lib/brokers/redis.js'
import { startRedis } from '../helpers/redis-server.js'
import { requireBinary } from '../helpers/services.js'
import { conformance } from './conformance.js'

t.test('conformance', async t => {
  const program = requireBinary(t, 'redis-server')
  if (program === undefined) return
  const server = await startRedis(t, program)
  await conformance(t, {
    create: async () => {
      const clients = [new Redis(server.port), new Redis(server.port)] as const
      const [broker, second] = clients.map(client => redisBroker({ client })) as [ReturnType<typeof redisBroker>, ReturnType<typeof redisBroker>]
      return { broker, second, stop: async () => { for (const client of clients) client.disconnect() } }
    },
    exactLimits: false
  })
})
