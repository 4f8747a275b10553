import type { TopicPrefix } from '../../types/channel.js'
import { describe } from '../describe.js'
import { FST_ERR_SSE_SUBSCRIBE_INVALID } from '../errors.js'

// Symbol.for, so that the ESM and the CommonJS copy of this package know each other's.
const kPrefix = Symbol.for('fastify-typed-sse.topic-prefix')

/**
 * All topics that begin with a prefix, for `subscribe(…, { topics })`. Only this makes a pattern: neither a string nor an
 * object from a request's body ever is one.
 *
 * @param prefix The empty one stands for all topics.
 * @throws FST_ERR_SSE_SUBSCRIBE_INVALID
 * @example
 * channel.subscribe(request, { topics: ['public', topicPrefix(`user.${id}.`)] })
 */
export function topicPrefix (prefix: string): TopicPrefix {
  if (typeof prefix !== 'string') throw FST_ERR_SSE_SUBSCRIBE_INVALID(`topicPrefix() takes a string, instead got '${describe(prefix)}'`)
  return Object.freeze(Object.defineProperty({ prefix }, kPrefix, { value: true, enumerable: false })) as TopicPrefix
}

/** Whether this was made by {@link topicPrefix}. */
export function isTopicPrefix (value: unknown): value is TopicPrefix {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[kPrefix] === true
}
