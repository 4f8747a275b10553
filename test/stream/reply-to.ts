import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

const TRAILERS = Symbol('fastify.reply.trailers')

/** The reply that a response belongs to, as far as a body looks at it. */
export function replyTo (raw: unknown, headers: Record<string, string> = {}): FastifyReply {
  return { raw: raw as ServerResponse, getHeaders: () => headers, [TRAILERS]: null } as unknown as FastifyReply
}
