import type { Kind, Static, StaticDecode, TNull, TSchema, TUnsafe } from '@sinclair/typebox'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { JsonOf } from './json.js'
import type { StaticDecodeOf1, StaticOf1, TSchema1 } from './typebox-1.js'

/**
 * The schema of a payload: of TypeBox (`@sinclair/typebox` 0.34 or `typebox` 1.x), or of a library with Standard Schema,
 * such as Zod, Valibot and ArkType.
 */
export type EventSchema = TSchema | TSchema1 | StandardSchemaV1

/** The schemas of a stream's events, by event name. */
export type EventSchemas = Record<string, EventSchema>

/** What every event may carry beside its data. */
export interface EventFields {
  /** Becomes the client's last event ID, which it sends back when it reconnects. No CR, LF or NUL. */
  id?: string | number | undefined
  /** Tells the client how long to wait before it reconnects, in whole milliseconds. */
  retry?: number | undefined
}

/** A line for humans and proxies; clients ignore it. Streams may carry comments among their events. */
export interface CommentEvent {
  comment: string
  /** A comment has no name. Said here, so that the compiler can tell by its name which event was meant. */
  event?: undefined
}

/** A frame whose data is written as it is, without a schema: `raw('[DONE]')`. Made by {@link raw}. */
export interface RawEvent {
  readonly raw: string
  readonly event?: undefined
}

/** The payload of an event as its producer gives it: a `Date` where a Transform decodes to one; the input of a Standard Schema. */
export type EventData<Schema extends EventSchema> = Schema extends TSchema
  ? Schema extends PlainSchema ? Static<Schema> : StaticDecode<Schema>
  : Schema extends StandardSchemaV1
    ? StandardSchemaV1.InferInput<Schema>
    : StaticDecodeOf1<Schema>

/**
 * Schemas in which there is surely no Transform, so that what is decoded is what is sent. To look costs the compiler less
 * than to build another schema, which `StaticDecode` does: a fifth of all instantiations in bench/types.js.
 */
type PlainSchema =
  | { [Kind]: 'Boolean' | 'Integer' | 'Literal' | 'Null' | 'Number' | 'String' }
  | { [Kind]: 'Array', items: PlainSchema }
  | { [Kind]: 'Object', properties: Record<string, PlainSchema> }
  | { [Kind]: 'Union', anyOf: PlainSchema[] }

/** The schemas of events without payload. */
type EmptySchema<Schema> = Schema extends TNull | { '~kind': 'Null' }
  ? Schema
  : Schema extends StandardSchemaV1<infer Input>
    // Not `any`, of which null is one, nor `never`.
    ? [null] extends [Input] ? [Input] extends [null] ? 0 extends 1 & Input ? never : Schema : never : never
    : never

/** One named event of a stream. Events without payload (`Type.Null()`) may leave `data` out. */
export type NamedEvent<Name extends string, Schema extends EventSchema> = Schema extends EmptySchema<Schema>
  ? EventFields & { event: Name, data?: null | undefined }
  : EventFields & { event: Name, data: EventData<Schema> }

/** The union of a stream's named events. */
export type NamedEvents<Schemas extends EventSchemas> = {
  [Name in keyof Schemas & string]: NamedEvent<Name, Schemas[Name]>
}[keyof Schemas & string]

/** Only a subscription makes its own events. */
declare const madeBySubscription: unique symbol

/**
 * What a channel's subscriber is told where it has missed events that are gone: `requested` is the id it came with,
 * and who comes back with `earliest` gets all that is still retained. Live events follow. Only a subscription makes it.
 */
export interface StreamGapEvent {
  readonly [madeBySubscription]: true
  readonly event: 'stream-gap'
  readonly data: { readonly requested: string, readonly earliest: string }
  readonly id: string
}

/** Moves a subscriber's last event ID on where there is no event to carry it. Only a subscription makes it. */
export interface StreamPositionEvent {
  readonly [madeBySubscription]: true
  readonly event: 'stream-position'
  readonly data: null
  readonly id: string
}

/**
 * A payload as a subscriber gets it, who reads what is stored. Transforms of TypeBox are decoded again; what a Standard
 * Schema has made of a payload stays so, since none can be asked for the way back.
 */
export type DeliveredData<Schema extends EventSchema> = Schema extends StandardSchemaV1 ? WireData<Schema> : EventData<Schema>

/** An event as a subscriber gets it. Where its payload is not one that could be published, only a subscription makes it. */
export type DeliveredEvent<Name extends string, Schema extends EventSchema> = [StoredEvent<Name, Schema>] extends [never]
  ? NamedEvent<Name, Schema>
  : StoredEvent<Name, Schema> & { readonly data: DeliveredData<Schema>, readonly retry?: number | undefined }

/**
 * A delivered event whose payload could not be published. Without that payload: the compiler explains a mistake by the
 * member of a union that has most in common with it, which should be the one that can be yielded.
 */
type StoredEvent<Name extends string, Schema extends EventSchema> = [DeliveredData<Schema>] extends [EventData<Schema>]
  ? never
  : { readonly [madeBySubscription]: true, readonly event: Name }

type StoredEvents<Schemas extends EventSchemas> = {
  [Name in keyof Schemas & string]: StoredEvent<Name, Schemas[Name]>
}[keyof Schemas & string]

/** The union of a stream's events as a subscriber gets them. */
export type DeliveredEvents<Schemas extends EventSchemas> = {
  [Name in keyof Schemas & string]: DeliveredEvent<Name, Schemas[Name]>
}[keyof Schemas & string]

/** Whatever a source of a declared stream may yield. */
export type StreamEvent<Schemas extends EventSchemas> =
  NamedEvents<Schemas> | StoredEvents<Schemas> | CommentEvent | RawEvent | StreamGapEvent | StreamPositionEvent

/** An event of an undeclared stream: strings are written as they are, anything else as JSON. */
export interface UndeclaredEvent extends EventFields {
  event?: string | undefined
  data: unknown
}

/** An event without payload, of a stream that declares it as `Type.Null()`; an undeclared stream refuses it at run time. */
export interface EmptyEvent extends EventFields {
  event: string
  data?: null | undefined
}

/** Whatever a source of an undeclared stream may yield. */
export type AnyStreamEvent = UndeclaredEvent | EmptyEvent | CommentEvent | RawEvent

/** Makes one event of a stream, typed by its schema: `price({ symbol: 'ACME', value: 1 }, { id: 7 })`. */
export type EventConstructor<Name extends string, Schema extends EventSchema> = Schema extends EmptySchema<Schema>
  ? (data?: null, fields?: EventFields) => NamedEvent<Name, Schema>
  : (data: EventData<Schema>, fields?: EventFields) => NamedEvent<Name, Schema>

/** One {@link EventConstructor} per event name. */
export type EventConstructors<Schemas extends EventSchemas> = {
  readonly [Name in keyof Schemas & string]: EventConstructor<Name, Schemas[Name]>
}

/** Options of `eventStream()`. */
export interface EventStreamOptions<Name extends string = string> {
  /**
   * Names of the events that complete the stream. Yielding one ends it for good: on a GET, the browser's EventSource
   * does not come back and start it again. A stream that declares `final` and ends without one has failed. Default: none.
   */
  final?: readonly Name[]
  /** What the stream is for; shown in the API's document. */
  description?: string
}

/**
 * A stream of named events: a TypeBox schema whose static type is the `AsyncIterable` of its events, so that
 * `response: { 200: stream }` types and validates a route's result.
 */
export interface EventStream<Schemas extends EventSchemas = EventSchemas, Final extends string = string>
  extends TUnsafe<AsyncIterable<StreamEvent<Schemas>>> {
  /** For the type provider of `typebox` 1.x. Only a type. */
  readonly '~unsafe': AsyncIterable<StreamEvent<Schemas>>
  /** One typed constructor per event. */
  readonly event: EventConstructors<Schemas>
  /** The schemas of the events, as they were declared. */
  readonly schemas: Schemas
  /** The names of the events that complete the stream. */
  readonly final: readonly Final[]
  /**
   * Types a source without a type provider, and carries this stream's declaration at run time: the route that answers
   * with it validates its events, whether it declares the stream or not.
   *
   * @example
   * app.get('/prices', () => prices.from(async function * () {
   *   yield { event: 'price', data: { symbol: 'ACME', value: 1 } }
   * }))
   */
  from: (source: EventSource<Schemas>) => AsyncIterable<StreamEvent<Schemas>>
}

/** An async iterable of a stream's events, or a function that returns one, such as an async generator function. */
export type EventSource<Schemas extends EventSchemas> =
  | AsyncIterable<StreamEvent<Schemas>>
  | (() => AsyncIterable<StreamEvent<Schemas>>)

/** The union of the events of a stream: `EventOf<typeof prices>`. */
export type EventOf<Stream> = Stream extends { readonly schemas: infer Schemas extends EventSchemas }
  ? NamedEvents<Schemas>
  : never

/** The payload of an event as the client receives it: a string where the server's Transform encodes to one; the output of a Standard Schema. */
export type WireData<Schema extends EventSchema> = Schema extends TSchema
  ? Static<Schema>
  : Schema extends StandardSchemaV1
    ? JsonOf<StandardSchemaV1.InferOutput<Schema>>
    : StaticOf1<Schema>
