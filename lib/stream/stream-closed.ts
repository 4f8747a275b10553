import { FST_ERR_SSE_STREAM_CLOSED } from '../errors.js'

/**
 * Why a stream is over, for who still waits for it. Without a stack: it would lead to nothing but the `close` of a socket,
 * and takes a third of the time that it takes to end a stream.
 */
export function streamClosed (reason: string): Error {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return FST_ERR_SSE_STREAM_CLOSED(reason)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
