import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { CloseReason } from './sink.js'

/** How often a duration was how long. */
export interface DurationHistogram {
  /** The upper bounds of the buckets, in seconds, ascending. A duration that equals one is in its bucket. */
  bounds: readonly number[]
  /** Durations in each bucket, not in those below it. One more than bounds: the last is for what is above all of them. */
  counts: number[]
  /** Of all durations, in seconds. */
  sum: number
  /** Durations. */
  count: number
}

/** What has come of the streams of a route, and what there is of them. */
export interface RouteMetrics {
  /** Method and path pattern, such as `GET /prices/:symbol`. */
  route: string
  /** Streams whose response has begun and is not over: `opened` less all that were `closed`. */
  open: number
  /** Streams whose response has begun. */
  opened: number
  /** Those of them that are over, by reason. */
  closed: Record<CloseReason, number>
  /** Streams that ended before their response began, since their source failed or the client had left. Not among those that were opened or closed. */
  unopened: number
  /** Streams of `opened` whose client came back with a last event ID. */
  resumed: number
  /** Events written, without comments. */
  events: number
  /** Bytes of the bodies, before any compression. */
  bytes: number
  /** Events that were refused, since they are not what the route declares. */
  invalidEvents: number
  /** Bytes that wait for clients: in this process and in its sockets' queues. */
  queuedBytes: number
  /**
   * From when the request came to its handler to the first event, of every stream that had one: what the handler does before
   * it returns its generator or sends by `reply.sse` is in it. So are preHandler hooks of the route and those added after this plugin, and
   * onSend hooks; other hooks, parsing and validation are not.
   */
  timeToFirstEvent: DurationHistogram
}

/** What has come of channels in this process, and what there is of them. */
export interface ChannelTotals {
  /** Subscribers. */
  subscribers: number
  /** Events that were published here and stored. */
  published: number
  /** Events that `publish()` has refused, since they or their options were wrong. */
  invalidEvents: number
  /** How often a subscriber was told that it has missed events which are gone. */
  gaps: number
  /** How often a snapshot was given to a subscriber. */
  snapshots: number
  /** Bytes that wait for subscribers, about, beside those that their streams have taken. */
  queuedBytes: number
  /**
   * Events that the broker has stored and that have not come to this process: of what was published here, and of what
   * there was when metrics() was last called. 0 where nobody subscribes. At least 1 where the log has begun anew and this process does not know it yet.
   */
  lag: number
  /**
   * From `publish()` until the event was written to all subscribers of this process, or put in the queue of those that are
   * slow. One event at a time is timed: the first one since the last one was written.
   */
  publishToWrite: DurationHistogram
}

/**
 * Of the channels of one name, of which each scope may have one. Its counters start when the first of them is opened, and go
 * when the last of them is closed.
 */
export interface ChannelMetrics extends ChannelTotals {
  channel: string
}

/**
 * `app.sse.metrics()`: of the whole server, whichever scopes the plugin is registered in. Counters start with the server and
 * never go back. Those of one channel do so as long as it is open.
 */
export interface Metrics {
  /** Every route that declares a stream, and every other that has had one. */
  routes: RouteMetrics[]
  /** Every channel that is open. */
  channels: ChannelMetrics[]
  /** All channels together, with the counters of those that were closed. */
  allChannels: ChannelTotals
  /** Streams that `maxStreams`, `maxStreamsPerKey` or a drain have refused. */
  refused: number
  /** Pages of history that are being read for subscribers. */
  runningReplays: number
  /** Subscribers that wait for their turn to read one. */
  waitingReplays: number
  /** Sources that have not ended though their stream has: a generator that does not heed its signal, for one. */
  unfinishedSources: number
}

/** What is published on the diagnostics channel `fastify-typed-sse:stream:first-event` when a stream has its first event; never before its response has begun. */
export interface StreamFirstEventMessage {
  request: FastifyRequest
  /** As in the close record. */
  route: string
  /** As in `timeToFirstEvent`. */
  seconds: number
}

/** What is published on the diagnostics channel `fastify-typed-sse:channel:written` for each event that was timed, as told of `publishToWrite`. */
export interface ChannelWrittenMessage {
  /** By which the channel was opened. */
  app: FastifyInstance
  channel: string
  seconds: number
}

/** What is published on the diagnostics channel `fastify-typed-sse:channel:publish` before an event is stored, in the async context of `publish()`. */
export interface ChannelPublishMessage {
  /** By which the channel was opened. */
  app: FastifyInstance
  channel: string
  /** May be set, to the value of a header `traceparent`: whose doing it is. Stored with the event. */
  trace: string | undefined
}

/** What is published on the diagnostics channel `fastify-typed-sse:channel:deliver` when the events of a tick were written, as told of `publishToWrite`, where any of them has a `trace`. */
export interface ChannelDeliverMessage {
  /** By which the channel was opened. */
  app: FastifyInstance
  channel: string
  /** Those of the events, in their order. */
  traces: string[]
}
