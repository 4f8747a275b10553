import { isSchemaObject, mapSubschemas, type Schema, type SchemaObject } from './json-schema.js'
import { UNDEFINED_KEYWORD } from './library-options.js'

/**
 * Says of a library's JSON Schema what JSON makes of undefined: a property that may be undefined is one that may be
 * missing. The library would say that an alternative which is undefined may be anything.
 */
export function withoutUndefined (schema: SchemaObject): SchemaObject {
  const { [UNDEFINED_KEYWORD]: _mark, ...kept } = mapSubschemas(schema, withoutUndefined)
  if (isSchemaObject(schema.properties)) {
    const { properties, required } = schema
    kept.properties = Object.fromEntries(Object.entries(kept.properties!).filter(([name]) => !isUndefined(properties[name])))
    if (required !== undefined) kept.required = required.filter(name => !mayBeUndefined(properties[name]))
  }
  if (schema.anyOf !== undefined) kept.anyOf = kept.anyOf!.filter((_, index) => !isUndefined(schema.anyOf![index]))
  return kept
}

function isUndefined (schema: Schema | undefined): boolean {
  return isSchemaObject(schema) && UNDEFINED_KEYWORD in schema && Object.keys(schema).length === 1
}

function mayBeUndefined (schema: Schema | undefined): boolean {
  return isSchemaObject(schema) && (UNDEFINED_KEYWORD in schema || schema.anyOf?.some(mayBeUndefined) === true)
}
