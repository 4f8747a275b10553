import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import type { DeclaredStream, ReceivedEvents, ReceivedName, TextName } from './client.js'
import type { CloseRecord } from './sink.js'

/** What events can be injected into: a Fastify instance, whatever its type provider and logger. */
export interface Injectable {
  inject: (options: InjectOptions) => PromiseLike<LightMyRequestResponse>
}

/** Options of `injectEvents(app, options)`: those of Fastify's own `inject()`, and these. */
export interface InjectEventsOptions<Stream extends DeclaredStream = DeclaredStream> extends Omit<InjectOptions, 'payloadAsStream' | 'signal'> {
  /** Comes back as one who has got the event with this id. Default: none. */
  lastEventId?: string
  /** Leaves the stream: the `signal` of a test that has timed out, for one. What waits then rejects with its reason. */
  signal?: AbortSignal
  /** The names of events whose data is raw text. Default: what the route declares. */
  text?: ReadonlyArray<TextName<Stream>>
}

/**
 * The answer to an injected request, and its events as they come. Each is given once, by whichever of iteration,
 * `take()`, `until()` and `rest()` asks for it, and nothing is read before. These reject with an error of
 * `docs/testing.md` where the answer is no event stream, the stream is cut, or it ends before what is asked for has come.
 */
export interface InjectedStream<Stream extends DeclaredStream = DeclaredStream> extends AsyncIterable<ReceivedEvents<Stream>> {
  readonly status: number
  readonly headers: LightMyRequestResponse['headers']
  /** The text of an answer that is no event stream: of a 401, for one. Empty for an event stream. */
  readonly body: string
  /** What the stream has last told its client to wait before it reconnects, as far as it was read. */
  readonly retryMs: number | undefined
  /** The id to come back with, as far as the stream was read: for the {@link InjectEventsOptions.lastEventId} of another request. */
  readonly lastEventId: string | undefined
  /** The comments, as far as the stream was read. */
  readonly comments: readonly string[]
  /** The next events, as many as asked for. */
  take: (count: number) => Promise<Array<ReceivedEvents<Stream>>>
  /** The next events, up to the first of this name and with it. */
  until: (name: ReceivedName<Stream>) => Promise<Array<ReceivedEvents<Stream>>>
  /** All events to the end of the stream. */
  rest: () => Promise<Array<ReceivedEvents<Stream>>>
  /**
   * Leaves the stream, as a client does that disconnects; a loop that is left does the same. Resolves when the stream is
   * closed, and a generator that heeds `reply.sse.signal` has run its `finally`, unless that waits for something.
   * Idempotent; on a stream that has ended, it only says how.
   *
   * @returns The stream's close record; undefined where the answer is no stream of this plugin.
   */
  close: () => Promise<CloseRecord | undefined>
}
