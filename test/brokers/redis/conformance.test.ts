import { Redis } from 'ioredis'
import { createClient } from 'redis'
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
