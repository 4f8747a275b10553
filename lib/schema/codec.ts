import type { EventStream } from '../../types/event.js'
import { describe } from '../describe.js'
import { FST_ERR_SSE_FIELD_INVALID, FST_ERR_SSE_INVALID_EVENT, FST_ERR_SSE_UNKNOWN_EVENT } from '../errors.js'
import { withCause } from '../with-cause.js'
import { commentFrame, END_ID, eventLine, jsonFrame, received, textFrame } from '../wire/frame.js'
import type { PayloadCodec, PayloadCompiler } from './compile.js'
import { isRaw, RESERVED_PREFIX } from './event-stream.js'

/** Turns the events of a stream into frames, and refuses what is not an event of it. */
export interface EventCodec {
  /** Names of the events that complete the stream. */
  readonly final: ReadonlySet<unknown>
  /**
   * @param marksEnd Whether a final event gets the id that keeps a browser from coming back.
   * @throws FST_ERR_SSE_INVALID_EVENT, FST_ERR_SSE_UNKNOWN_EVENT, FST_ERR_SSE_FIELD_INVALID
   */
  readonly encode: (event: unknown, marksEnd: boolean) => string
}

interface FieldsOfEvent { event?: unknown, data?: unknown, id?: unknown, retry?: unknown, comment?: unknown }

interface CompiledEvent { line: string, payload: PayloadCodec, final: boolean }

/**
 * Compiles a declared stream, once: a check, a serializer and the first line of the frame for each of its events.
 *
 * @throws FST_ERR_SSE_SCHEMA_BUILD
 */
export function compileStream (stream: EventStream, compile: PayloadCompiler, route: string): EventCodec {
  const final = new Set<unknown>(stream.final)
  const events = new Map<unknown, CompiledEvent>(Object.entries(stream.schemas).map(([event, schema]) => [
    event, { line: eventLine(event), payload: compile(schema, { route, event }), final: final.has(event) }
  ]))
  const names = [...events.keys()].map(name => `'${String(name)}'`).join(', ')

  function encode (event: unknown, marksEnd: boolean): string {
    const fields = fieldsOf(event)
    const known = events.get(fields.event)
    if (known === undefined) {
      const frame = unnamedFrame(fields)
      if (frame !== undefined) return frame
      throw FST_ERR_SSE_UNKNOWN_EVENT(names, received(fields.event))
    }
    const { line, payload } = known
    const id = marksEnd && known.final ? END_ID : checkId(fields.id)
    return payload.text
      ? textFrame(line, payload.encode(fields.data), id, fields.retry)
      : jsonFrame(line, payload.encode(fields.data), id, fields.retry)
  }

  return { final, encode }
}

/** Events of a route that declares none: strings are written as they are, everything else as JSON. */
export const undeclaredCodec: EventCodec = {
  final: new Set(),
  encode (event) {
    const fields = fieldsOf(event)
    const { data, id, retry } = fields
    if (data === undefined) {
      const frame = unnamedFrame(fields)
      if (frame !== undefined) return frame
    }
    if (typeof fields.event === 'string' && fields.event.startsWith(RESERVED_PREFIX)) {
      throw FST_ERR_SSE_FIELD_INVALID('event', `a name that does not start with '${RESERVED_PREFIX}', which is reserved,`, received(fields.event))
    }
    const line = eventLine(fields.event as string | undefined)
    return typeof data === 'string'
      ? textFrame(line, data, checkId(id), retry)
      : jsonFrame(line, stringify(data), checkId(id), retry)
  }
}

function fieldsOf (event: unknown): FieldsOfEvent {
  if (typeof event !== 'object' || event === null) {
    throw FST_ERR_SSE_INVALID_EVENT(`an event should be an object with data, instead got '${describe(event)}'`)
  }
  return event
}

/** The frame of a raw event or a comment, which have no name. */
function unnamedFrame (event: FieldsOfEvent): string | undefined {
  if (isRaw(event)) return textFrame('', event.raw, undefined, undefined)
  return event.event === undefined && event.comment !== undefined ? commentFrame(event.comment as string) : undefined
}

function checkId (id: unknown): unknown {
  if (id === END_ID) throw FST_ERR_SSE_FIELD_INVALID('id', "another than the reserved 'stream-end'", END_ID)
  return id
}

function stringify (data: unknown): string {
  let json: string | undefined
  try {
    json = JSON.stringify(data)
  } catch (cause) {
    throw FST_ERR_SSE_INVALID_EVENT('data should be representable as JSON, but that fails', ...withCause(cause))
  }
  if (json === undefined) throw FST_ERR_SSE_INVALID_EVENT(`data should be a value that JSON has, instead got '${describe(data)}'`)
  return json
}
