import { Kind } from '@sinclair/typebox'
import type {
  EventConstructors, EventFields, EventSchemas, EventSource, EventStream, EventStreamOptions, RawEvent, StreamEvent
} from '../../types/event.js'
import { FST_ERR_SSE_STREAM_INVALID } from '../errors.js'
import { describe } from '../describe.js'
import { schemaFault } from './kind.js'

// Symbol.for, so that the ESM and the CommonJS copy of this package recognize each other's streams.
const kStream = Symbol.for('fastify-typed-sse.stream')
const kCarried = Symbol.for('fastify-typed-sse.carried-stream')
const kRaw = Symbol.for('fastify-typed-sse.raw')

/** Marks the schema of a stream, for documents and for whoever finds a copy of it where it does not belong. */
export const STREAM_KEYWORD = 'x-event-stream'

/** Names that start with this are the plugin's own. */
export const RESERVED_PREFIX = 'stream-'

/**
 * Declares a stream: its named events with the schemas of their payloads.
 *
 * The result is a schema for a route's response, and has one constructor per event. Towards Fastify it is opaque: the
 * schemas of the events are compiled by this plugin, when the route is registered.
 *
 * @throws FST_ERR_SSE_STREAM_INVALID for a name that can't be an event's name, a payload that is no schema, or a final
 * event that isn't declared.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @example
 * const job = eventStream({
 *   progress: Type.Object({ percent: Type.Number() }),
 *   done: Type.Null()
 * }, { final: ['done'] })
 * const { progress, done } = job.event
 */
export function eventStream<const Schemas extends EventSchemas, const Final extends keyof Schemas & string = never> (
  schemas: Schemas, options: EventStreamOptions<Final> = {}
): EventStream<Schemas, Final> {
  checkSchemas(schemas)
  checkOptions(schemas, options)
  const { final = [], description } = options

  const stream = {
    [Kind]: 'Unsafe',
    ...(description !== undefined && { description }),
    [STREAM_KEYWORD]: true
  } as unknown as EventStream<Schemas, Final>

  // Not enumerable: Fastify's own serializer build, addSchema and swagger must not see the events (ids that appear
  // twice, Recursive and Module schemas make them fail).
  const hidden = (value: unknown): PropertyDescriptor => ({ value, enumerable: false })
  return Object.defineProperties(stream, {
    [kStream]: hidden(true),
    schemas: hidden(Object.freeze({ ...schemas })),
    event: hidden(Object.freeze(eventConstructors(schemas))),
    final: hidden(Object.freeze([...final])),
    from: hidden((source: EventSource<Schemas>) => carry(stream, source))
  })
}

/**
 * A frame whose data is exactly this text, also on a typed route: protocols built on event streams end with such
 * sentinels. A line break in the text makes several `data:` lines, which clients join again.
 *
 * @example
 * yield raw('[DONE]')
 */
export function raw (text: string): RawEvent {
  if (typeof text !== 'string') throw FST_ERR_SSE_STREAM_INVALID(`raw() takes a string, instead got '${describe(text)}'`)
  return Object.defineProperty({ raw: text }, kRaw, { value: true, enumerable: false })
}

/** Whether this value was made by {@link eventStream}, in this copy of the package or another. */
export function isEventStream (value: unknown): value is EventStream {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[kStream] === true
}

/** Whether this event was made by {@link raw}. A payload from outside can't pretend to be one: JSON has no symbols. */
export function isRaw (event: object): event is RawEvent {
  return (event as Record<symbol, unknown>)[kRaw] === true
}

/** The stream that `stream.from()` attached to this source, if any. */
export function carriedStream (source: object): EventStream | undefined {
  return (source as Record<symbol, EventStream | undefined>)[kCarried]
}

/** Attaches a stream to a source of its events. */
export function carryStream (source: object, stream: object): void {
  Object.defineProperty(source, kCarried, { value: stream, enumerable: false })
}

function carry<Schemas extends EventSchemas> (
  stream: EventStream<Schemas>, events: EventSource<Schemas>
): AsyncIterable<StreamEvent<Schemas>> {
  const open = typeof events === 'function' ? events : () => events
  const source = { [Symbol.asyncIterator]: () => open()[Symbol.asyncIterator]() }
  carryStream(source, stream)
  return source
}

function eventConstructors<Schemas extends EventSchemas> (schemas: Schemas): EventConstructors<Schemas> {
  return Object.fromEntries(Object.keys(schemas).map(event => [
    event,
    (data: unknown = null, fields?: EventFields) => fields === undefined ? { event, data } : { ...fields, event, data }
  ])) as EventConstructors<Schemas>
}

function checkSchemas (schemas: EventSchemas): void {
  if (typeof schemas !== 'object' || schemas === null || Array.isArray(schemas)) {
    throw FST_ERR_SSE_STREAM_INVALID(`the events should be an object of schemas by event name, instead got '${describe(schemas)}'`)
  }
  const names = Object.keys(schemas)
  if (names.length === 0) throw FST_ERR_SSE_STREAM_INVALID('at least one event should be declared')
  for (const name of names) {
    if (name === '' || /[\r\n]/.test(name)) {
      throw FST_ERR_SSE_STREAM_INVALID(`an event name should be a non-empty string without line breaks, instead got ${JSON.stringify(name)}`)
    }
    if (name.startsWith(RESERVED_PREFIX)) {
      throw FST_ERR_SSE_STREAM_INVALID(`the event name '${name}' is reserved; names that start with '${RESERVED_PREFIX}' are the plugin's own`)
    }
    checkSchema(name, schemas[name])
  }
}

function checkSchema (name: string, schema: unknown): void {
  const fault = schemaFault(schema)
  if (fault !== undefined) {
    throw FST_ERR_SSE_STREAM_INVALID(`the event '${name}' should have a schema of TypeBox, or of a library with Standard Schema such as Zod, Valibot and ArkType, or a JSON Schema, ${fault}`)
  }
  if (isEventStream(schema)) throw FST_ERR_SSE_STREAM_INVALID(`the event '${name}' should have the schema of its payload, instead got an event stream`)
}

function checkOptions (schemas: EventSchemas, options: EventStreamOptions): void {
  if (typeof options !== 'object' || options === null) throw FST_ERR_SSE_STREAM_INVALID(`the options should be an object, instead got '${describe(options)}'`)
  const { final = [] } = options
  if (!Array.isArray(final)) throw FST_ERR_SSE_STREAM_INVALID(`final should be an array of event names, instead got '${describe(final)}'`)
  for (const name of final) {
    if (typeof name !== 'string' || !Object.hasOwn(schemas, name)) {
      throw FST_ERR_SSE_STREAM_INVALID(`final names '${describe(name)}', which is not one of its events (${Object.keys(schemas).join(', ')})`)
    }
  }
}
