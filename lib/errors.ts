import createError from '@fastify/error'

/**
 * Every error this plugin makes, in one list. `docs/errors.md` explains each, and a test keeps the two equal.
 * Wrong options and wrong declarations fail at registration; the rest reach the route's error handler, the `yield`
 * that caused them, or the promise of `reply.sse.send()`.
 */

// Registration
export const FST_ERR_SSE_ALREADY_REGISTERED = createError('FST_ERR_SSE_ALREADY_REGISTERED', 'fastify-typed-sse is already registered in this scope; register it once here, or in a child scope to override its options there', 500)
export const FST_ERR_SSE_TELEMETRY_REGISTERED = createError<[plugin: string]>('FST_ERR_SSE_TELEMETRY_REGISTERED', '%s is already registered on this server; register it once, since it tells of all scopes', 500)
export const FST_ERR_SSE_OPTION_INVALID = createError<[option: string, expected: string, received: string]>('FST_ERR_SSE_OPTION_INVALID', "%s should be %s, instead got '%s'", 500, TypeError)
export const FST_ERR_SSE_STREAM_INVALID = createError<[problem: string]>('FST_ERR_SSE_STREAM_INVALID', 'eventStream(): %s', 500, TypeError)
export const FST_ERR_SSE_ROUTE_INVALID = createError<[route: string, problem: string]>('FST_ERR_SSE_ROUTE_INVALID', '%s: %s', 500, TypeError)
export const FST_ERR_SSE_SCHEMA_BUILD = createError<[route: string, event: string, problem: string]>('FST_ERR_SSE_SCHEMA_BUILD', "%s: the schema of event '%s' can't be compiled: %s", 500)
export const FST_ERR_SSE_SCHEMA_SHARED = createError<[id: string]>('FST_ERR_SSE_SCHEMA_SHARED', "an event stream was given to addSchema() as '%s'; share the schemas of its events instead, and declare the stream in the route's response", 500, TypeError)
export const FST_ERR_SSE_INSPECTOR_UNAUTHORIZED = createError('FST_ERR_SSE_INSPECTOR_UNAUTHORIZED', 'with NODE_ENV=production the inspector is not registered without authorize, an onRequest hook that says who may see it; await app.register(inspector, { prefix, authorize })', 500)

// Requests
export const FST_ERR_SSE_INSPECTOR_REFUSED = createError<[reason: string]>('FST_ERR_SSE_INSPECTOR_REFUSED', 'the inspector refuses this request: %s', 403)
export const FST_ERR_SSE_STREAMS_EXCEEDED = createError<[retryAfterSeconds: number]>('FST_ERR_SSE_STREAMS_EXCEEDED', 'too many event streams are open here; try again in %d seconds', 503)
export const FST_ERR_SSE_DRAINING = createError<[retryAfterSeconds: number]>('FST_ERR_SSE_DRAINING', 'this server is about to close; try again in %d seconds', 503)
export const FST_ERR_SSE_KEY_STREAMS_EXCEEDED = createError<[retryAfterSeconds: number]>('FST_ERR_SSE_KEY_STREAMS_EXCEEDED', 'you have too many event streams open; close one, or try again in %d seconds', 429)
export const FST_ERR_SSE_STREAM_KEY_INVALID = createError<[problem: string]>('FST_ERR_SSE_STREAM_KEY_INVALID', '%s', 500, TypeError)
export const FST_ERR_SSE_NOT_ACCEPTABLE = createError<[accept: string]>('FST_ERR_SSE_NOT_ACCEPTABLE', "this resource is an event stream, but the Accept header '%s' refuses text/event-stream", 406)
export const FST_ERR_SSE_NOT_ITERABLE = createError<[route: string, received: string]>('FST_ERR_SSE_NOT_ITERABLE', "%s should answer with an async iterable of its declared events (an async generator, reply.sse, a stream of objects), instead got '%s'", 500, TypeError)
export const FST_ERR_SSE_STATUS_UNDECLARED = createError<[route: string, statusCode: number]>('FST_ERR_SSE_STATUS_UNDECLARED', '%s answers with events and status %d, but its schema declares no event stream for that status', 500)

// Events
export const FST_ERR_SSE_INVALID_EVENT = createError<[problem: string]>('FST_ERR_SSE_INVALID_EVENT', '%s', 500, TypeError)
export const FST_ERR_SSE_UNKNOWN_EVENT = createError<[received: string, declared: string]>('FST_ERR_SSE_UNKNOWN_EVENT', "the event name should be one of %s, instead got '%s'", 500, TypeError)
export const FST_ERR_SSE_FIELD_INVALID = createError<[field: string, expected: string, received: string]>('FST_ERR_SSE_FIELD_INVALID', "the field '%s' of an event should be %s, instead got '%s'", 500, TypeError)

// Channels
export const FST_ERR_SSE_CHANNEL_CLOSED = createError<[channel: string]>('FST_ERR_SSE_CHANNEL_CLOSED', "the channel '%s' is closed; nothing can be published to it, and nobody can subscribe", 503)
export const FST_ERR_SSE_CHANNEL_EXISTS = createError<[channel: string]>('FST_ERR_SSE_CHANNEL_EXISTS', "the channel '%s' is open already; open it once, and share what channel() returned", 500)
export const FST_ERR_SSE_CHANNEL_INVALID = createError<[channel: string, problem: string]>('FST_ERR_SSE_CHANNEL_INVALID', "the channel '%s': %s", 500, TypeError)
export const FST_ERR_SSE_PUBLISH_INVALID = createError<[channel: string, problem: string]>('FST_ERR_SSE_PUBLISH_INVALID', "publish() of the channel '%s': %s", 500, TypeError)
export const FST_ERR_SSE_SUBSCRIBE_INVALID = createError<[problem: string]>('FST_ERR_SSE_SUBSCRIBE_INVALID', 'subscribe(): %s', 500, TypeError)
export const FST_ERR_SSE_SUBSCRIPTION_STARTED = createError('FST_ERR_SSE_SUBSCRIPTION_STARTED', 'a subscription can be iterated, returned or merged once; subscribe again for another', 500)
export const FST_ERR_SSE_REPLAY_OVERLOADED = createError<[maxWaitingReplays: number]>('FST_ERR_SSE_REPLAY_OVERLOADED', 'more than %d subscribers wait to read the history of channels; this one should come back later', 503)
export const FST_ERR_SSE_SNAPSHOT_INVALID = createError<[channel: string, problem: string]>('FST_ERR_SSE_SNAPSHOT_INVALID', "the snapshot of the channel '%s' should %s", 500, TypeError)

// Brokers
export const FST_ERR_SSE_BROKER_FAILED = createError<[channel: string, problem: string]>('FST_ERR_SSE_BROKER_FAILED', "the broker refuses what the channel '%s' asks of it: %s", 500)
export const FST_ERR_SSE_BROKER_OVERLOADED = createError<[channel: string, maxPendingBytes: number]>('FST_ERR_SSE_BROKER_OVERLOADED', "the channel '%s' has more than %d bytes of events that wait to be stored; this one is not among them, publish it again when the broker has caught up", 503)
export const FST_ERR_SSE_BROKER_UNAVAILABLE = createError<[channel: string, timeoutMs: number]>('FST_ERR_SSE_BROKER_UNAVAILABLE', "the broker of the channel '%s' did not answer for %d ms; nothing was stored, try again when it is back", 503)
export const FST_ERR_SSE_PUBLISH_UNCERTAIN = createError<[channel: string, timeoutMs: number]>('FST_ERR_SSE_PUBLISH_UNCERTAIN', "the broker did not confirm an event of the channel '%s' within %d ms, so it may be stored or not; publish it again with the same idempotencyKey", 503)

// Life of a stream
export const FST_ERR_SSE_ITERATOR_INVALID = createError<[problem: string]>('FST_ERR_SSE_ITERATOR_INVALID', 'the source of the event stream does not keep the async iterator protocol: %s', 500, TypeError)
export const FST_ERR_SSE_SOURCE_FAILED = createError<[thrown: string]>('FST_ERR_SSE_SOURCE_FAILED', "the source of the event stream threw '%s', which is not an error", 500)
export const FST_ERR_SSE_FINAL_MISSING = createError<[route: string, final: string]>('FST_ERR_SSE_FINAL_MISSING', '%s ended without one of its final events (%s); the stream is cut, so that the client does not take it for complete', 500)
export const FST_ERR_SSE_ALREADY_STARTED = createError<[route: string]>('FST_ERR_SSE_ALREADY_STARTED', '%s answers with a second source, but its event stream has started already; return one source, or send all of them through reply.sse', 500)
export const FST_ERR_SSE_ALREADY_ANSWERED = createError<[route: string]>('FST_ERR_SSE_ALREADY_ANSWERED', '%s was answered with something else than its event stream; return reply.sse from the handler, so that it carries the stream', 500)
export const FST_ERR_SSE_SINK_BUSY = createError('FST_ERR_SSE_SINK_BUSY', 'reply.sse can\'t send while an iterable carries this stream; yield the event instead', 500)
export const FST_ERR_SSE_SINK_ENDED = createError('FST_ERR_SSE_SINK_ENDED', 'reply.sse has ended; nothing can be sent after end() or a final event', 500)
export const FST_ERR_SSE_STREAM_CLOSED = createError<[reason: string]>('FST_ERR_SSE_STREAM_CLOSED', 'the event stream was closed: %s', 499)
