import fp from 'fastify-plugin'
import { plugin } from './plugin.js'

/**
 * Typed, validated Server-Sent Events: with it, any route may answer with an async iterable of events.
 *
 * @throws FST_ERR_SSE_OPTION_INVALID, FST_ERR_SSE_ALREADY_REGISTERED
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @example
 * app.register(sse, { heartbeatMs: 10_000 })
 * app.get('/clock', async function * () {
 *   for await (const _ of setInterval(1_000)) yield { data: new Date() }
 * })
 */
export const fastifySse = fp(plugin, { fastify: '5.x', name: 'fastify-typed-sse' })

export default fastifySse
export { memoryBroker } from './brokers/memory.js'
export { topicPrefix } from './channel/topic-prefix.js'
export * as errorCodes from './errors.js'
export { eventStream, raw } from './schema/event-stream.js'
export type * from '../types/broker.js'
export type * from '../types/channel.js'
export type * from '../types/event.js'
// `import type {}` would be dropped from the emitted types, and the augmentation of Fastify's with it.
export type { ReplyEvent } from '../types/fastify.js'
export type { CompressOptions, ContentEncoding, FastifySseOptions, LimitOptions, StreamOptions } from '../types/options.js'
export type { CloseReason, CloseRecord, EventSink, SendAllOptions, StreamCloseMessage, StreamOpenMessage } from '../types/sink.js'
export type * from '../types/telemetry.js'
