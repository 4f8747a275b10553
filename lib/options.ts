import zlib from 'node:zlib'
import type { LogLevel } from 'fastify'
import type { Broker } from '../types/broker.js'
import type { DrainOptions } from '../types/channel.js'
import type { CompressOptions, ContentEncoding, FastifySseOptions, ResolvedCompression, ResolvedOptions, ResolvedStreamOptions, StreamOptions } from '../types/options.js'
import type { CloseReason } from '../types/sink.js'
import { type Check, checkOptions, defined, isBoolean, isFunction, isObject, notNegative, positive, wholeNumber } from './check-options.js'
import { FST_ERR_SSE_OPTION_INVALID } from './errors.js'

/** What is left of Fastify's `pluginTimeout` for everything else that a closing server does. */
const CLOSE_MARGIN_MS = 1_000

const CLOSE_LOG_LEVELS: Readonly<Record<CloseReason, LogLevel>> = Object.freeze({
  complete: 'info',
  client: 'info',
  shutdown: 'info',
  'max-age': 'info',
  expired: 'info',
  slow: 'warn',
  overloaded: 'info', // in a storm there are thousands
  stalled: 'warn',
  error: 'info' // the error itself has a line of its own
})

const LOG_LEVELS: readonly unknown[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] satisfies LogLevel[]

const STREAM_DEFAULTS: ResolvedStreamOptions = {
  heartbeatMs: 15_000,
  retryMs: 2_000,
  commitAfterMs: 1_000,
  maxBufferedBytes: 1024 * 1024,
  maxAgeMs: Infinity,
  fastPaths: true,
  validate: true,
  compress: false,
  closeLogLevel: CLOSE_LOG_LEVELS
}

const PLUGIN_DEFAULTS = { closeTimeoutMs: 5_000, closeSpreadMs: 5_000, replayConcurrency: 64, maxWaitingReplays: 10_000 }

const DRAIN_DEFAULTS: Required<DrainOptions> = { overMs: 30_000 }

const STREAM_CHECKS: Record<keyof StreamOptions, Check> = {
  heartbeatMs: positive,
  retryMs: wholeNumber,
  commitAfterMs: notNegative,
  maxBufferedBytes: positive,
  stallTimeoutMs: positive,
  maxAgeMs: positive,
  onComplete: value => value === 'reconnect' || value === 'stop' ? undefined : "'reconnect' or 'stop'",
  onStreamError: isFunction,
  onClose: isFunction,
  closeLogLevel: value => isCloseLogLevel(value) ? undefined : `one of ${LOG_LEVELS.join(', ')}, or an object with such for ${Object.keys(CLOSE_LOG_LEVELS).join(', ')}`,
  maxStreams: isCount,
  maxStreamsPerKey: isCount,
  streamKey: isFunction,
  fastPaths: isBoolean,
  validate: isBoolean,
  compress: value => typeof value === 'boolean' || (isObject(value) === undefined && !Array.isArray(value)) ? undefined : 'a boolean, or an object with encodings and level'
}

/** By what an event costs in CPU time and a stream in memory: see docs/compression.md. */
const ENCODINGS: readonly ContentEncoding[] = ['zstd', 'gzip', 'br']

const AVAILABLE = ENCODINGS.filter(encoding => encoding !== 'zstd' || 'createZstdCompress' in zlib)

const COMPRESS_CHECKS: Record<keyof CompressOptions, Check> = {
  encodings: value => isListOfEncodings(value) ? undefined : `an array of one or more of ${ENCODINGS.join(', ')}`,
  level: value => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 9 ? undefined : 'a whole number from 1 to 9'
}

const PLUGIN_CHECKS: Record<keyof FastifySseOptions, Check> = {
  ...STREAM_CHECKS,
  closeTimeoutMs: wholeNumber,
  closeSpreadMs: wholeNumber,
  broker: value => isBroker(value) ? undefined : 'a broker: an object with open and close methods',
  replayConcurrency: value => Number.isInteger(value) && (value as number) > 0 ? undefined : 'a whole number above 0',
  maxWaitingReplays: value => value === Infinity || (Number.isInteger(value) && (value as number) >= 0) ? undefined : 'a whole number, 0 or more, or Infinity',
  ajv: isObject
}

/** Options that Fastify itself reads from the second argument of `register()`. */
const REGISTER_OPTIONS = new Set(['prefix', 'logLevel', 'logSerializers'])

/**
 * Checks the plugin's options and completes them with the defaults. The caller's object is not touched.
 *
 * @param pluginTimeoutMs Fastify's own limit for each step of closing; 0 is none.
 * @throws FST_ERR_SSE_OPTION_INVALID
 */
export function resolveOptions (options: FastifySseOptions, pluginTimeoutMs: number): Readonly<ResolvedOptions> {
  checkOptions('option', options, PLUGIN_CHECKS, REGISTER_OPTIONS)
  const compress = resolveCompression('option compress:', options.compress)
  const closeLogLevel = resolveLogLevels(options.closeLogLevel, CLOSE_LOG_LEVELS)
  const resolved = { ...STREAM_DEFAULTS, ...PLUGIN_DEFAULTS, ...defined(options), compress, closeLogLevel } as ResolvedOptions
  if (pluginTimeoutMs > 0 && resolved.closeTimeoutMs > pluginTimeoutMs - CLOSE_MARGIN_MS) {
    throw FST_ERR_SSE_OPTION_INVALID(
      'option closeTimeoutMs',
      `at least 1 s less than Fastify's pluginTimeout of ${pluginTimeoutMs} ms, which also limits how long closing may take`,
      String(resolved.closeTimeoutMs)
    )
  }
  return Object.freeze(resolved)
}

/**
 * Checks a route's options and completes them with those of its scope.
 *
 * @param route Names the route in errors.
 * @throws FST_ERR_SSE_OPTION_INVALID
 */
export function resolveRouteOptions (
  route: string, options: StreamOptions | undefined, scope: ResolvedStreamOptions
): Readonly<ResolvedStreamOptions> {
  if (options === undefined) return scope
  checkOptions(`${route}: option`, options, STREAM_CHECKS)
  const compress = options.compress === undefined ? scope.compress : resolveCompression(`${route}: option compress:`, options.compress)
  const closeLogLevel = resolveLogLevels(options.closeLogLevel, scope.closeLogLevel)
  return Object.freeze({ ...scope, ...defined(options), compress, closeLogLevel })
}

/** @throws FST_ERR_SSE_OPTION_INVALID */
export function resolveDrainOptions (options: DrainOptions): Required<DrainOptions> {
  checkOptions('drain() option', options, { overMs: wholeNumber })
  return { ...DRAIN_DEFAULTS, ...defined(options) }
}

/** @param scope What holds for reasons that are not named. */
function resolveLogLevels (levels: StreamOptions['closeLogLevel'], scope: ResolvedStreamOptions['closeLogLevel']): ResolvedStreamOptions['closeLogLevel'] {
  if (typeof levels !== 'string') return Object.freeze({ ...scope, ...defined(levels ?? {}) })
  return Object.freeze(Object.fromEntries(Object.keys(scope).map(reason => [reason, levels]))) as ResolvedStreamOptions['closeLogLevel']
}

function resolveCompression (what: string, compress: StreamOptions['compress'] = false): ResolvedCompression | false {
  if (compress === false) return false
  const options = compress === true ? {} : compress
  checkOptions(what, options, COMPRESS_CHECKS)
  const encodings = (options.encodings ?? ENCODINGS).filter(encoding => AVAILABLE.includes(encoding))
  if (encodings.length === 0) {
    throw FST_ERR_SSE_OPTION_INVALID(`${what} encodings`, `one or more that this version of Node.js has (${AVAILABLE.join(', ')})`, String(options.encodings))
  }
  return Object.freeze({ encodings: Object.freeze(encodings), level: options.level })
}

function isCloseLogLevel (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return LOG_LEVELS.includes(value)
  return Object.entries(value).every(([reason, level]) => Object.hasOwn(CLOSE_LOG_LEVELS, reason) && (level === undefined || LOG_LEVELS.includes(level)))
}

/** Hoisted, since the checks above are made of it. */
function isCount (value: unknown): string | undefined {
  return value === Infinity || (Number.isInteger(value) && (value as number) > 0) ? undefined : 'a whole number above 0, or Infinity'
}

function isListOfEncodings (value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(encoding => ENCODINGS.includes(encoding as ContentEncoding))
}

function isBroker (value: unknown): boolean {
  const { open, close } = (value ?? {}) as Partial<Broker>
  return typeof open === 'function' && typeof close === 'function'
}
