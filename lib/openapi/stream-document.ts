import type { EventStream } from '../../types/event.js'
import type { Schema, SchemaObject } from '../schema/json-schema.js'
import { payloadJsonSchema } from '../schema/payload-schema.js'
import { documentPayload, type PayloadDocument, type Surroundings } from './payload-document.js'

/** Marks the events that complete a stream. */
const FINAL_KEYWORD = 'x-event-stream-final'

const ID = { type: 'string', description: 'Becomes the last event ID, which a client sends back when it reconnects.' }
const RETRY = { type: 'integer', minimum: 0, description: 'How long to wait before reconnecting, in milliseconds.' }
const POSITION = { type: 'string' }

/** What a channel tells its subscribers beside its own events. */
const NOTICES: Record<string, SchemaObject> = {
  'stream-position': { description: 'Moves the last event ID on, where no event does.', type: 'null' },
  'stream-gap': {
    description: 'Events after `requested` are gone. Live events follow; who comes back with `earliest` gets all that is left.',
    type: 'object',
    required: ['requested', 'earliest'],
    properties: { requested: POSITION, earliest: POSITION }
  }
}

/** The schema of one event of a stream, whichever it is: the fields as the standard has them, but for comments. */
export function documentEvents (stream: EventStream, resumes: boolean, surroundings: Surroundings): SchemaObject {
  const { form } = surroundings
  const declared = Object.entries(stream.schemas)
    .map(([event, schema]) => documentEvent(event, payloadJsonSchema(schema) as SchemaObject | undefined, stream.final.includes(event)))
  const notices = Object.entries(resumes ? NOTICES : {})
    .map(([event, payload]) => ({ ...documentEvent(event, payload, false), required: ['event', 'data', 'id'] }))
  return { oneOf: [...declared, ...notices] }

  function documentEvent (event: string, payload: SchemaObject | undefined, isFinal: boolean): SchemaObject {
    const description = describe(payload, isFinal)
    const written = payload && documentPayload(payload, event, surroundings)
    return {
      title: event,
      ...description !== '' && { description },
      type: 'object',
      required: event === 'message' ? ['data'] : ['event', 'data'], // `message` is the default, and not written
      properties: { event: { type: 'string', const: event }, data: documentData(written), id: ID, retry: RETRY },
      ...documentExamples(event, payload?.['examples'], written?.isText === true),
      ...isFinal && { [FINAL_KEYWORD]: true }
    }
  }

  function documentData (payload: PayloadDocument | undefined): Schema {
    if (payload?.isText === true) return payload.schema
    // OpenAPI 3.0 can't say what is in a string.
    if (form === '3.0') return payload?.schema ?? {}
    return { type: 'string', contentMediaType: 'application/json', ...payload && { contentSchema: payload.schema } }
  }

  function documentExamples (event: string, payloads: unknown, isText: boolean): object {
    if (!Array.isArray(payloads) || payloads.length === 0) return {}
    const examples = payloads.map(data => ({ event, data: isText || form === '3.0' ? data as unknown : JSON.stringify(data) }))
    return form === '3.0' ? { example: examples[0] } : { examples }
  }
}

function describe (payload: SchemaObject | undefined, isFinal: boolean): string {
  const description = payload?.['description']
  return [
    ...typeof description === 'string' ? [description] : [],
    ...isFinal ? ['This event completes the stream: nothing follows, and the client should not reconnect.'] : []
  ].join('\n\n')
}
