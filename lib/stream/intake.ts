import type { FastifyReply, FastifyRequest } from 'fastify'
import { FST_ERR_SSE_FINAL_MISSING } from '../errors.js'
import { logError } from '../log-error.js'
import type { EventCodec } from '../schema/codec.js'
import { END_ID } from '../wire/end-id.js'
import type { FrameOutlet, FrameSink } from './frame-pump.js'
import { type FrameCarrier, type FrameIterable, isFrameIterable } from './frame-source.js'
import type { Outlet } from './pump.js'
import type { StreamResponse } from './stream-response.js'
import type { StreamRoute } from './stream-route.js'

/** The stream that an intake is of. */
export interface Taking {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly route: StreamRoute
  /** True once nothing more is taken. */
  readonly done: boolean
  readonly carrier: FrameCarrier['carrier']
  /** Undefined until it has begun. */
  readonly response: StreamResponse | undefined
  /** Begins the response, if it has not begun. */
  commit: () => void
  /** An event was taken, and none before it from the same source. */
  onFirstEvent: () => void
  /** Ends the stream, since everything was said. */
  end: (reason: 'complete') => void
  inContext: <T>(run: () => T) => T
}

/**
 * Takes what the sources of one stream say: checks and encodes it by the stream that the route declares for the status of
 * the reply, counts it, and writes it to the response, which the first event begins.
 */
export class Intake implements Outlet, FrameOutlet {
  /** The iterable that the route answers with, if it isn't reply.sse: it may carry a stream of its own. */
  iterable: unknown
  readonly #stream: Taking
  #codec: EventCodec | undefined
  #events = 0
  /** Whether a subscription carries the stream, whose frames are ready. */
  #isFramed = false

  constructor (stream: Taking) {
    this.#stream = stream
  }

  /** Events that were sent, without comments. */
  get events (): number {
    return this.#events + (this.#stream.response?.sharedEvents ?? 0)
  }

  /** Whether an iterable carries the stream, at the pace of its client. */
  get isPulled (): boolean {
    return this.iterable !== undefined && !this.#isFramed
  }

  get done (): boolean {
    return this.#stream.done
  }

  get carrier (): FrameCarrier['carrier'] {
    return this.#stream.carrier
  }

  get final (): ReadonlySet<unknown> {
    return this.#current.final
  }

  /** Whether a final event gets the id that keeps a browser from coming back. */
  get marksEnd (): boolean {
    return this.#stream.request.method === 'GET'
  }

  /** The response begins: it stays with the stream that it is. @throws FST_ERR_SSE_STATUS_UNDECLARED */
  settle (): void {
    this.#codec = this.#current
  }

  take (event: unknown): boolean {
    const stream = this.#stream
    const frame = this.#encode(event)
    stream.commit()
    if (stream.done) return true // a header could not be sent
    const response = stream.response as StreamResponse
    // Reading a character of the frame would flatten its concatenated parts, which costs a tenth of an event.
    if ((event as { comment?: unknown }).comment === undefined || !frame.startsWith(':')) this.#count()
    response.write(frame)
    if (this.#current.final.has((event as { event?: unknown }).event)) stream.end('complete')
    return response.hasRoom
  }

  /** Checks an event without sending it. @returns The length of its frame. */
  measure (event: unknown): number {
    return this.#encode(event).length
  }

  room (): Promise<boolean> {
    return (this.#stream.response as StreamResponse).room()
  }

  /** Whether the frames of this iterable need not be checked again: all were, by the very schemas of this stream. */
  takesFramesOf (iterable: unknown): iterable is FrameIterable {
    if (!isFrameIterable(iterable)) return false
    const codec = this.#current
    return iterable.streams.every(({ schemas }) => Object.entries(schemas).every(([name, schema]) => codec.declares(name, schema)))
  }

  /** A subscription has begun. It may be quiet for long, and nothing of it can fail before its first event. */
  beginFrames (): FrameSink | undefined {
    this.#isFramed = true
    this.#stream.commit()
    return this.#stream.response?.frameSink
  }

  onFirstEvent (): void {
    this.#stream.onFirstEvent()
  }

  endWithFinal (): void {
    this.#stream.end('complete')
  }

  /** Nothing follows. @throws FST_ERR_SSE_FINAL_MISSING */
  complete (): void {
    const stream = this.#stream
    const { final } = this.#current
    const { name, options } = stream.route
    if (final.size > 0) throw FST_ERR_SSE_FINAL_MISSING(name, [...final].join(', '))
    stream.commit()
    if (stream.done) return // a header could not be sent
    if (this.marksEnd) {
      if (options.onComplete === 'stop') stream.response?.write(`event: ${END_ID}\nid: ${END_ID}\ndata: \n\n`)
      else if (options.onComplete === undefined) stream.route.hintAtFinal(stream.request)
    }
    stream.end('complete')
  }

  /** Takes the event by which `onStreamError` tells of an error. @returns Whether there is one. */
  takeError (error: Error): boolean {
    const { request, route } = this.#stream
    const { onStreamError } = route.options
    if (onStreamError === undefined) return false
    try {
      const event: unknown = this.#stream.inContext(() => onStreamError(error, request))
      if (event === undefined) return false
      // An async function could fail unheard, and an unhandled rejection ends the process.
      if (event instanceof Promise) event.catch(() => {})
      this.take(event)
      return true
    } catch (err) {
      logError(request.log, 'error', err, 'onStreamError failed')
      return false
    }
  }

  /** Until the response begins, its status decides which stream this is. @throws FST_ERR_SSE_STATUS_UNDECLARED */
  get #current (): EventCodec {
    return this.#codec ?? this.#stream.route.codecFor(this.#stream.reply.statusCode, this.iterable)
  }

  #count (): void {
    if (this.#events++ === 0) this.onFirstEvent()
  }

  #encode (event: unknown): string {
    try {
      return this.#current.encode(event, this.marksEnd)
    } catch (error) {
      this.#stream.route.tally.invalidEvents++
      this.#stream.route.logRefusal(error, event, this.#stream.request)
      throw error
    }
  }
}
