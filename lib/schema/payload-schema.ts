import type { TSchema } from '@sinclair/typebox'

/** The JSON Schema of what is on the wire of a payload, for documents; undefined where there is none. */
export function payloadJsonSchema (schema: TSchema): object | undefined {
  return schema
}
