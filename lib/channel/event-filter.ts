import { asyncScope } from '../async-scope.js'
import { FST_ERR_SSE_SUBSCRIBE_INVALID } from '../errors.js'
import type { Message } from './message.js'

/**
 * Asks a subscriber's filter in the async context in which this is called, whoever publishes. What this version of the
 * app can't decode does not pass.
 */
export function eventFilter (filter: (event: unknown) => unknown): (message: Message) => boolean {
  const scope = asyncScope()
  return message => {
    const event = message.withId(message.id)
    if (event === undefined) return false
    const passes = scope.runInAsyncScope(filter, undefined, event)
    // A promise is always true: what is only for others would leak.
    if (typeof (passes as Partial<Promise<unknown>> | null | undefined)?.then === 'function') {
      throw FST_ERR_SSE_SUBSCRIBE_INVALID('filter should be synchronous and return a boolean, instead got a promise')
    }
    return Boolean(passes)
  }
}
