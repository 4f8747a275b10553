import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ResolvedStreamOptions } from '../../types/options.js'
import { FST_ERR_SSE_KEY_STREAMS_EXCEEDED, FST_ERR_SSE_STREAMS_EXCEEDED } from '../errors.js'
import { EVENT_STREAM, setStreamHeaders } from '../stream/headers.js'
import { retryLine } from '../wire/frame.js'
import type { Bound } from './limit.js'

/** When those who are refused come back: late enough to be worth it, and not together. */
const MIN_RETRY_MS = 5_000
const MAX_RETRY_MS = 30_000

/**
 * Refuses a stream in a way that its client survives. To a browser's EventSource every status but 200 is final: it gets a
 * stream that ends, and says when to come back.
 *
 * @returns The body of that stream, whose head is set.
 * @throws FST_ERR_SSE_STREAMS_EXCEEDED, FST_ERR_SSE_KEY_STREAMS_EXCEEDED for all other clients, with the header `Retry-After` set.
 */
export function refuse (request: FastifyRequest, reply: FastifyReply, options: Readonly<ResolvedStreamOptions>, bound: Bound): string {
  const retryMs = Math.round(MIN_RETRY_MS + Math.random() * (MAX_RETRY_MS - MIN_RETRY_MS))
  if (isEventSource(request)) {
    setStreamHeaders(reply.code(200), options)
    return retryLine(retryMs)
  }
  const seconds = Math.round(retryMs / 1_000)
  // On the reply and not on the error: so it stays whatever an error handler makes of that.
  reply.header('retry-after', String(seconds))
  throw (bound === 'maxStreamsPerKey' ? FST_ERR_SSE_KEY_STREAMS_EXCEEDED : FST_ERR_SSE_STREAMS_EXCEEDED)(seconds)
}

/** What asks like one. An EventSource can't send any header of its own, so with `Authorization` it is a program, which can wait by itself. */
function isEventSource ({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers.accept === EVENT_STREAM && headers.authorization === undefined
}
