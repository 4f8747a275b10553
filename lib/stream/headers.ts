import type { FastifyReply } from 'fastify'
import type { ResolvedStreamOptions } from '../../types/options.js'
import { addVary } from './vary.js'

export const EVENT_STREAM = 'text/event-stream'

/** Headers that a stream sets where the user has not. */
const DEFAULT_HEADERS: ReadonlyArray<readonly [string, string]> = [
  // no-transform: a proxy that compresses would hold events back until its buffer is full. It is meant for proxies alone, so
  // it holds for a body that was compressed here as well: one that unpacks it for a client would hold events back too.
  ['cache-control', 'no-cache, no-transform'],
  // nginx buffers the responses of its upstreams unless they say this.
  ['x-accel-buffering', 'no']
]

/** Sets the headers of an event stream. What the user has set stays, but for the type and length of the body. */
export function setStreamHeaders (reply: FastifyReply, options: Readonly<ResolvedStreamOptions>): void {
  // No charset: the standard allows only UTF-8, and npm's eventsource 4 compares the whole value.
  reply.header('content-type', EVENT_STREAM)
  reply.removeHeader('content-length')
  for (const [name, value] of DEFAULT_HEADERS) {
    if (!reply.hasHeader(name)) reply.header(name, value)
  }
  if (options.compress !== false) addVary(reply, 'Accept-Encoding')
}

/** Whether a reply that was not sent has the type of an event stream. What a try to send it has left on the response goes. */
export function hasStreamType (reply: FastifyReply): boolean {
  for (const name of ['content-type', ...DEFAULT_HEADERS.map(([name]) => name)]) reply.raw.removeHeader(name)
  return String(reply.getHeader('content-type')).startsWith(EVENT_STREAM)
}
