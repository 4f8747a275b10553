import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ResolvedStreamOptions } from '../../types/options.js'
import { FST_ERR_SSE_DRAINING, FST_ERR_SSE_KEY_STREAMS_EXCEEDED, FST_ERR_SSE_STREAMS_EXCEEDED } from '../errors.js'
import { EVENT_STREAM, setStreamHeaders } from '../stream/headers.js'
import { retryLine } from '../wire/frame.js'
import type { Bound } from './limit.js'

/** Why a stream is refused. */
export type Refused = Bound | 'draining'

const ERRORS = {
  maxStreams: FST_ERR_SSE_STREAMS_EXCEEDED,
  maxStreamsPerKey: FST_ERR_SSE_KEY_STREAMS_EXCEEDED,
  draining: FST_ERR_SSE_DRAINING
}

/** When those who are refused come back: late enough to be worth it, and not together. */
const MIN_RETRY_MS = 5_000
const MAX_RETRY_MS = 30_000

/**
 * Refuses a stream in a way that its client survives. To a browser's EventSource every status but 200 is final: it gets a
 * stream that ends, and says when to come back.
 *
 * @param retryMs When to come back. Default: 5 to 30 s, at random.
 * @returns The body of that stream, whose head is set.
 * @throws For all other clients, with the header `Retry-After` set: FST_ERR_SSE_STREAMS_EXCEEDED, FST_ERR_SSE_KEY_STREAMS_EXCEEDED, FST_ERR_SSE_DRAINING
 */
export function refuse (
  request: FastifyRequest, reply: FastifyReply, options: Readonly<ResolvedStreamOptions>, refused: Refused, retryMs: number = randomRetryMs()
): string {
  if (isEventSource(request)) {
    setStreamHeaders(reply.code(200), options)
    return retryLine(retryMs)
  }
  const seconds = Math.ceil(retryMs / 1_000)
  // On the reply and not on the error: so it stays whatever an error handler makes of that.
  reply.header('retry-after', String(seconds))
  throw ERRORS[refused](seconds)
}

function randomRetryMs (): number {
  return Math.round(MIN_RETRY_MS + Math.random() * (MAX_RETRY_MS - MIN_RETRY_MS))
}

/** What asks like one. An EventSource can't send any header of its own, so with `Authorization` it is a program, which can wait by itself. */
function isEventSource ({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && headers.accept === EVENT_STREAM && headers.authorization === undefined
}
