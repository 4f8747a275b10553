import type { Lifetime } from './lifetime.js'
import { ServerProcess } from './server-process.js'

/** Options of redis-server, as its configuration file names them. */
export type RedisConfig = Readonly<Record<string, string>>

/** What outlasts the end of its process, but for the last second before the end of the machine. */
const DURABLE: RedisConfig = { appendonly: 'yes', appendfsync: 'everysec', save: '' }

/**
 * Starts Redis on a free port with an empty disk, and ends it when the test ends.
 *
 * @param binary what `requireBinary(t, 'redis-server')` has found
 * @example
 * const redis = await startRedis(t, binary)
 * await redis.kill()
 * await redis.restart() // the same port and disk
 */
export async function startRedis (
  t: Lifetime, binary: string, config: RedisConfig | ((port: number) => RedisConfig) = {}
): Promise<ServerProcess> {
  return await ServerProcess.start(t, binary, {
    name: 'redis',
    arguments: (port, folder) => Object.entries({ ...DURABLE, ...typeof config === 'function' ? config(port) : config, bind: '127.0.0.1', port: String(port), dir: folder })
      .flatMap(([name, value]) => [`--${name}`, value]),
    greeting: 'PING\r\n',
    answer: /^\+PONG/
  })
}
