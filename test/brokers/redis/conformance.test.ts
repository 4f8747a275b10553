import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis-5'
import { createClient } from 'redis'
import { createClient as createClient5 } from 'redis-5'
import t from 'tap'
import { redisBroker, type RedisBrokerOptions } from '../../../lib/brokers/redis.js'
import { conformance } from '../conformance.js'
import { redis } from './fixtures.js'

const ways: Array<[name: string, make: (port: number) => RedisBrokerOptions & { stop?: () => void }]> = [
  ['ioredis', port => {
    const client = new Redis(port)
    return { client, stop: () => { client.disconnect() } }
  }],
  ['ioredis with a keyPrefix and RESP3, in several shards', port => {
    const client = new Redis({ port, keyPrefix: 'app:', protocol: 3 })
    return { client, shards: 3, stop: () => { client.disconnect() } }
  }],
  ['ioredis 5', port => {
    const client = new Redis5(port)
    return { client, stop: () => { client.disconnect() } }
  }],
  ['node-redis 5', port => ({ client: createClient5({ url: `redis://127.0.0.1:${port}` }) })],
  ['node-redis, which need not be connected itself', port => ({ client: createClient({ url: `redis://127.0.0.1:${port}` }) })]
]

for (const [name, make] of ways) {
  t.test(`conformance with ${name}`, async t => {
    const server = await redis(t)
    if (server === undefined) return
    await conformance(t, {
      create: async () => {
        const [{ stop, ...first }, { stop: stopSecond, ...second }] = [make(server.port), make(server.port)]
        return {
          broker: redisBroker(first),
          second: redisBroker(second),
          stop: async () => {
            stop?.()
            stopSecond?.()
          }
        }
      },
      exactLimits: false
    })
  })
}
