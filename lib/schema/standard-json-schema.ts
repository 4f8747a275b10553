import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { isSchemaObject, mapSubschemas, type SchemaObject } from './json-schema.js'
import { FOREIGN_KEYWORD, LIBRARY_OPTIONS } from './library-options.js'
import { withoutUndefined } from './without-undefined.js'

/**
 * The JSON Schema that a library gives for what its schema takes, or makes of it, in the dialect that TypeBox writes.
 *
 * @param onFailure is told why the library gives none, where it throws.
 * @returns undefined where it gives none.
 * @throws Error where what it makes holds what JSON does not have.
 * @see https://standardschema.dev/json-schema
 */
export function standardJsonSchema (
  schema: StandardSchemaV1, side: 'input' | 'output', onFailure?: (cause: unknown) => void
): SchemaObject | undefined {
  const { vendor, jsonSchema: converter } = schema['~standard'] as StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>
  let converted: unknown
  try {
    converted = converter?.[side]({ target: 'draft-07', libraryOptions: LIBRARY_OPTIONS[vendor] })
  } catch (cause) {
    onFailure?.(cause) // the standard lets a library throw where it has nothing to say
  }
  if (!isSchemaObject(converted)) return undefined
  if (side === 'output') refuseForeign(converted, '#')
  return withoutUndefined(converted)
}

function refuseForeign (schema: SchemaObject, pointer: string): SchemaObject {
  if (FOREIGN_KEYWORD in schema) {
    throw new Error(`${pointer} has the type '${String(schema[FOREIGN_KEYWORD])}', which JSON does not have; transform it to what JSON has, such as a string`)
  }
  return mapSubschemas(schema, (below, at) => refuseForeign(below, pointer + at))
}
