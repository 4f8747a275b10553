// The same where Redis writes what it stores to a file, which is brought to the disk once a second.
export { greeting, instance, packages } from './typed-sse-redis.js'

export const title = '**fastify-typed-sse**, `redisBroker`, appendonly everysec'
export const engine = 'redis-appendonly'
