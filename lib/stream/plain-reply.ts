import type { FastifyReply } from 'fastify'
import { isPlain } from './chunked-response.js'

/** Where Fastify keeps a reply's trailers: null as long as there are none. Not documented; where it is not found, all goes Fastify's way. */
const TRAILERS = 'fastify.reply.trailers'

let kTrailers: symbol | undefined

/**
 * Whether Fastify would do nothing with a stream, after all onSend hooks, but to write the head and pipe it into the
 * response of node:http.
 */
export function isPlainReply (reply: FastifyReply): boolean {
  const { raw } = reply
  return isPlain(raw) && !raw.headersSent && raw.statusCode >= 200 && raw.statusCode !== 204 && raw.statusCode !== 304 && !hasTrailers(reply)
}

function hasTrailers (reply: FastifyReply): boolean {
  kTrailers ??= Object.getOwnPropertySymbols(reply).find(({ description }) => description === TRAILERS)
  return kTrailers === undefined || (reply as unknown as Record<symbol, unknown>)[kTrailers] !== null
}
