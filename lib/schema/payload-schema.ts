import type { EventSchema } from '../../types/event.js'
import { isStandardSchema } from './kind.js'
import { standardJsonSchema } from './standard-json-schema.js'

/** The JSON Schema (draft 7) of what is on the wire of a payload, for documents; undefined where there is none. */
export function payloadJsonSchema (schema: EventSchema): object | undefined {
  if (!isStandardSchema(schema)) return schema
  try {
    return standardJsonSchema(schema, 'output')
  } catch {
    return undefined // its route can't be registered, and that says why
  }
}
