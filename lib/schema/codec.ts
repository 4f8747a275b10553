import type { NewRecord } from '../../types/broker.js'
import type { EventStream } from '../../types/event.js'
import { describe } from '../describe.js'
import { FST_ERR_SSE_FIELD_INVALID, FST_ERR_SSE_INVALID_EVENT, FST_ERR_SSE_UNKNOWN_EVENT } from '../errors.js'
import { withCause } from '../with-cause.js'
import { END_ID } from '../wire/end-id.js'
import { commentFrame, eventLine, jsonFrame, received, textFrame } from '../wire/frame.js'
import { carriedFrame } from './carried-frame.js'
import type { PayloadCodec, PayloadCompiler } from './compile.js'
import { deepFreeze } from './deep-freeze.js'
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
  /** Whether an event of this name is declared by this very schema: a frame that was encoded by it need not be checked again. */
  readonly declares: (name: string, schema: unknown) => boolean
}

/** What is stored of an event: its payload as it is written. */
export interface EncodedEvent { event: string, data: string, retry: number | undefined }

type StoredParts = Pick<NewRecord, 'event' | 'data' | 'retry'>

/** An event that was stored, as it is read again. */
export interface DecodedEvent { event: string, data: unknown, retry?: number }

/** Encodes the events of a declared stream, also in parts for those who store them, and decodes them again. */
export interface StreamCodec extends EventCodec {
  /**
   * Checks and encodes the parts of a named event, for those who store it before they frame it. Comments and raw frames
   * are no such events. An id is left out: whoever stores the event gives it one.
   *
   * @throws FST_ERR_SSE_INVALID_EVENT, FST_ERR_SSE_UNKNOWN_EVENT, FST_ERR_SSE_FIELD_INVALID
   */
  readonly encodeParts: (event: unknown) => EncodedEvent
  /**
   * The frame of stored parts, without an id. They may be of an event that another version of the app declares: data is
   * split into lines wherever it has line breaks, so that it can never add a field.
   *
   * @throws FST_ERR_SSE_FIELD_INVALID for parts that {@link encodeParts} did not make and that can't be represented.
   * @example
   * frameOf({ event: 'price', data: '{"value":1}', retry: undefined }) // 'event: price\ndata: {"value":1}\n\n'
   */
  readonly frameOf: (parts: StoredParts) => string
  /**
   * The event that stored parts encode: JSON parsed, Transforms decoded. Its data may be given to many, and is frozen, as
   * deep as it is made of plain objects and arrays; the event itself is new, for who adds its id.
   *
   * @throws FST_ERR_SSE_INVALID_EVENT for what this version of the app does not declare, or not so.
   */
  readonly decode: (parts: StoredParts) => DecodedEvent
}

interface FieldsOfEvent { event?: unknown, data?: unknown, id?: unknown, retry?: unknown, comment?: unknown }

interface CompiledEvent { line: string, schema: unknown, payload: PayloadCodec, final: boolean }

/**
 * Compiles a declared stream, once: a check, a serializer, a decoder and the first line of the frame for each of its events.
 *
 * @throws FST_ERR_SSE_SCHEMA_BUILD
 */
export function compileStream (stream: EventStream, compile: PayloadCompiler, route: string): StreamCodec {
  const final = new Set<unknown>(stream.final)
  const events = new Map<unknown, CompiledEvent>(Object.entries(stream.schemas).map(([event, schema]) => [
    event, { line: eventLine(event), schema, payload: compile(schema, { route, event }), final: final.has(event) }
  ]))
  const names = [...events.keys()].map(name => `'${String(name)}'`).join(', ')

  function encode (event: unknown, marksEnd: boolean): string {
    const fields = fieldsOf(event)
    const known = events.get(fields.event)
    const carried = carriedFrame(fields)
    if (carried !== undefined && (carried.schema === undefined || carried.schema === known?.schema)) {
      return carried.frame(marksEnd && known?.final === true ? END_ID : fields.id as string | undefined)
    }
    if (known === undefined) {
      const frame = unnamedFrame(fields)
      if (frame !== undefined) return frame
      throw unknownEvent(fields.event)
    }
    const { line, payload } = known
    const id = marksEnd && known.final ? END_ID : checkId(fields.id)
    return payload.text
      ? textFrame(line, payload.encode(fields.data), id, fields.retry)
      : jsonFrame(line, payload.encode(fields.data), id, fields.retry)
  }

  function encodeParts (event: unknown): EncodedEvent {
    const { event: name, data, retry } = fieldsOf(event)
    const known = events.get(name)
    if (known === undefined) throw unknownEvent(name)
    const parts = { event: name as string, data: known.payload.encode(data), retry: retry as number | undefined }
    // Throws what should not be stored: a wrong retry, a text that can't be represented. JSON always can.
    if (known.payload.text || retry !== undefined) frameOf(parts)
    return parts
  }

  function frameOf ({ event, data, retry }: StoredParts): string {
    // As text, whatever it is here: JSON has no line breaks, unless another version of the app declares a text.
    return textFrame(events.get(event)?.line ?? eventLine(event), data, undefined, retry)
  }

  function decode ({ event, data, retry }: StoredParts): DecodedEvent {
    const known = events.get(event)
    if (known === undefined) throw FST_ERR_SSE_INVALID_EVENT(`the stored event '${received(event)}' should be one of ${names}`)
    const decoded = deepFreeze(known.payload.decode(data))
    return retry === undefined ? { event, data: decoded } : { event, data: decoded, retry }
  }

  function declares (name: string, schema: unknown): boolean {
    const known = events.get(name)
    return known !== undefined && known.schema === schema
  }

  function unknownEvent (name: unknown): Error {
    const isReserved = typeof name === 'string' && name.startsWith(RESERVED_PREFIX)
    const remark = isReserved ? ` (only subscriptions make events named '${RESERVED_PREFIX}…')` : ''
    return FST_ERR_SSE_UNKNOWN_EVENT(names + remark, received(name))
  }

  return { final, encode, encodeParts, frameOf, decode, declares }
}

/** Events of a route that declares none: strings are written as they are, everything else as JSON. */
export const undeclaredCodec: EventCodec = {
  final: new Set(),
  declares: () => true,
  encode (event) {
    const fields = fieldsOf(event)
    const carried = carriedFrame(fields)
    if (carried !== undefined) return carried.frame(fields.id as string | undefined)
    const { data, id, retry } = fields
    if (data === undefined) {
      const frame = unnamedFrame(fields)
      if (frame !== undefined) return frame
    }
    if (typeof fields.event === 'string' && fields.event.startsWith(RESERVED_PREFIX)) {
      throw FST_ERR_SSE_FIELD_INVALID('event', `a name that does not start with '${RESERVED_PREFIX}', which is reserved`, received(fields.event))
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
