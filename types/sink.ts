import type { FastifyRequest } from 'fastify'

/** Why a stream ended. */
export type CloseReason =
  /** Its source ended, or yielded a final event. */
  | 'complete'
  /** The client left. */
  | 'client'
  /** The server is closing, or the channel of its subscription was closed. */
  | 'shutdown'
  /** It reached `maxAgeMs`. */
  | 'max-age'
  /** More than `maxBufferedBytes` waited for the client. */
  | 'slow'
  /** It reached the `expiresAt` of its subscription. */
  | 'expired'
  /** More than `maxWaitingReplays` of those who came back waited for what they had missed; it is to come again later. */
  | 'overloaded'
  /** Nothing that was written made progress for `stallTimeoutMs`. */
  | 'stalled'
  /** Its source failed. */
  | 'error'

/** What is known about a stream when it has ended; also logged, once for every stream. */
export interface CloseRecord {
  /** Method and path pattern of the route, such as `GET /prices/:symbol`. */
  route: string
  reason: CloseReason
  /** From the start of the source to the end of the response, in milliseconds. */
  durationMs: number
  /** Events written, without comments. */
  events: number
  /** Bytes of the body, before any compression. */
  bytes: number
  /** The id that the client came back with. Absent where it sent none that an event can have had. */
  resumedFrom?: string
  /** How often the client was told that it has missed events which are gone. Absent where it was not. */
  gaps?: number
  /** Events of channels in whose stead newer ones of their keys were sent, since the client was slow. Absent where there were none. */
  conflated?: number
  /**
   * Events of channels that waited for the client when the stream ended, without those of the tick that was too much for a slow
   * one. Who comes back is sent all of them. Absent where there were none.
   */
  dropped?: number
}

/** What is published on the diagnostics channel `fastify-typed-sse:stream:open` when the response of a stream begins. */
export interface StreamOpenMessage {
  request: FastifyRequest
  /** As in the close record. */
  route: string
}

/**
 * What is published on the diagnostics channel `fastify-typed-sse:stream:close` when a stream has ended; also for one that
 * failed before its response began, which was never published as open.
 */
export interface StreamCloseMessage {
  request: FastifyRequest
  record: CloseRecord
}

/** Options of `reply.sse.sendAll()`. */
export interface SendAllOptions {
  /** Whether the stream ends with the source. Default: true. */
  end?: boolean
}

/**
 * `reply.sse`: push events from callbacks, and return it from the handler. None of its methods throws, and a promise of
 * its that nobody looks at never becomes an unhandled rejection.
 *
 * @example
 * app.get('/lines', { schema: { response: { 200: lines } } }, (request, reply) => {
 *   const onLine = (line: string) => { void reply.sse.send({ event: 'line', data: { line } }) }
 *   tail.on('line', onLine)
 *   reply.sse.signal.addEventListener('abort', () => tail.off('line', onLine), { once: true })
 *   return reply.sse
 * })
 */
export interface EventSink<Event> extends AsyncIterable<Event> {
  // send and sendAll are written as methods, whose parameters TypeScript compares both ways. As properties they would keep
  // the reply of a typed route from being a FastifyReply, so that no hook and no helper that takes one could be used there.

  /**
   * Sends one event.
   *
   * @returns A promise of `true` once there is room for more, or of `false` if the client has left. It rejects with
   * `FST_ERR_SSE_INVALID_EVENT` (and its kin; nothing is written), `FST_ERR_SSE_SINK_ENDED` after `end()` or a final
   * event, and `FST_ERR_SSE_SINK_BUSY` while an iterable carries the stream.
   */
  send (event: Event): Promise<boolean>
  /**
   * Sends all events of an iterable at the pace of the client, then ends the stream. Those of an array, or of any other
   * source that has them ready without a promise for each, cost the least.
   *
   * @returns A promise that resolves when the source has ended or the client has left, and rejects with the source's error.
   */
  sendAll (source: AsyncIterable<Event> | Iterable<Event>, options?: SendAllOptions): Promise<void>
  /** Sends a comment, which clients ignore. */
  comment: (text: string) => Promise<boolean>
  /** Ends the stream after what was sent. Idempotent. */
  end: () => void
  /** Aborts when the stream has ended, for whatever reason; `reason` is an `FST_ERR_SSE_STREAM_CLOSED` whose message names it. Reading it starts nothing. */
  readonly signal: AbortSignal
  /** Resolves when the stream has ended. Never rejects. */
  readonly closed: Promise<CloseRecord>
  /** The id of the last event the client got, if it sent one it could have got: from the `Last-Event-ID` header, else the `lastEventId` query parameter. */
  readonly lastEventId: string | undefined
}
