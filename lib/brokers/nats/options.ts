import type { NatsConnection } from '@nats-io/nats-core'
import { type Check, checkOptions, defined, positive, wholeNumber } from '../../check-options.js'
import { describe } from '../../describe.js'
import { FST_ERR_SSE_OPTION_INVALID } from '../../errors.js'
import type { LogSettings } from './log.js'

/** What a broker of NATS is made with. */
export interface NatsBrokerOptions {
  /**
   * A connection of `@nats-io/transport-node`, or of `wsconnect()` from `@nats-io/nats-core`. It stays the caller's, who
   * closes it after the apps. Connect with `maxReconnectAttempts: -1`: the client gives up after ten otherwise.
   */
  connection: NatsConnection
  /** What the names of streams and subjects begin with, of `A-Z a-z 0-9 _ -`. Apps with another one share no channels. Default: `sse`. */
  prefix?: string | undefined
  /** Servers of a cluster that keep each stream, from 1 to 5. What is confirmed survives a server from 3 on. Default: 1. */
  replicas?: number | undefined
  /** Where the server keeps new streams. With `memory`, its restart loses them. Default: `file`. */
  storage?: 'file' | 'memory' | undefined
  /**
   * How long the server may take to answer, in milliseconds: what is published or read fails after it. A log that is
   * followed and has been quiet for twice as long is checked for what may have been missed. Default: 5 000.
   */
  timeoutMs?: number | undefined
  /**
   * Bytes of data of one channel that may wait to be stored; an event counts as 100 at least. What would go beyond fails
   * with FST_ERR_SSE_BROKER_OVERLOADED, unless nothing else waits. Default: 8 MiB. `Infinity`: no limit.
   */
  maxPendingBytes?: number | undefined
}

const DEFAULTS = { prefix: 'sse', replicas: 1, storage: 'file', timeoutMs: 5_000, maxPendingBytes: 8 * 1024 * 1024 } as const

const METHODS = ['publish', 'subscribe', 'status', 'isClosed'] as const

const CHECKS: Record<keyof NatsBrokerOptions, Check> = {
  connection: () => undefined,
  prefix: value => typeof value === 'string' && /^[\w-]{1,64}$/.test(value) ? undefined : '1 to 64 of the characters A-Z a-z 0-9 _ -',
  replicas: value => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 5 ? undefined : 'a whole number from 1 to 5',
  storage: value => value === 'file' || value === 'memory' ? undefined : "'file' or 'memory'",
  timeoutMs: value => wholeNumber(value) ?? positive(value),
  maxPendingBytes: positive
}

/** @throws FST_ERR_SSE_OPTION_INVALID */
export function checkBrokerOptions (options: NatsBrokerOptions): LogSettings & { connection: NatsConnection } {
  checkOptions('natsBroker() option', options, CHECKS)
  const { connection, ...settings } = options
  if (!isConnection(connection)) {
    // Never shown as it is: an address may hold a password.
    throw FST_ERR_SSE_OPTION_INVALID(
      'natsBroker() option connection',
      'a connection, from connect() of @nats-io/transport-node (npm install @nats-io/transport-node @nats-io/nats-core)',
      describe(connection)
    )
  }
  return { ...DEFAULTS, ...defined(settings) as Partial<LogSettings>, connection }
}

function isConnection (value: unknown): boolean {
  return typeof value === 'object' && value !== null && METHODS.every(name => typeof (value as Record<string, unknown>)[name] === 'function')
}
