import type { EventStream } from '../../types/event.js'
import type { Schema } from '../schema/json-schema.js'
import { isEventStream } from '../schema/event-stream.js'
import { EVENT_STREAM } from '../stream/headers.js'
import { ERROR_SCHEMA } from './error-schema.js'
import type { Surroundings } from './payload-document.js'
import { contentOf, JSON_TYPE, mapValues, type RouteSchema, streamsOf } from './route-schema.js'
import { withResumption } from './resumption.js'
import { documentEvents } from './stream-document.js'

/** What is known of a route beside its schema. */
export interface RouteFacts {
  readonly methods: readonly string[]
  readonly streamsOnly: boolean
  readonly canComplete: boolean
  /** Whether there may be too many streams: for all, or for one client. */
  readonly isLimited: boolean
  readonly isLimitedPerKey: boolean
  /** Whether a stream may come from a channel. */
  readonly resumes: (stream: EventStream) => boolean
}

const DESCRIPTION = 'A stream of events'
const NOT_ACCEPTABLE = `The client does not accept ${EVENT_STREAM}.`
const CLOSED = 'The channel behind this stream is closed.'
const TOO_MANY = 'Too many streams are open; `Retry-After` says when to come back.'
const TOO_MANY_PER_KEY = 'The client has too many streams open; `Retry-After` says when to come back.'
const COMPLETE = 'The client has seen the whole stream, as its `Last-Event-ID` says; there is nothing to reconnect for.'

/** A route's schema as swagger should see it: with its streams, and with what this plugin answers by itself. */
export function documentRoute (schema: RouteSchema, facts: RouteFacts, surroundings: Omit<Surroundings, 'definitions'>): RouteSchema {
  const { form } = surroundings
  const entries = Object.entries(schema.response)
  const streams = entries.flatMap(([, declared]) => streamsOf(declared))
  const documented = {
    ...streams.some(facts.resumes) ? withResumption(schema, surroundings.sharedSchemas) : schema,
    response: { ...mapValues(schema.response, documentResponse), ...ownResponses() }
  }
  // Swagger 2.0 has one schema for all media types of a response.
  const mediaTypes = new Set(entries.flatMap(([, declared]) => Object.keys(contentOf(declared))))
  return form === '2.0' ? { produces: [...mediaTypes], ...documented } : documented

  function documentResponse (declared: unknown, status: string): unknown {
    const [stream] = streamsOf(declared)
    if (stream === undefined) return declared
    if (form === '2.0') return { description: stream.description ?? DESCRIPTION, ...otherSchema(declared) ?? { type: 'string' } }
    // Where a stream stands for all statuses, it does not for errors.
    const errors = isEventStream(declared) && status === 'default' && { [JSON_TYPE]: { schema: ERROR_SCHEMA } }
    const others = isEventStream(declared) ? {} : declared as object
    return withDefinitions({ description: stream.description ?? DESCRIPTION, ...others }, definitions => mapValues(
      { ...contentOf(declared), ...errors },
      part => isEventStream(part.schema) ? { ...part, ...documentStream(part.schema, definitions) } : part
    ))
  }

  function documentStream (stream: EventStream, definitions: Map<string, Schema>): object {
    const event = documentEvents(stream, facts.resumes(stream), { ...surroundings, definitions })
    // Swagger drops the content unless there is a `schema`; that of a sequence is the schema of an array of its items.
    return form === '3.2' ? { schema: { type: 'array', items: event }, itemSchema: event } : { schema: event }
  }

  /** The answers of this plugin itself, where the user has not said anything of such a status. */
  function ownResponses (): object {
    const isGet = facts.methods.includes('GET')
    const unavailable = [...streams.some(facts.resumes) ? [CLOSED] : [], ...facts.isLimited ? [TOO_MANY] : []]
    const isSaid = (...statuses: string[]): boolean => entries
      .some(([status, declared]) => statuses.includes(status.toLowerCase()) && streamsOf(declared).length === 0)
    return {
      ...isGet && facts.canComplete && !isSaid('204') && { 204: { description: COMPLETE, type: 'null' } },
      ...isGet && facts.streamsOnly && !isSaid('406', '4xx', 'default') && { 406: errorResponse(NOT_ACCEPTABLE) },
      ...facts.isLimitedPerKey && !isSaid('429', '4xx', 'default') && { 429: errorResponse(TOO_MANY_PER_KEY) },
      ...unavailable.length > 0 && !isSaid('503', '5xx', 'default') && { 503: errorResponse(unavailable.join(' Or: ')) }
    }
  }

  function errorResponse (description: string): object {
    return form === '2.0' ? { description, ...ERROR_SCHEMA } : { description, content: { [JSON_TYPE]: { schema: ERROR_SCHEMA } } }
  }
}

/**
 * Swagger makes components of schemas with an $id where it looks for schemas; in `content` it does not. So they stand beside
 * it, where swagger finds them and writes nothing else of them.
 */
function withDefinitions (response: object, write: (definitions: Map<string, Schema>) => object): object {
  const definitions = new Map<string, Schema>()
  const content = write(definitions)
  return { ...response, content, ...definitions.size > 0 && { anyOf: [...definitions.values()] } }
}

function otherSchema (declared: unknown): object | undefined {
  return Object.values(contentOf(declared)).map(({ schema }) => schema).find(schema => !isEventStream(schema)) as object | undefined
}
