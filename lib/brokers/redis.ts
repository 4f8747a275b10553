import type { Broker } from '../../types/broker.js'
import { type Check, checkOptions, defined, positive, wholeNumber } from '../check-options.js'
import { describe } from '../describe.js'
import { FST_ERR_SSE_OPTION_INVALID } from '../errors.js'
import { Health } from './health.js'
import type { IoRedisClient, IoRedisCluster, NodeRedisClient, RedisClient } from './redis/client.js'
import { RedisConnection } from './redis/connection.js'
import { LogKeys, shardOf, wakeKey } from './redis/keys.js'
import { keyPrefixOf } from './redis/link.js'
import { Reader } from './redis/reader.js'
import { RedisLog } from './redis/redis-log.js'
import { Server } from './redis/server.js'
import { SharedLogs } from './shared-logs.js'

export type { IoRedisClient, IoRedisCluster, NodeRedisClient, RedisClient }

/** Options of {@link redisBroker}. */
export interface RedisBrokerOptions {
  /**
   * A client of `ioredis` (also the one of `@fastify/redis`), an `ioredis` cluster, or a client of `redis`. It is not used
   * itself: the broker makes connections like it, with its address, credentials, TLS options and `keyPrefix`, one for
   * commands and one for each shard that is read.
   */
  client: RedisClient
  /** What all keys begin with, after the client's own `keyPrefix`. Default: `'sse'`. All instances of an app need the same. */
  prefix?: string
  /**
   * Slots of a Redis Cluster over which the channels are spread, and with that their load over its nodes. Each shard that
   * an instance follows takes it one connection. Default: 1. All instances need the same: channels move when it changes.
   */
  shards?: number
  /** How long an answer may take, in milliseconds, and how long an event waits to be stored. Default: 5 000; 300 000 at most. */
  timeoutMs?: number
  /** Bytes of data of one channel that may wait to be stored. What would go beyond fails with FST_ERR_SSE_BROKER_OVERLOADED. Default: 8 MiB. `Infinity`: no limit. */
  maxPendingBytes?: number
}

const DEFAULTS = { prefix: 'sse', shards: 1, timeoutMs: 5_000, maxPendingBytes: 8 * 1024 * 1024 }

/** Half of the time for which Redis remembers what was sent to it, so that nothing is stored twice. */
const MAX_TIMEOUT_MS = 300_000

const aboveZero: Check = value => wholeNumber(value) ?? (value === 0 ? 'a whole number above 0' : undefined)

const CHECKS: Record<keyof RedisBrokerOptions, Check> = {
  client: () => undefined,
  prefix: value => typeof value === 'string' && !/[{}]/.test(value) ? undefined : 'a string without braces',
  shards: aboveZero,
  timeoutMs: value => wholeNumber(value) === undefined && (value as number) > 0 && (value as number) <= MAX_TIMEOUT_MS ? undefined : `a whole number from 1 to ${MAX_TIMEOUT_MS}`,
  maxPendingBytes: positive
}

/**
 * Keeps the events of channels in Redis Streams, for apps that run as many instances: what one publishes, the
 * subscribers of all get, in the same order. Redis 6.2, 7 and Valkey, alone, with Sentinel or as a Cluster.
 *
 * @throws FST_ERR_SSE_OPTION_INVALID
 * @see https://redis.io/docs/latest/develop/data-types/streams/
 * @example
 * app.register(sse, { broker: redisBroker({ client: new Redis('redis://localhost') }) })
 */
export function redisBroker (options: RedisBrokerOptions): Broker {
  checkOptions('redisBroker() option', options, CHECKS)
  const { client, ...settings } = options
  if (!isClient(client)) {
    // Never shown as it is: an address may hold a password.
    throw FST_ERR_SSE_OPTION_INVALID('redisBroker() option client', 'a client or cluster of ioredis, or a client of redis (npm install ioredis)', describe(client))
  }
  const broker = new RedisBroker(client, { ...DEFAULTS, ...defined(settings) })
  const logs = new SharedLogs(options => broker.open(options))
  return {
    open: options => logs.open(options),
    close: async () => {} // what it has is freed with the last log
  }
}

/** The connections that the logs of one broker share. */
class RedisBroker {
  readonly #client: RedisClient
  readonly #settings: typeof DEFAULTS
  readonly #health = new Health('Redis')
  readonly #readers = new Map<number, Reader>()
  #server: Server | undefined
  #logs = 0

  constructor (client: RedisClient, settings: typeof DEFAULTS) {
    this.#client = client
    this.#settings = settings
  }

  open (options: Parameters<Broker['open']>[0]): RedisLog {
    const { shards, timeoutMs, maxPendingBytes } = this.#settings
    const shard = shardOf(options.name, shards)
    this.#health.log = options.log
    this.#server ??= new Server(this.#connect(), timeoutMs)
    this.#logs++
    return new RedisLog({
      ...options,
      keys: new LogKeys(this.#prefix, shard, options.name, options.retention.latest === true),
      timeoutMs,
      maxPendingBytes,
      server: this.#server,
      reader: this.#readerOf(shard, this.#server),
      onClosed: () => { this.#release() }
    })
  }

  get #prefix (): string {
    return keyPrefixOf(this.#client) + this.#settings.prefix
  }

  #connect (): RedisConnection {
    return new RedisConnection(this.#client, this.#health)
  }

  #readerOf (shard: number, server: Server): Reader {
    let reader = this.#readers.get(shard)
    if (reader === undefined) {
      reader = new Reader({
        connect: () => this.#connect(),
        health: this.#health,
        wakeKey: name => wakeKey(this.#prefix, shard, name),
        server
      })
      this.#readers.set(shard, reader)
    }
    return reader
  }

  #release (): void {
    if (--this.#logs > 0) return
    for (const reader of this.#readers.values()) reader.close()
    this.#readers.clear()
    this.#server?.close()
    this.#server = undefined
  }
}

/** A cluster, a sentinel or a pool of the package `redis` takes commands in other ways, and is none. */
function isClient (value: unknown): boolean {
  const { duplicate, call, status, sendCommand, isReady, nodeByAddress, getMasterNode } = (value ?? {}) as Record<string, unknown>
  const isIoRedis = typeof call === 'function' && typeof status === 'string'
  const isMany = nodeByAddress !== undefined || getMasterNode !== undefined
  const isNodeRedis = typeof sendCommand === 'function' && typeof isReady === 'boolean' && !isMany
  return typeof duplicate === 'function' && (isIoRedis || isNodeRedis)
}
