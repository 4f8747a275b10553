import { describe } from '../describe.js'
import { FST_ERR_SSE_SUBSCRIBE_INVALID } from '../errors.js'
import type { Carrier } from '../stream/carrier.js'
import type { PositionTimer } from './position-timer.js'

/** Who a subscription is for. */
export interface Owner {
  /** The answer to the request that it was made for. */
  readonly carrier: Carrier | undefined
  /** Ends it, where there is no request. */
  readonly signal: AbortSignal | undefined
  /** The id that it comes back with, if it does. */
  readonly lastEventId: string | undefined
  /** How much may wait for it, where there is no request. */
  readonly maxBufferedBytes: number
  readonly timer: PositionTimer
}

/** What owners are made of. */
export interface OwnerScope {
  readonly carrierOf: (request: object) => Carrier | undefined
  readonly maxBufferedBytes: number
  readonly timer: PositionTimer
}

const KNOWN = new Set(['lastEventId', 'signal', 'identity', 'scope'])

/**
 * Reads what `subscribe()` was given as the subscriber.
 *
 * @throws FST_ERR_SSE_SUBSCRIBE_INVALID
 */
export function ownerOf (subscriber: unknown, { carrierOf, maxBufferedBytes, timer }: OwnerScope): Owner {
  if (typeof subscriber !== 'object' || subscriber === null) throw invalid('a request, or { lastEventId, signal, identity, scope }', subscriber)
  const carrier = carrierOf(subscriber)
  if (carrier !== undefined) return { carrier, signal: undefined, lastEventId: carrier.resumesFrom, maxBufferedBytes, timer }
  if ('raw' in subscriber) throw invalid('a request that has got to its handler, of an app with this plugin', subscriber)
  const unknown = Object.keys(subscriber).find(name => !KNOWN.has(name))
  if (unknown !== undefined) {
    // An id with its name misspelt would make a silent hole of what was missed.
    throw FST_ERR_SSE_SUBSCRIBE_INVALID(`the subscriber should be a request, or { lastEventId, signal, identity, scope }, instead got one with '${unknown}'`)
  }
  const { signal, lastEventId } = subscriber as { signal?: unknown, lastEventId?: unknown }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid('one whose signal is an AbortSignal', signal)
  if (lastEventId !== undefined && typeof lastEventId !== 'string') throw invalid('one whose lastEventId is a string', lastEventId)
  return { carrier: undefined, signal, lastEventId: lastEventId === '' ? undefined : lastEventId, maxBufferedBytes, timer }
}

function invalid (expected: string, received: unknown): Error {
  return FST_ERR_SSE_SUBSCRIBE_INVALID(`the subscriber should be ${expected}, instead got '${describe(received)}'`)
}
