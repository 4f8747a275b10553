import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Channel } from '../../types/channel.js'

/** Something that a page asks for can't be done. */
interface Refusal {
  code: string
  message: string
}

/**
 * Publishes an event, as the app would. What the channel says against it is told as it is.
 */
export async function publish (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): Promise<{ id: string } | Refusal> {
  const { channel: name, event, data, topic } = bodyOf(request)
  const channel = findChannel(app, name)
  if (channel === undefined) return noChannel(reply)
  try {
    const id = await channel.publish(
      { event, ...(data !== undefined && { data }) } as never,
      { ...(topic !== undefined && { topic }) } as never
    )
    request.log.info({ channel: name, event }, 'an event was published by the inspector')
    return { id }
  } catch (error) {
    const { code = '', message, statusCode = 500 } = error as Error & { code?: string, statusCode?: number }
    request.log.debug({ err: error, channel: name }, 'an event could not be published by the inspector')
    // That of a wrong event says whose fault it is in an app, where that has made the event.
    reply.code(statusCode === 500 ? 422 : statusCode)
    return { code, message }
  }
}

/** Ends a stream. */
export async function close (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): Promise<undefined | Refusal> {
  const { id } = bodyOf(request)
  const stream = app.sse.streams().find(stream => stream.id === id)
  if (stream === undefined) {
    reply.code(404)
    return { code: '', message: 'this stream is not open here; it may have ended by itself' }
  }
  stream.close()
  request.log.info({ route: stream.route, streamReqId: stream.request.id }, 'a stream was ended by the inspector')
  reply.code(204)
  return undefined
}

/** Undefined also where several scopes have one of that name: a test event should not get to the wrong one. */
export function findChannel (app: FastifyInstance, name: unknown): Channel | undefined {
  const [channel, ...others] = app.sse.channels().filter(channel => channel.name === name)
  return others.length === 0 ? channel : undefined
}

export function noChannel (reply: FastifyReply): Refusal {
  reply.code(404)
  return { code: '', message: 'no such channel is open here, or several scopes have one of this name' }
}

/** JSON, or nothing. */
function bodyOf ({ body }: FastifyRequest): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? body as Record<string, unknown> : {}
}
