import type { FastifyRequest } from 'fastify'
import type { Retention } from './broker.js'
import type { DeliveredEvents, EventConstructors, EventSchemas, EventStream, NamedEvents, StreamGapEvent, StreamPositionEvent } from './event.js'
import type { CloseReason } from './sink.js'
import type { Metrics } from './telemetry.js'

/** How much of a channel's past is kept for those who come back: the newest events, up to whichever limit is met first. */
export interface HistoryOptions {
  /** Events. Default: 1 000. 0 keeps none; `Infinity` leaves it to the other limits. */
  maxEvents?: number
  /** Bytes of the events' payloads. Default: 8 MiB. `Infinity` leaves it to the other limits. */
  maxBytes?: number
  /** Milliseconds. Default: `Infinity`. */
  maxAgeMs?: number
}

/** Options of `app.sse.channel(name, stream, options)`. */
export type ChannelOptions<Schemas extends EventSchemas = EventSchemas, Identity = unknown> =
  | HistoryChannelOptions<Schemas, Identity>
  | LatestChannelOptions<Schemas, Identity>

/** What every channel may have. */
export interface CommonChannelOptions<Identity = unknown> {
  /** Who a request is, for those who listen to `subscribe` and `unsubscribe`. Default: nobody. */
  identity?: (request: FastifyRequest) => Identity
  /** How long an idempotency key is remembered, in milliseconds. Default: 120 000; 0 remembers none. In memory, the newest 100 000 keys are. */
  idempotencyWindowMs?: number
  /** Makes ids that nobody can forge, and that are good only for those that they were given to. Default: ids say a place, and everybody could make one. */
  signIds?: SignIdsOptions
}

/**
 * Binds the ids of a channel to a scope, by HMAC-SHA-256 cut to 128 bits. An id that was not given in the scope of who
 * comes with it is told as a gap, and resumes nothing.
 */
export interface SignIdsOptions {
  /** At least 32 random bytes. Of several, the first signs and all verify, so that one can be replaced without a gap. */
  secret: string | Uint8Array | ReadonlyArray<string | Uint8Array>
  /**
   * For whom ids are good: a user, a tenant; a non-empty string. Subscribers of one scope share the bytes that they are
   * sent, so choose the widest that is right. Default: all who subscribe to the channel.
   */
  scope?: (request: FastifyRequest) => string
}

/** A channel that keeps its newest events. */
export interface HistoryChannelOptions<Schemas extends EventSchemas = EventSchemas, Identity = unknown> extends CommonChannelOptions<Identity> {
  history?: HistoryOptions
  retain?: 'history'
  /**
   * Where a subscriber has missed events that are gone, what replaces them: the state that they led to. Without one it is
   * told by a `stream-gap`. Called once for all who need it at the same time and for the same topics, in the async context
   * in which the channel was opened.
   */
  snapshot?: (context: SnapshotContext) => Snapshot<NamedEvents<Schemas>> | Promise<Snapshot<NamedEvents<Schemas>>>
  /** How long a snapshot may take, in milliseconds, before a gap is told in its place. Default: 10 000. */
  snapshotTimeoutMs?: number
  key?: undefined
  maxKeys?: undefined
}

/** A channel that keeps the newest event of every key, and spares slow subscribers the others. */
export interface LatestChannelOptions<Schemas extends EventSchemas = EventSchemas, Identity = unknown> extends CommonChannelOptions<Identity> {
  retain: 'latest'
  /** What an event is the newest value of: a non-empty string. */
  key: (event: NamedEvents<Schemas>) => string
  /** Keys that are kept; beyond it the one that was not updated for longest is dropped, deleted ones first. Default: 10 000. */
  maxKeys?: number
  history?: undefined
  snapshot?: undefined
  snapshotTimeoutMs?: undefined
}

/** What a snapshot is asked for. */
export interface SnapshotContext {
  /** The topics of those who need it; undefined where they take all. */
  readonly topics: readonly Topic[] | undefined
  /** The channel's position when it was asked: events after it will follow. */
  readonly position: string
  /** Aborts after `snapshotTimeoutMs`. */
  readonly signal: AbortSignal
}

/**
 * The events that make up a state. Those after the position at which the snapshot was asked for follow. A snapshot that
 * is read synchronously from what the same process publishes fits it exactly; one that knows what it includes says so
 * by its own `position`, an id that `publish()` gave.
 */
export type Snapshot<Event> = Iterable<Event> | { events: Iterable<Event>, position: string }

/** Only {@link topicPrefix} makes one. */
declare const madeByTopicPrefix: unique symbol

/** All topics that begin with a prefix. */
export interface TopicPrefix {
  readonly [madeByTopicPrefix]: true
  readonly prefix: string
}

/** An exact name, or what `topicPrefix()` made. Nothing else is a pattern, so that nothing from a request can be one. */
export type Topic = string | TopicPrefix

/** Options of `channel.publish(event, options)`. */
export interface PublishOptions {
  /** Who gets the event: those who subscribed to this topic, or to no topic in particular. Default: only the latter. */
  topic?: string
  /** Instead of what the channel's `key` says. Only on channels that retain the latest. */
  key?: string
  /** Deletes the key: who is there gets the event like any other, who comes later gets nothing of the key. Only on channels that retain the latest. */
  tombstone?: boolean
  /** Publishing again with the same key within the channel's `idempotencyWindowMs` does nothing, and gives the same id. */
  idempotencyKey?: string
}

/** Options of `channel.subscribe(subscriber, options)`. */
export interface SubscribeOptions<Event> {
  /** Any of these. Default: every event of the channel, with or without a topic. */
  topics?: readonly Topic[]
  /** Whether this subscriber gets the event. Also asked on replay and for snapshots. Runs in the async context of `subscribe()`. One that throws fails the subscription. */
  filter?: (event: Event) => boolean
  /**
   * Where to begin without a last event ID: `live` is now, `start` the earliest event that is retained, `snapshot` the
   * channel's snapshot; or a position, such as `await channel.position()` gave. Default: `live`; channels that retain the
   * latest begin with the newest event of every key, unless this says `live`.
   */
  from?: 'live' | 'start' | 'snapshot' | { readonly position: string }
  /** Ends the stream at this time, a `Date` or milliseconds since the epoch, so that the client comes back with new credentials. Default: never. */
  expiresAt?: Date | number
}

/** Who subscribes, where there is no request: a job, a queue, another protocol. */
export interface SubscriberOptions<Identity = unknown> {
  /** The id of the last event it got. */
  lastEventId?: string | undefined
  /** Ends the subscription. */
  signal?: AbortSignal | undefined
  /** Who it is, for those who listen to `subscribe` and `unsubscribe`. */
  identity?: Identity | undefined
  /** Whose ids it gets and comes with, on a channel whose `signIds` has a `scope`. */
  scope?: string | undefined
}

/** A request, of whatever route: its own types would not let it be a `FastifyRequest`. */
export type AnyRequest = Pick<FastifyRequest, 'id' | 'method' | 'prefersEventStream'>

/** An event as a subscriber gets it. It is shared by all subscribers, and frozen. */
export type Delivered<Event> = Event & { readonly id?: string }

/** Whatever a subscription may give: the channel's events, and what the plugin says about their sequence. */
export type SubscriptionEvent<Schemas extends EventSchemas> = Delivered<DeliveredEvents<Schemas>> | StreamGapEvent | StreamPositionEvent

/**
 * Events of a channel, for one subscriber: return it from a handler, `yield *` it, or iterate it. It begins where the
 * channel stood when `subscribe()` was called (with a broker for many instances: when that was asked, a moment later),
 * holds nothing until it is iterated, and can be iterated once.
 */
export interface Subscription<Event = unknown> extends AsyncIterable<Event> {
  /** Ends it. Idempotent. */
  close: () => void
}

/** Who has come or gone. */
export interface Presence<Identity = unknown> {
  readonly channel: string
  /** Undefined where it takes all. */
  readonly topics: readonly Topic[] | undefined
  readonly identity: Identity | undefined
}

/** Who has gone, and why. */
export interface Departure<Identity = unknown> extends Presence<Identity> {
  readonly reason: CloseReason
}

/** How many name a topic. */
export interface TopicCount {
  readonly topic: Topic
  /** Subscribers of this instance. */
  readonly subscribers: number
}

/** The listeners of a channel. */
export interface ChannelEvents<Identity> {
  subscribe: (presence: Presence<Identity>) => void
  unsubscribe: (departure: Departure<Identity>) => void
}

/**
 * Events that are published once and reach every subscriber, on every instance that shares the broker.
 *
 * @example
 * const trades = app.sse.channel('trades', prices, { history: { maxEvents: 10_000 } })
 * app.get('/trades', { schema: { response: { 200: prices } } }, request => trades.subscribe(request))
 * await trades.publish(price({ symbol: 'ACME', value: 1 }))
 */
export interface Channel<Schemas extends EventSchemas = EventSchemas, Final extends string = string, Identity = unknown> {
  readonly name: string
  readonly stream: EventStream<Schemas, Final>
  /** What it keeps for those who come later, with the defaults of what was not given. */
  readonly retention: Retention
  /** The constructors of the stream's events. */
  readonly event: EventConstructors<Schemas>
  /**
   * Checks, encodes and stores an event, once for all subscribers.
   *
   * @returns The event's id; a plain one, also where clients get signed ones.
   * @throws FST_ERR_SSE_INVALID_EVENT (and its kin), FST_ERR_SSE_PUBLISH_INVALID, FST_ERR_SSE_CHANNEL_CLOSED; then nobody got it.
   */
  publish: (event: NamedEvents<Schemas>, options?: PublishOptions) => Promise<string>
  /**
   * Begins where the subscriber's last event ID says, else where `from` does.
   *
   * @throws FST_ERR_SSE_SUBSCRIBE_INVALID, FST_ERR_SSE_CHANNEL_CLOSED
   */
  subscribe: (
    subscriber: AnyRequest | SubscriberOptions<Identity>,
    options?: SubscribeOptions<Delivered<DeliveredEvents<Schemas>>>
  ) => Subscription<SubscriptionEvent<Schemas>>
  /**
   * The id of the newest event: who begins there misses nothing that is published from now on. For pages that are rendered
   * with what has happened so far.
   *
   * @param subscriber Who is to begin there: needed where `signIds` has a `scope`, and of no account elsewhere.
   * @throws FST_ERR_SSE_SUBSCRIBE_INVALID
   */
  position: (subscriber?: AnyRequest | SubscriberOptions<Identity>) => Promise<string>
  /** Subscribers of this instance; with a topic, those who get its events. */
  subscriberCount: (topic?: string) => number
  /** The topics and prefixes that subscribers of this instance have named, and how many have; those who take all have named none. */
  topics: () => TopicCount[]
  on: <Name extends keyof ChannelEvents<Identity>>(name: Name, listener: ChannelEvents<Identity>[Name]) => this
  off: <Name extends keyof ChannelEvents<Identity>>(name: Name, listener: ChannelEvents<Identity>[Name]) => this
  /** Ends all subscriptions of this instance and frees the name. Idempotent. */
  close: () => Promise<void>
}

/** A stream that is open, as the server sees it. What it has counted is read when it is asked for, and stays when the stream has ended. */
export interface ServerStream {
  /** Its own, on all instances and through restarts. Nothing that a client sees or can choose. */
  readonly id: string
  /** Method and path pattern, such as `GET /prices/:symbol`. */
  readonly route: string
  readonly request: FastifyRequest
  /** When its source was started. */
  readonly openedAt: Date
  /** Events written, without comments. */
  readonly events: number
  /** Bytes of the body, before any compression. */
  readonly bytes: number
  /** Bytes that wait for the client: in this process and in its socket's queue. */
  readonly queuedBytes: number
  /** The id that the client came back with. */
  readonly resumedFrom: string | undefined
  /** How often the client was told that it has missed events which are gone. */
  readonly gaps: number
  /**
   * Ends it after what was written, as at the `expiresAt` of a subscription: its signal aborts, the reason is `expired`, and
   * the client comes back within a second. Whether it then gets in is for the route's hooks to say. An answer to another method
   * than GET, which can't be gone on with, is broken off. Idempotent.
   */
  close: () => void
}

/** Options of `app.sse.drain()`. */
export interface DrainOptions {
  /** How many milliseconds it takes: over which the open streams end. Default: 30 000. */
  overMs?: number
}

/** `app.sse` */
export interface ServerEvents {
  /** Whether {@link ServerEvents.drain} was called: what a readiness probe should say no to. */
  readonly isDraining: boolean
  /**
   * Sends the clients of this instance elsewhere before it closes, a few at a time. From now on new streams are told to come
   * back, in a way that browsers survive, and those that are open end one after the other, spread over `overMs`; each is
   * told another time to come back, between `retryMs` and `retryMs` + `closeSpreadMs`. Answers to other methods than GET, which
   * can't be gone on with, have until then to complete, and are broken off. All else is served. Of all scopes of the server.
   * Called again, it waits for the same.
   *
   * @returns A promise that resolves after `overMs`, also where no stream is open: probes have to see `isDraining`. Then close
   * the app, which sees to those that do not read.
   * @throws FST_ERR_SSE_OPTION_INVALID
   * @example
   * await app.sse.drain({ overMs: 60_000 })
   * await app.close()
   */
  drain: (options?: DrainOptions) => Promise<void>
  /**
   * Opens a channel. Its schemas are compiled with the first event, or when the server is ready.
   *
   * @throws FST_ERR_SSE_OPTION_INVALID, FST_ERR_SSE_CHANNEL_EXISTS
   */
  channel: <Schemas extends EventSchemas, Final extends string, Identity = unknown>(
    name: string, stream: EventStream<Schemas, Final>, options?: ChannelOptions<Schemas, Identity>
  ) => Channel<Schemas, Final, Identity>
  /**
   * Several subscriptions on one connection, of which a page has six on HTTP/1.1: to different channels, of one subscriber. One id resumes all of them.
   *
   * @throws FST_ERR_SSE_SUBSCRIBE_INVALID
   */
  merge: <Subscriptions extends ReadonlyArray<Subscription<unknown>>>(...subscriptions: Subscriptions) => Subscription<EventIn<Subscriptions[number]>>
  /**
   * What has come of all streams and channels of this server, and what there is of them, in plain numbers. It looks at every
   * stream that is open, and asks the brokers of channels that have subscribers where their logs end, for the `lag` of the next call.
   */
  metrics: () => Metrics
  /**
   * The streams that are open on this instance, of all scopes of the server; also those whose response has yet to begin, but not
   * those whose handler is still busy.
   *
   * @example
   * for (const stream of app.sse.streams()) {
   *   if (stream.request.user.id === id) stream.close()
   * }
   */
  streams: () => ServerStream[]
  /** The channels that are open on this instance, of all scopes of the server. */
  channels: () => Channel[]
  /** The positions of several channels as one id, for a page that opens a stream that merges them. */
  position: ((...channels: ReadonlyArray<Pick<Channel, 'position'>>) => Promise<string>) &
    /** Of channels that sign their ids, for a subscriber. */
    ((subscriber: AnyRequest | SubscriberOptions, ...channels: ReadonlyArray<Pick<Channel, 'position'>>) => Promise<string>)
}

/** What a subscription gives. */
type EventIn<Of> = Of extends Subscription<infer Event> ? Event : never
