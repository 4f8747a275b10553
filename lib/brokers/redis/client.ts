import type { EventEmitter } from 'node:events'

/** An ioredis client, version 5 or 6. Whatever it is connected to, with its credentials and TLS options, is used. */
export interface IoRedisClient extends Connected {
  readonly options: { keyPrefix?: string | undefined }
  readonly duplicate: (override?: object) => IoRedisClient
  readonly call: (command: string, ...args: string[]) => Promise<unknown>
}

/** An ioredis cluster, version 5 or 6. */
export interface IoRedisCluster extends Connected {
  readonly isCluster: boolean
  readonly options: { keyPrefix?: string | undefined, redisOptions?: object | undefined }
  readonly duplicate: (nodes?: never[], override?: object) => IoRedisCluster
  readonly call: (command: string, ...args: string[]) => Promise<unknown>
}

/** A client of the package `redis`, version 5 or 6. */
export interface NodeRedisClient extends Pick<EventEmitter, 'on'> {
  readonly isReady: boolean
  readonly options?: { socket?: object | undefined } | undefined
  readonly duplicate: (override?: never) => unknown
  readonly sendCommand: (args: string[]) => Promise<unknown>
  readonly connect: () => Promise<unknown>
  readonly destroy: () => void
}

/** A client that brokers can be made with. */
export type RedisClient = IoRedisClient | IoRedisCluster | NodeRedisClient

interface Connected extends Pick<EventEmitter, 'on'> {
  readonly status: string
  readonly connect: () => Promise<unknown>
  readonly disconnect: (reconnect?: boolean) => void
}
