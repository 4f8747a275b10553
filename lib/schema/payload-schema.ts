import type { EventSchema } from '../../types/event.js'
import { isStandardSchema } from './kind.js'
import { standardJsonSchema } from './standard-json-schema.js'

/** The JSON Schema of what is on the wire of a payload, for documents; undefined where there is none. */
export function payloadJsonSchema (schema: EventSchema): object | undefined {
  return isStandardSchema(schema) ? standardJsonSchema(schema, 'output') : schema
}
