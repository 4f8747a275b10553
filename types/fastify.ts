import type {
  ContextConfigDefault, FastifyBaseLogger, FastifySchema, FastifyTypeProvider, FastifyTypeProviderDefault,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression, RawServerBase, RawServerDefault, RouteGenericInterface
} from 'fastify'
import type { FastifyReplyType, ResolveFastifyReplyType } from 'fastify/types/type-provider.js'
import type { ServerEvents } from './channel.js'
import type { AnyStreamEvent } from './event.js'
import type { StreamOptions } from './options.js'
import type { EventSink } from './sink.js'

/** The events of a route, from the type of its replies: those of the declared stream, else any event. */
export type ReplyEvent<ReplyType> = [DeclaredIterable<ReplyType>] extends [never]
  ? AnyStreamEvent
  : DeclaredIterable<ReplyType> extends AsyncIterable<infer Event> ? Event : never

// Extract, not a plain conditional: a route that also declares a 404 has a union here, and only one part is the stream.
// A `Reply` that is given as a type argument may have the parts by status code.
type DeclaredIterable<ReplyType> = Extract<ReplyType | ReplyType[keyof ReplyType], AsyncIterable<unknown>>

declare module 'fastify' {
  interface FastifyReply<
    RouteGeneric extends RouteGenericInterface = RouteGenericInterface,
    RawServer extends RawServerBase = RawServerDefault,
    RawRequest extends RawRequestDefaultExpression<RawServer> = RawRequestDefaultExpression<RawServer>,
    RawReply extends RawReplyDefaultExpression<RawServer> = RawReplyDefaultExpression<RawServer>,
    ContextConfig = ContextConfigDefault,
    SchemaCompiler extends FastifySchema = FastifySchema,
    TypeProvider extends FastifyTypeProvider = FastifyTypeProviderDefault,
    ReplyType extends FastifyReplyType = ResolveFastifyReplyType<TypeProvider, SchemaCompiler, RouteGeneric>
  > {
    /** The event stream of this reply, typed by the route's declaration. */
    readonly sse: EventSink<ReplyEvent<ReplyType>>
  }

  interface FastifyInstance {
    /** Channels: events that are published once and reach every subscriber. There once the plugin has loaded. */
    readonly sse: ServerEvents
  }

  interface FastifyRequest {
    /** Whether the client would rather have `text/event-stream` than the route's other content types. */
    readonly prefersEventStream: boolean
  }

  interface RouteShorthandOptions<
    RawServer extends RawServerBase = RawServerDefault,
    RawRequest extends RawRequestDefaultExpression<RawServer> = RawRequestDefaultExpression<RawServer>,
    RawReply extends RawReplyDefaultExpression<RawServer> = RawReplyDefaultExpression<RawServer>,
    RouteGeneric extends RouteGenericInterface = RouteGenericInterface,
    ContextConfig = ContextConfigDefault,
    SchemaCompiler extends FastifySchema = FastifySchema,
    TypeProvider extends FastifyTypeProvider = FastifyTypeProviderDefault,
    Logger extends FastifyBaseLogger = FastifyBaseLogger
  > {
    /** Options of this route's event stream; they override the plugin's. */
    sse?: StreamOptions<ReplyEvent<ResolveFastifyReplyType<TypeProvider, NoInfer<SchemaCompiler>, RouteGeneric>>>
  }

  interface FastifyContextConfig {
    /** Options of this route's event stream, for routes that are declared before the plugin is loaded. */
    sse?: StreamOptions
  }
}
