import { constants, type Http2ServerResponse } from 'node:http2'
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

/** The response as Node.js made it. Fastify's types know the one of HTTP/1 only, unless they are told. */
export type RawResponse = ServerResponse | Http2ServerResponse

/** Breaks a response off, so that no client can take what it got for complete. */
export function abortResponse (response: RawResponse): void {
  if (isHttp2(response)) {
    // Destroying would look like a clean end to the client.
    response.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  } else if (response.chunkedEncoding || response.socket === null) {
    // The last chunk is missing, which says enough.
    response.destroy()
  } else {
    // HTTP/1.0 has no chunks: there the end of the connection is the end of the body, unless it is reset.
    response.socket.resetAndDestroy()
  }
}

/** Whether the client has left already. */
export function isGone (response: RawResponse): boolean {
  return isHttp2(response) ? response.stream.destroyed : response.destroyed
}

/** Calls back when all that was written so far has left this process; not at all when the response is gone. */
export function afterFlush (response: RawResponse, callback: () => void): void {
  if (response.writableEnded || isGone(response)) return
  (response as ServerResponse).write('', 'utf8', () => { callback() })
}

/**
 * Ends the connection after the response, so that no further request comes in on it. On HTTP/2 the session is closed by
 * the server itself.
 */
export function endConnectionAfter (response: RawResponse): void {
  if (isHttp2(response)) return
  const { socket } = response
  response.once('finish', () => { socket?.end() })
}

/**
 * Keeps the server's `connectionTimeout` from cutting a quiet stream.
 *
 * @returns A function that puts the timeout back.
 */
export function disarmConnectionTimeout (response: RawResponse): () => void {
  if (isHttp2(response)) {
    // The session's, since all its streams share one connection.
    response.stream.session?.setTimeout(0)
    return () => {}
  }
  const { socket } = response
  const timeoutMs = socket?.timeout ?? 0
  if (socket === null || timeoutMs === 0) return () => {}
  socket.setTimeout(0)
  return () => { if (!socket.destroyed) socket.setTimeout(timeoutMs) }
}

/**
 * Core logs every response that ended before its body as "stream closed prematurely". For an event stream that is how an
 * ordinary visit ends, and the close record has said so. To be called on the response's `close`, before core's listener.
 */
export function silencePrematureClose (reply: FastifyReply): void {
  const { log } = reply
  reply.log = Object.create(log, { info: { value: () => {} } })
  process.nextTick(() => { reply.log = log })
}

function isHttp2 (response: RawResponse): response is Http2ServerResponse {
  return response.req.httpVersionMajor === 2
}
