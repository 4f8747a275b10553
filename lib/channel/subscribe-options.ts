import type { SubscribeOptions, Topic } from '../../types/channel.js'
import { describe } from '../describe.js'
import { FST_ERR_SSE_SUBSCRIBE_INVALID } from '../errors.js'
import type { Beginning } from './replay.js'
import { isTopicPrefix } from './topic-prefix.js'

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
    // A copy: the caller may change its own later, and then they would not be found again.
    topics: topics === undefined ? undefined : Object.freeze([...topics]),
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
    if (isTopic(topic) || isTopicPrefix(topic)) continue
    throw invalid('a topic should be a non-empty string, or made by topicPrefix()', topic)
  }
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
