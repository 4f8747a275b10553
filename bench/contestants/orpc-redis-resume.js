// The same, with events kept for who comes back, two minutes as its documentation has it: stored in a stream of Redis, and
// then published.
import { instance as withOptions } from './orpc-redis.js'

export { engine, packages } from './orpc-redis.js'
export const title = '@orpc/experimental-publisher, `ioredis`, `resumeRetentionSeconds`'

/** @type {import('../workloads/cluster-latency.js').Instance} */
export const instance = task => withOptions(task, { resumeRetentionSeconds: 120 })
