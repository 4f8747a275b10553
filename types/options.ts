import type { FastifyRequest, FastifyServerOptions, LogLevel } from 'fastify'
import type { Broker } from './broker.js'
import type { AnyStreamEvent } from './event.js'
import type { CloseReason, CloseRecord } from './sink.js'

/** How the body of a response may be compressed; `zstd` where Node.js has it (22.15, 23.8 and later). */
export type ContentEncoding = 'zstd' | 'gzip' | 'br'

/** Options of compression. */
export interface CompressOptions {
  /** Those that may be used. Of those that a client likes equally, the first is taken. Default: `['zstd', 'gzip', 'br']`. What this version of Node.js does not have is left out. */
  encodings?: readonly ContentEncoding[]
  /** From 1, the least CPU time, to 9, the fewest bytes. Default: 1 for gzip, 3 for zstd and br. */
  level?: number
}

/**
 * How many streams may be open at a time. Beyond that, a browser's EventSource gets a stream that ends at once and tells it
 * to come back in 5 to 30 seconds; all others get an error with `Retry-After`.
 */
export interface LimitOptions {
  /** Open streams: given to the plugin, of all routes in its scope together; given to a route, of that route. Both hold. Beyond it: 503, `FST_ERR_SSE_STREAMS_EXCEEDED`. Default: `Infinity`, no bound. */
  maxStreams?: number
  /** The same for streams that have the same key. Beyond it: 429, `FST_ERR_SSE_KEY_STREAMS_EXCEEDED`. Default: `Infinity`, no bound. */
  maxStreamsPerKey?: number
  /**
   * Whose stream it is: a user, for one. Called after all hooks; may not be async. A route's own is taken for the limit of
   * the plugin too. Default: the client's IP, of IPv6 the network of 64 bits. Behind a proxy that needs Fastify's `trustProxy`.
   */
  streamKey?: (request: FastifyRequest) => string
}

/**
 * Options of a stream: given to the plugin they hold for its scope, given to a route (`sse: { … }`, or
 * `config: { sse: { … } }`) for that route. A wrong one fails at registration with `FST_ERR_SSE_OPTION_INVALID`.
 */
export interface StreamOptions<Event = AnyStreamEvent> extends LimitOptions {
  /** Milliseconds without a write after which a comment is sent, up to a fourth of it (1 s at most) earlier or later, so that proxies keep the connection. Default: 15 000. `Infinity` sends none. */
  heartbeatMs?: number
  /** How long clients wait before they reconnect, in milliseconds; every stream starts by telling them. Default: 2 000. 0 lets them come back at once. */
  retryMs?: number
  /**
   * How long the response may wait for the first event, in milliseconds, so that an error before it still gets a
   * status code. Default: 1 000. 0 sends the headers at once, for feeds that may be quiet for long; `Infinity` waits
   * for the first event however long it takes.
   */
  commitAfterMs?: number
  /** Bytes that may wait for a slow client of a pushed stream before it is closed: of `reply.sse`, the socket's own queue included; of a channel's subscription, beside what was handed to the socket. Default: 1 MiB. `Infinity` removes the bound. */
  maxBufferedBytes?: number
  /** Milliseconds that written bytes may wait without any progress before the stream is closed. Default: 300 000 for iterables, 30 000 for `reply.sse` and subscriptions. `Infinity` waits forever. */
  stallTimeoutMs?: number
  /** Ends a GET stream after this many milliseconds, up to a tenth earlier so that clients don't come back together; the browser reconnects within a second. Default: `Infinity`, never. */
  maxAgeMs?: number
  /**
   * What the end of an iterable means to the browser. `reconnect`: its EventSource comes back after `retryMs`, which
   * heals live feeds. `stop`: it stays away. Streams that declare `final` events need neither. Default: `reconnect`.
   */
  onComplete?: 'reconnect' | 'stop'
  /**
   * Called when a stream fails after its response has begun. The event it returns is sent as the last one and the
   * response ends cleanly; without one the response is aborted, so that it does not look complete. Default: none.
   */
  onStreamError?: (error: Error, request: FastifyRequest) => Event | undefined
  /** Called once for every stream, when it has ended, with what is logged of it. Default: none. */
  onClose?: (record: CloseRecord, request: FastifyRequest) => void
  /**
   * At which level the close record is logged: one for all streams, or one for each reason. Default: `warn` for `slow` and
   * `stalled`, `info` for all others, which is also what a reason gets that is not named.
   */
  closeLogLevel?: LogLevel | Partial<Record<CloseReason, LogLevel>>
  /**
   * Whether frames may leave past parts of Fastify and Node.js that do nothing for them: straight to the response where no
   * hook has put anything between, and in chunks that are framed once for all who get them. What clients read is the same,
   * byte for byte; how it is cut into the chunks of HTTP may differ. Default: true. See docs/performance.md for what each is worth.
   */
  fastPaths?: boolean
  /** Whether payloads are checked against their schemas. `false` saves a few hundred nanoseconds an event; undeclared properties are dropped all the same. Default: true. */
  validate?: boolean
  /**
   * Whether streams are compressed for clients that accept it, without any event waiting for the next. `true` is `{}`,
   * with all defaults. Not for streams that carry a secret beside text of somebody else's: see docs/compression.md.
   * Default: false.
   */
  compress?: boolean | CompressOptions
}

/** Options of `app.register(sse, options)`. */
export interface FastifySseOptions extends StreamOptions {
  /** How long `app.close()` waits for open streams to end, in milliseconds, before it destroys them. At least 1 s less than Fastify's `pluginTimeout`. Default: 5 000. */
  closeTimeoutMs?: number
  /** `app.close()` tells each client to wait `retryMs` plus a random part of this many milliseconds, so that they don't come back together. Default: 5 000. */
  closeSpreadMs?: number
  /** What stores and hands on the events of channels. Closed with the app. Default: one in memory, for a single instance. */
  broker?: Broker
  /** How many pages of history are read for channels at a time; subscribers that come back beyond that wait in order. Default: 64. */
  replayConcurrency?: number
  /** How many of them may wait. Beyond that, a stream ends and tells its client to come back after `retryMs` plus a random part of `closeSpreadMs`, with the id that it has. Default: 10 000. 0 lets nobody wait, `Infinity` everybody. */
  maxWaitingReplays?: number
  /** Formats, keywords and plugins for the check of payloads, in the shape of Fastify's own `ajv` option. Default: the formats of Fastify's validator. */
  ajv?: Pick<NonNullable<FastifyServerOptions['ajv']>, 'customOptions' | 'plugins'>
}

/** What may be done to compress a stream. */
export interface ResolvedCompression {
  /** Not empty, and only such as this Node.js has. */
  readonly encodings: readonly ContentEncoding[]
  /** Undefined for the default of each encoding. */
  readonly level: number | undefined
}

/** A stream's options with every default in place, but for the limits: a route's stand beside those of its scope. */
export type ResolvedStreamOptions =
  & Required<Omit<StreamOptions, keyof LimitOptions | 'stallTimeoutMs' | 'onStreamError' | 'onClose' | 'onComplete' | 'compress' | 'closeLogLevel'>>
  & Pick<StreamOptions, 'onStreamError' | 'onClose' | 'onComplete' | 'stallTimeoutMs'>
  & { compress: ResolvedCompression | false, closeLogLevel: Readonly<Record<CloseReason, LogLevel>> }

/** The plugin's options with every default in place. */
export type ResolvedOptions = ResolvedStreamOptions & LimitOptions & Required<Pick<FastifySseOptions, 'closeTimeoutMs' | 'closeSpreadMs' | 'replayConcurrency' | 'maxWaitingReplays'>> & Pick<FastifySseOptions, 'ajv' | 'broker'>
