import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LimitOptions, ResolvedStreamOptions } from '../../types/options.js'
import { onClosed } from '../stream/on-closed.js'
import type { Limit } from './limit.js'
import type { ProxyWarning } from './proxy-warning.js'
import { refuse } from './refusal.js'
import type { RefusalLog } from './refusal-log.js'
import { streamKeyOf } from './stream-key.js'

/** What the admission of a route is made of. */
export interface AdmissionOptions {
  readonly route: string
  /** At least one, all of which hold. */
  readonly limits: readonly Limit[]
  readonly streamKey: LimitOptions['streamKey']
  readonly refusals: RefusalLog
  readonly proxyWarning: ProxyWarning
}

/** Lets the streams of one route begin, as far as its limits go. */
export class Admission {
  /** Whether something bounds all streams together. */
  readonly isInAll: boolean
  readonly isPerKey: boolean
  readonly #options: AdmissionOptions

  constructor (options: AdmissionOptions) {
    this.isInAll = options.limits.some(({ isInAll }) => isInAll)
    this.isPerKey = options.limits.some(({ isPerKey }) => isPerKey)
    this.#options = options
  }

  /**
   * Counts a stream until its response is over. One whose client has left already is none.
   *
   * @returns What answers an EventSource for which there is no room.
   * @throws FST_ERR_SSE_STREAMS_EXCEEDED, FST_ERR_SSE_KEY_STREAMS_EXCEEDED, FST_ERR_SSE_STREAM_KEY_INVALID
   */
  admit (request: FastifyRequest, reply: FastifyReply, streamOptions: Readonly<ResolvedStreamOptions>): string | undefined {
    const { limits, refusals } = this.#options
    const key = this.isPerKey ? this.#keyOf(request) : ''
    for (const limit of limits) {
      const bound = limit.reachedBy(key)
      if (bound === undefined) continue
      refusals.add(request, limit.owner, bound)
      return refuse(request, reply, streamOptions, bound)
    }
    let isCounted = onClosed(reply.raw, () => {
      if (isCounted) for (const limit of limits) limit.delete(key)
      isCounted = false
    })
    if (isCounted) for (const limit of limits) limit.add(key)
    return undefined
  }

  #keyOf (request: FastifyRequest): string {
    const { route, streamKey, proxyWarning } = this.#options
    if (streamKey === undefined) proxyWarning.check(request)
    return streamKeyOf(request, route, streamKey)
  }
}
