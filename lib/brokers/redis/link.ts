import { backoffMs } from '../backoff.js'
import type { IoRedisClient, IoRedisCluster, NodeRedisClient, RedisClient } from './client.js'

/** A connection of our own, whatever package it was made with. It reconnects by itself until it is closed. */
export interface Link {
  readonly isReady: boolean
  readonly command: (args: readonly string[]) => Promise<unknown>
  /** Drops the connection, and makes a new one. */
  readonly reset: () => void
  readonly close: () => void
}

/** What happens to a connection. Both may come several times in a row. */
export interface LinkEvents {
  readonly onReady: () => void
  /** @param error The last one that was seen, if any. */
  readonly onLost: (error: unknown) => void
}

/**
 * What a command that is interrupted would do by default: be sent again, or wait for the next connection. Here it fails
 * at once, and whoever has sent it decides. (With more than 0 retries it would be forgotten, and never fail.)
 */
const OPTIONS = {
  keyPrefix: '',
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: undefined,
  blockingTimeout: undefined,
  socketTimeout: undefined,
  enableAutoPipelining: false,
  retryStrategy: backoffMs,
  protocol: 2,
  replyMapping: 'legacy'
}

/** Makes a connection like this client's: to the same server, with the same credentials. */
export function openLink (client: RedisClient, events: LinkEvents): Link {
  if ('sendCommand' in client && 'isReady' in client) return openNodeRedis(client, events)
  return openIoRedis(isCluster(client) ? duplicateCluster(client) : client.duplicate(OPTIONS), events)
}

/** What the user's client puts before each key. */
export function keyPrefixOf (client: RedisClient): string {
  return (client.options as IoRedisClient['options'] | undefined)?.keyPrefix ?? ''
}

export function isCluster (client: RedisClient): client is IoRedisCluster {
  return (client as Partial<IoRedisCluster>).isCluster === true
}

function duplicateCluster (client: IoRedisCluster): IoRedisCluster {
  const { lazyConnect, enableOfflineQueue, enableAutoPipelining, keyPrefix, retryStrategy, ...redisOptions } = OPTIONS
  return client.duplicate([], {
    lazyConnect,
    enableOfflineQueue,
    enableAutoPipelining,
    keyPrefix,
    scaleReads: 'master',
    clusterRetryStrategy: retryStrategy,
    // Version 5 replaces these as a whole.
    redisOptions: { ...client.options.redisOptions, ...redisOptions, keyPrefix }
  })
}

function openIoRedis (connection: IoRedisClient | IoRedisCluster, { onReady, onLost }: LinkEvents): Link {
  let lastError: unknown
  connection.on('error', (error: unknown) => { lastError = error })
  connection.on('ready', onReady)
  connection.on('close', () => {
    onLost(lastError)
    lastError = undefined
  })
  connection.connect().catch(() => {}) // it tries again by itself, and 'close' has told of it
  return {
    get isReady () { return connection.status === 'ready' },
    command: async ([name = '', ...args]) => await connection.call(name, ...args),
    reset: () => { connection.disconnect(true) },
    close: () => { connection.disconnect() }
  }
}

function openNodeRedis (client: NodeRedisClient, { onReady, onLost }: LinkEvents): Link {
  let connection: NodeRedisClient
  const open = (): void => {
    const own = connection = client.duplicate({
      RESP: 2,
      maintNotifications: 'disabled', // it needs version 3
      disableOfflineQueue: true,
      commandOptions: {},
      clientSideCache: undefined,
      socket: { ...client.options?.socket, socketTimeout: undefined, reconnectStrategy: backoffMs }
    } as never) as NodeRedisClient
    own.on('error', (error: unknown) => { if (own === connection) onLost(error) })
    own.on('ready', () => { if (own === connection) onReady() })
    own.connect().catch(() => {}) // as above: 'error' has told of it
  }
  open()
  return {
    get isReady () { return connection.isReady },
    command: async args => await connection.sendCommand([...args]),
    reset: () => {
      connection.destroy()
      onLost(undefined)
      open()
    },
    close: () => { connection.destroy() }
  }
}
