import type { Broker } from '../types/broker.js'
import type { FastifySseOptions, ResolvedOptions, ResolvedStreamOptions, StreamOptions } from '../types/options.js'
import { describe } from './describe.js'
import { FST_ERR_SSE_OPTION_INVALID } from './errors.js'

/** What is left of Fastify's `pluginTimeout` for everything else that a closing server does. */
const CLOSE_MARGIN_MS = 1_000

/** The longest time that a timer of Node.js takes; beyond it, a timer fires at once. */
const MAX_WHOLE_MS = 2 ** 31 - 1

const STREAM_DEFAULTS: ResolvedStreamOptions = {
  heartbeatMs: 15_000,
  retryMs: 2_000,
  commitAfterMs: 1_000,
  maxBufferedBytes: 1024 * 1024,
  maxAgeMs: Infinity,
  validate: true
}

const PLUGIN_DEFAULTS = { closeTimeoutMs: 5_000, closeSpreadMs: 5_000, replayConcurrency: 64 }

const STREAM_CHECKS: Record<keyof StreamOptions, Check> = {
  heartbeatMs: positive,
  retryMs: wholeNumber,
  commitAfterMs: notNegative,
  maxBufferedBytes: positive,
  stallTimeoutMs: positive,
  maxAgeMs: positive,
  onComplete: value => value === 'reconnect' || value === 'stop' ? undefined : "'reconnect' or 'stop'",
  onStreamError: value => typeof value === 'function' ? undefined : 'a function',
  validate: value => typeof value === 'boolean' ? undefined : 'a boolean'
}

const PLUGIN_CHECKS: Record<keyof FastifySseOptions, Check> = {
  ...STREAM_CHECKS,
  closeTimeoutMs: wholeNumber,
  closeSpreadMs: wholeNumber,
  broker: value => isBroker(value) ? undefined : 'a broker: an object with open and close methods',
  replayConcurrency: value => Number.isInteger(value) && (value as number) > 0 ? undefined : 'a whole number above 0',
  ajv: value => typeof value === 'object' && value !== null ? undefined : 'an object'
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
  check('option', options, PLUGIN_CHECKS, REGISTER_OPTIONS)
  const resolved = { ...STREAM_DEFAULTS, ...PLUGIN_DEFAULTS, ...defined(options) } as ResolvedOptions
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
  check(`${route}: option`, options, STREAM_CHECKS)
  return Object.freeze({ ...scope, ...defined(options) })
}

/** Says what a value should be, or undefined where it is right. */
type Check = (value: unknown) => string | undefined

function check (what: string, options: object, checks: Record<string, Check>, ignored?: Set<string>): void {
  if (typeof options !== 'object' || options === null) {
    throw FST_ERR_SSE_OPTION_INVALID(`${what}s`, 'an object', describe(options))
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || ignored?.has(name) === true) continue
    if (!Object.hasOwn(checks, name)) {
      throw FST_ERR_SSE_OPTION_INVALID(`${what} ${name}`, `one of ${Object.keys(checks).join(', ')}`, name)
    }
    const expected = checks[name]?.(value)
    if (expected !== undefined) {
      throw FST_ERR_SSE_OPTION_INVALID(`${what} ${name}`, expected, typeof value === 'string' ? value : describe(value))
    }
  }
}

/** An option that is given as undefined is not given. */
function defined<T extends object> (options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

function isBroker (value: unknown): boolean {
  const { open, close } = (value ?? {}) as Partial<Broker>
  return typeof open === 'function' && typeof close === 'function'
}

function positive (value: unknown): string | undefined {
  return typeof value === 'number' && value > 0 ? undefined : 'a number above 0, or Infinity'
}

function notNegative (value: unknown): string | undefined {
  return typeof value === 'number' && value >= 0 ? undefined : 'a number, 0 or more, or Infinity'
}

function wholeNumber (value: unknown): string | undefined {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_WHOLE_MS ? undefined : `a whole number from 0 to ${MAX_WHOLE_MS}`
}
