import type { SubscribeOptions, Topic } from '../../types/channel.js'
import { describe } from '../describe.js'
import { FST_ERR_SSE_SUBSCRIBE_INVALID } from '../errors.js'
import type { Beginning } from './replay.js'

/** What a subscriber wants, checked. */
export interface ResolvedSubscribeOptions {
  readonly topics: readonly Topic[] | undefined
  readonly filter: ((event: unknown) => unknown) | undefined
  readonly beginning: Beginning | undefined
  readonly expiresAtMs: number
}

const KNOWN = new Set(['topics', 'filter', 'from', 'expiresAt'])

/** @throws FST_ERR_SSE_SUBSCRIBE_INVALID */
export function resolveSubscribeOptions (options: SubscribeOptions<never>): ResolvedSubscribeOptions {
  if (typeof options !== 'object' || options === null) throw invalid('the options should be an object', options)
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) throw FST_ERR_SSE_SUBSCRIBE_INVALID(`the options are ${[...KNOWN].join(', ')}, instead got '${name}'`)
  }
  const { topics, filter, from, expiresAt } = options
  if (topics !== undefined) checkTopics(topics)
  if (filter !== undefined && typeof filter !== 'function') throw invalid('filter should be a function', filter)
  return {
    topics: topics === undefined ? undefined : copyOf(topics),
    filter: filter as ResolvedSubscribeOptions['filter'],
    beginning: from === undefined ? undefined : beginningOf(from),
    expiresAtMs: expiresAt === undefined ? Infinity : timeOf(expiresAt)
  }
}

/** Whether this can be the topic of an event. */
export function isTopic (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function checkTopics (topics: readonly Topic[]): void {
  if (!Array.isArray(topics) || topics.length === 0) throw invalid('topics should be an array of at least one topic', topics)
  for (const topic of topics) {
    // A prefix may be empty: all topics have it.
    if (isTopic(topic) || (typeof topic === 'object' && topic !== null && typeof topic.prefix === 'string')) continue
    throw invalid('a topic should be a non-empty string, or { prefix } with a string', topic)
  }
}

/** The caller may change its own later; then they would not be found again. */
function copyOf (topics: readonly Topic[]): readonly Topic[] {
  return Object.freeze(topics.map(topic => typeof topic === 'string' ? topic : Object.freeze({ prefix: topic.prefix })))
}

function beginningOf (from: NonNullable<SubscribeOptions<never>['from']>): Beginning {
  if (from === 'live' || from === 'start' || from === 'snapshot') return from
  if (typeof from === 'object' && from !== null && typeof from.position === 'string') return { id: from.position }
  throw invalid("from should be 'live', 'start', 'snapshot' or { position } with an id", from)
}

function timeOf (expiresAt: Date | number): number {
  const timeMs = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt
  if (typeof timeMs !== 'number' || Number.isNaN(timeMs)) throw invalid('expiresAt should be a Date, or milliseconds since the epoch', expiresAt)
  return timeMs
}

function invalid (expected: string, received: unknown): Error {
  return FST_ERR_SSE_SUBSCRIBE_INVALID(`${expected}, instead got '${typeof received === 'string' ? received : describe(received)}'`)
}
