import type { FastifyRequest } from 'fastify'
import type { Retention } from '../../types/broker.js'
import type { ChannelOptions, HistoryOptions, Snapshot, SnapshotContext } from '../../types/channel.js'
import type { NamedEvent } from '../../types/event.js'
import { type Check, checkOptions, defined, isFunction, isObject, positive, wholeNumber } from '../check-options.js'
import { FST_ERR_SSE_CHANNEL_INVALID } from '../errors.js'
import { describe } from '../describe.js'
import { isEventStream } from '../schema/event-stream.js'
import { type ResolvedSignIds, resolveSignIds } from './sign-ids.js'

/** A channel's options with every default in place. */
export interface ResolvedChannelOptions {
  readonly retention: Retention
  readonly idempotencyWindowMs: number
  readonly identity: ((request: FastifyRequest) => unknown) | undefined
  readonly key: ((event: NamedEvent<string, never>) => unknown) | undefined
  readonly signIds: ResolvedSignIds | undefined
  readonly snapshotTimeoutMs: number
  readonly snapshot: ((context: SnapshotContext) => Snapshot<unknown> | Promise<Snapshot<unknown>>) | undefined
}

const MAX_NAME_LENGTH = 255

const HISTORY_DEFAULTS = { maxEvents: 1_000, maxBytes: 8 * 1024 * 1024, maxAgeMs: Infinity }

const CHECKS: Record<string, Check> = {
  history: isObject,
  retain: value => value === 'history' || value === 'latest' ? undefined : "'history' or 'latest'",
  key: isFunction,
  maxKeys: count,
  snapshot: isFunction,
  snapshotTimeoutMs: value => value === 0 ? 'a whole number above 0' : wholeNumber(value),
  identity: isFunction,
  idempotencyWindowMs: wholeNumber,
  signIds: () => undefined // by resolveSignIds(), which shows nothing of a secret
}

const HISTORY_CHECKS: Record<keyof HistoryOptions, Check> = {
  maxEvents: value => value === 0 ? undefined : count(value),
  maxBytes: positive,
  maxAgeMs: positive
}

/**
 * Checks what a channel is opened with.
 *
 * @throws FST_ERR_SSE_CHANNEL_INVALID, FST_ERR_SSE_OPTION_INVALID
 */
export function resolveChannelOptions (name: unknown, stream: unknown, options: ChannelOptions): ResolvedChannelOptions {
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH) {
    throw FST_ERR_SSE_CHANNEL_INVALID(describe(name), `the name should be a string of 1 to ${MAX_NAME_LENGTH} characters`)
  }
  if (!isEventStream(stream)) {
    throw FST_ERR_SSE_CHANNEL_INVALID(name, `the stream should be made by eventStream(), instead got '${describe(stream)}'`)
  }
  checkOptions(`channel '${name}': option`, options, CHECKS)
  const { history = {}, retain, key, maxKeys, snapshot, snapshotTimeoutMs = 10_000, identity, idempotencyWindowMs = 120_000, signIds } = options as Record<string, unknown> & ChannelOptions
  checkOptions(`channel '${name}': history option`, history, HISTORY_CHECKS)
  checkKind(name, options)
  return {
    retention: retain === 'latest'
      ? { latest: true, maxKeys: maxKeys ?? 10_000 }
      : { ...HISTORY_DEFAULTS, ...defined(history) },
    idempotencyWindowMs,
    identity,
    key: key as ResolvedChannelOptions['key'],
    signIds: signIds === undefined ? undefined : resolveSignIds(name, signIds),
    snapshotTimeoutMs,
    snapshot: snapshot as ResolvedChannelOptions['snapshot']
  }
}

/** The options of one kind of channel mean nothing to the other. */
function checkKind (name: string, { retain, key, maxKeys, history, snapshot, snapshotTimeoutMs }: ChannelOptions): void {
  if (retain === 'latest') {
    if (key === undefined) throw FST_ERR_SSE_CHANNEL_INVALID(name, "retain 'latest' needs a key: a function that says what an event is the newest value of")
    if (history !== undefined || snapshot !== undefined || snapshotTimeoutMs !== undefined) {
      throw FST_ERR_SSE_CHANNEL_INVALID(name, "retain 'latest' keeps the newest event of every key, which is both its history and its snapshot; leave these options out")
    }
  } else if (key !== undefined || maxKeys !== undefined) {
    throw FST_ERR_SSE_CHANNEL_INVALID(name, "key and maxKeys are for channels with retain 'latest': where a history is kept, nothing in it may be passed over")
  }
}

function count (value: unknown): string | undefined {
  return value === Infinity || (Number.isInteger(value) && (value as number) > 0) ? undefined : 'a whole number above 0, or Infinity'
}
