import type { FastifyReply, FastifyRequest } from 'fastify'
import type { EventCodec } from '../schema/codec.js'
import { type FrameIterable, isFrameIterable } from './frame-source.js'
import type { StreamRoute } from './stream-route.js'

/** Encodes the events of one reply, by the stream that its route declares for its status, and counts them. */
export class StreamEncoder {
  /** Events that were sent, without comments. */
  events = 0
  /** The iterable that the route answers with, if it isn't reply.sse: it may carry a stream of its own. */
  iterable: unknown
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #route: StreamRoute
  #codec: EventCodec | undefined

  constructor (request: FastifyRequest, reply: FastifyReply, route: StreamRoute) {
    this.#request = request
    this.#reply = reply
    this.#route = route
  }

  /** Whether a final event gets the id that keeps a browser from coming back. */
  get marksEnd (): boolean {
    return this.#request.method === 'GET'
  }

  /** Until the response begins, its status decides which stream this is. @throws FST_ERR_SSE_STATUS_UNDECLARED */
  get codec (): EventCodec {
    return this.#codec ?? this.#route.codecFor(this.#reply.statusCode, this.iterable)
  }

  /** The response begins: it stays with the stream that it is. */
  settle (): void {
    this.#codec = this.codec
  }

  /** @throws What is wrong with the event. */
  encode (event: unknown): string {
    try {
      return this.codec.encode(event, this.marksEnd)
    } catch (error) {
      this.#route.logRefusal(error, event, this.#request)
      throw error
    }
  }

  count (event: unknown, frame: string): void {
    // Reading a character of the frame would flatten its concatenated parts, which costs a tenth of an event.
    if ((event as { comment?: unknown }).comment === undefined || !frame.startsWith(':')) this.events++
  }

  isFinal (event: unknown): boolean {
    return this.codec.final.has((event as { event?: unknown }).event)
  }

  /** Whether the frames of this iterable need not be checked again: all were, by the very schemas of this stream. */
  takesFramesOf (iterable: unknown): iterable is FrameIterable {
    if (!isFrameIterable(iterable)) return false
    const { codec } = this
    return iterable.streams.every(({ schemas }) => Object.entries(schemas).every(([name, schema]) => codec.declares(name, schema)))
  }
}
