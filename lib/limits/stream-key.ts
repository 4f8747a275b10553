import type { FastifyRequest } from 'fastify'
import type { LimitOptions } from '../../types/options.js'
import { describe } from '../describe.js'
import { FST_ERR_SSE_STREAM_KEY_INVALID } from '../errors.js'
import { withCause } from '../with-cause.js'
import { ipKey } from './ip-key.js'

/**
 * Whose stream it is: what `streamKey` says, or the client's IP.
 *
 * @throws FST_ERR_SSE_STREAM_KEY_INVALID
 */
export function streamKeyOf (request: FastifyRequest, route: string, keyOf: LimitOptions['streamKey']): string {
  if (keyOf === undefined) {
    // Of a connection by a unix socket, which has none.
    const ip: string | undefined = request.ip
    if (ip === undefined) throw FST_ERR_SSE_STREAM_KEY_INVALID(`${route}: the request has no IP by which its streams could be counted; give a streamKey`)
    return ipKey(ip)
  }
  const key = call(keyOf, request, route)
  if (typeof key === 'string') return key
  // Its rejection would be nobody's, and end the process.
  if (key instanceof Promise) key.catch(() => {})
  throw FST_ERR_SSE_STREAM_KEY_INVALID(`${route}: streamKey should return a string, instead got '${describe(key)}'`)
}

function call (keyOf: NonNullable<LimitOptions['streamKey']>, request: FastifyRequest, route: string): unknown {
  try {
    return keyOf(request)
  } catch (error) {
    throw FST_ERR_SSE_STREAM_KEY_INVALID(`${route}: streamKey has thrown`, ...withCause(error))
  }
}
