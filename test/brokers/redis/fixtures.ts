import { Writable } from 'node:stream'
import fastify, { type FastifyBaseLogger } from 'fastify'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { redisBroker, type RedisBrokerOptions } from '../../../lib/brokers/redis.js'
import type { Broker, Log, LogOptions } from '../../../types/broker.js'
import { startRedis, type RedisConfig } from '../../helpers/redis-server.js'
import type { ServerProcess } from '../../helpers/server-process.js'
import { requireBinary } from '../../helpers/services.js'
import { EVERYTHING } from '../conformance/harness.js'

/** A log, and what a test needs to know of it. */
export interface Opened {
  readonly log: Log
  readonly broker: Broker
  /** What the broker has said in the app's log, and its level. */
  readonly said: ReadonlyArray<{ level: number, msg: string }>
  readonly logger: FastifyBaseLogger
}

/** Starts Redis; undefined where it is not installed, which the test is told. */
export async function redis (t: Test, config: RedisConfig = {}): Promise<ServerProcess | undefined> {
  const program = requireBinary(t, 'redis-server')
  return program === undefined ? undefined : await startRedis(t, program, config)
}

/** A client to look at the server with, and to break things. */
export function client (t: Test, port: number, lazyConnect = false): Redis {
  const client = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: null, retryStrategy: () => 20, lazyConnect })
  client.on('error', () => {}) // tests end servers
  t.teardown(() => { client.disconnect() })
  return client
}

export function open (t: Test, port: number, options: Partial<LogOptions> = {}, settings: Partial<RedisBrokerOptions> = {}): Opened {
  const said: Array<{ level: number, msg: string }> = []
  const logger = collector(said)
  const broker = redisBroker({ client: client(t, port, true), ...settings })
  const log = broker.open({ name: 'notes', retention: EVERYTHING, idempotencyWindowMs: 60_000, log: logger, ...options })
  t.teardown(async () => await log.close())
  return { log, broker, said, logger }
}

function collector (lines: Array<{ level: number, msg: string }>): FastifyBaseLogger {
  const stream = new Writable({
    write (line, _encoding, done) {
      const { level, msg } = JSON.parse(String(line)) as { level: number, msg: string }
      lines.push({ level, msg })
      done()
    }
  })
  return fastify({ logger: { level: 'debug', stream } }).log
}
