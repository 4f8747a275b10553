// This plugin over Redis Streams: each event is stored before anybody gets it.
import { Redis } from 'ioredis'
import { typedSse } from '../cluster/typed-sse.js'

export { greeting } from '../cluster/typed-sse.js'
export const title = '**fastify-typed-sse**, `redisBroker`'
export const packages = ['fastify-typed-sse', 'fastify', '@sinclair/typebox', 'ioredis']
export const engine = 'redis'

/** @type {import('../workloads/cluster-latency.js').Instance} */
export async function instance (task) {
  const { redisBroker } = await import('fastify-typed-sse/redis')
  return await typedSse(task, redisBroker({ client: new Redis(task.enginePort) }))
}
