import { constants, type Http2ServerResponse } from 'node:http2'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'

/** The response as Node.js made it. Fastify's types know the one of HTTP/1 only, unless they are told. */
export type RawResponse = ServerResponse | Http2ServerResponse

/** Breaks a response off, so that no client can take what it got for complete. */
export function abortResponse (response: RawResponse): void {
  if (isHttp2(response)) {
    // Destroying would look like a clean end to the client.
    response.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  } else {
    // A body in chunks lacks its last one, which says enough. HTTP/1.0 has no chunks: there the end of the connection is
    // the end of the body, unless it is reset.
    if (response.headersSent && !response.chunkedEncoding) reset(response.socket)
    response.destroy()
  }
}

/** Resets the connection where it is one of TCP; the others have no such end, and TLS has its own sign of a whole one. */
function reset (socket: Socket | null): void {
  try {
    socket?.resetAndDestroy()
  } catch {
    // A unix socket, or TLS: Node.js throws ERR_INVALID_HANDLE_TYPE, and the response is destroyed instead.
  }
}

/** Whether the client has left already. */
export function isGone (response: RawResponse): boolean {
  return isHttp2(response) ? response.stream.destroyed : response.destroyed || waitsBehind(response)?.destroyed === true
}

/**
 * The connection of a response that waits for the one before it, to a request that was sent ahead (pipelining). When it
 * closes, Node.js tells only the first of them.
 */
export function waitsBehind (response: RawResponse): Socket | undefined {
  return !isHttp2(response) && response.socket === null ? response.req.socket : undefined
}

/** Whether a response that is over has gone out whole. HTTP/2 emits `finish` at every end, also of what was broken off. */
export function isWhole (response: RawResponse): boolean {
  return !isHttp2(response) || (response.stream.rstCode === constants.NGHTTP2_NO_ERROR && !response.stream.aborted)
}

/** Calls back when all that was written so far has left this process; not at all when the response is gone. */
export function afterFlush (response: RawResponse, callback: () => void): void {
  if (response.writableEnded || isGone(response)) return
  (response as ServerResponse).write('', 'utf8', () => { callback() })
}

/** Tells the client, in the head of the response, to make its next request on another connection. */
export function leaveConnection (reply: FastifyReply): void {
  const response: RawResponse = reply.raw
  if (isHttp2(response)) closeSession(response)
  else reply.header('connection', 'close')
}

/** How long a connection stays open for the next request after a response whose head has not told that it closes. */
const LINGER_MS = 500

/**
 * Ends the connection after a response whose head is out. A request that waits behind it is served, unless the server
 * closes: then it is not begun, since it could not be answered any more.
 */
export function endConnectionAfter (response: RawResponse, isClosing: boolean): void {
  if (isHttp2(response)) {
    closeSession(response)
    return
  }
  const { socket } = response.req // the response itself has none while it waits behind another one
  response.once('finish', () => {
    if (isClosing) (socket as Partial<Socket> | null)?.destroySoon?.() // which inject's has not
    // Node.js has set its keepAliveTimeout, which ends with the next request. Without that, it would cut this one.
    else if (socket?.timeout !== undefined && socket.timeout > 0) socket.setTimeout(LINGER_MS)
  })
}

/** It ends after the last of its streams. */
function closeSession (response: Http2ServerResponse): void {
  response.stream.session?.close()
}

/** A socket, or a session of HTTP/2, which knows its timeout as sockets do. */
interface Connection {
  readonly destroyed: boolean
  readonly timeout?: number | undefined
  readonly setTimeout: (ms: number) => unknown
}

/** Connections without their timeout: how many streams they carry, and what to put back after the last. */
const disarmed = new WeakMap<Connection, { streams: number, readonly timeoutMs: number }>()

/**
 * Keeps the server's `connectionTimeout` from cutting a quiet stream.
 *
 * @returns A function that puts the timeout back.
 */
export function disarmConnectionTimeout (response: RawResponse): () => void {
  const connection: Connection | undefined = isHttp2(response) ? response.stream.session : response.req.socket
  if (connection === undefined) return doNothing
  const state = disarmed.get(connection) ?? { streams: 0, timeoutMs: connection.timeout ?? 0 }
  if (state.timeoutMs === 0) return doNothing
  state.streams++
  disarmed.set(connection, state)
  connection.setTimeout(0)
  return () => {
    if (--state.streams > 0) return
    disarmed.delete(connection)
    // After a response of HTTP/1, Node.js may have set its keepAliveTimeout in the meantime.
    if (!connection.destroyed && connection.timeout === 0) connection.setTimeout(state.timeoutMs)
  }
}

/** What core says of a response that ended before its body. */
const PREMATURE_CLOSE = 'stream closed prematurely'

/**
 * For an event stream that is how an ordinary visit ends, and the close record has said so. To be called on the response's
 * `close`, before core's listener. All else that is logged meanwhile passes.
 */
export function silencePrematureClose (reply: FastifyReply): void {
  const { log } = reply
  const info = (...line: Parameters<typeof log.info>): void => { if (line[1] !== PREMATURE_CLOSE) log.info(...line) }
  reply.log = Object.create(log, { info: { value: info } })
  process.nextTick(() => { reply.log = log })
}

function doNothing (): void {}

function isHttp2 (response: RawResponse): response is Http2ServerResponse {
  return response.req.httpVersionMajor === 2
}
