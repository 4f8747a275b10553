import { describe } from './describe.js'
import { FST_ERR_SSE_SOURCE_FAILED } from './errors.js'
import { withCause } from './with-cause.js'

/**
 * What was thrown, as an error. Fastify takes a thrown `undefined` for success, and a stream's log needs a stack; what
 * was thrown is the `cause`, and its `statusCode` is kept.
 */
export function asError (thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown
    const error = FST_ERR_SSE_SOURCE_FAILED(describe(thrown), ...withCause(thrown))
    const statusCode: unknown = (thrown as { statusCode?: unknown } | null | undefined)?.statusCode
    if (typeof statusCode === 'number') error.statusCode = statusCode
    return error
  } catch {
    // A proxy or a getter that throws when it is looked at, and as a cause would be looked at by the logger.
    return FST_ERR_SSE_SOURCE_FAILED(typeof thrown)
  }
}
