import type { EventStream } from '../../types/event.js'
import { isEventStream } from '../schema/event-stream.js'
import { EVENT_STREAM } from '../stream/headers.js'

/** What a document says of a route; the other parts of its schema are swagger's. */
export interface RouteSchema {
  readonly body?: unknown
  readonly headers?: unknown
  readonly params?: unknown
  readonly querystring?: unknown
  readonly produces?: unknown
  readonly response: Responses
}

/** By status. */
export type Responses = Readonly<Record<string, unknown>>

type MediaTypes = Readonly<Record<string, { readonly schema?: unknown }>>

export const JSON_TYPE = 'application/json'

/** The schemas of one response by media type; Fastify allows one without. */
export function contentOf (declared: unknown): MediaTypes {
  if (isEventStream(declared)) return { [EVENT_STREAM]: { schema: declared } }
  return (declared as { content?: MediaTypes } | null)?.content ?? { [JSON_TYPE]: { schema: declared } }
}

export function streamsOf (declared: unknown): EventStream[] {
  return Object.values(contentOf(declared)).map(({ schema }) => schema).filter(isEventStream)
}

/** The responses without the streams. */
export function withoutStreams (responses: Responses): Responses {
  const others = Object.entries(responses).map(([status, declared]) => {
    if (streamsOf(declared).length === 0) return [status, declared] as const
    const content = Object.entries(contentOf(declared)).filter(([, { schema }]) => !isEventStream(schema))
    return [status, content.length > 0 && { ...declared as object, content: Object.fromEntries(content) }] as const
  })
  return Object.fromEntries(others.filter(([, declared]) => declared !== false))
}

/** What was made of {@link withoutStreams}, with the streams again. */
export function withStreams (responses: Responses, made: Responses): Responses {
  const streams = Object.entries(responses).filter(([, declared]) => streamsOf(declared).length > 0).map(([status, declared]) => {
    if (isEventStream(declared)) return [status, declared]
    const content = Object.entries(contentOf(declared)).filter(([, { schema }]) => isEventStream(schema))
    const { [status]: others } = made as Record<string, { content?: object } | undefined>
    return [status, { ...others, content: { ...Object.fromEntries(content), ...others?.content } }]
  })
  return { ...made, ...Object.fromEntries(streams) as object }
}

/** Replaces every schema of the responses but for the streams. */
export function mapSchemas (responses: Responses, replace: (schema: unknown) => unknown): Responses {
  return mapValues(responses, declared => {
    const { content } = declared as { content?: MediaTypes }
    if (isEventStream(declared) || content === undefined) return replaceOther(declared)
    return { ...declared as object, content: mapValues(content, part => ({ ...part, schema: replaceOther(part.schema) })) }
  })

  function replaceOther (schema: unknown): unknown {
    return isEventStream(schema) ? schema : replace(schema)
  }
}

export function mapValues<Value> (values: Readonly<Record<string, Value>>, map: (value: Value, name: string) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]))
}
