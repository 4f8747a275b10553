import { mapSubschemas, type SchemaObject } from './json-schema.js'

const SHAPING = [
  '$ref', '$defs', 'definitions', 'type', 'const', 'enum', 'properties', 'patternProperties', 'additionalProperties',
  'required', 'items', 'additionalItems', 'allOf', 'anyOf', 'oneOf', 'contentMediaType'
]

const CONSTRAINING = [
  'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'pattern',
  'minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties', 'propertyNames', 'not'
]

/**
 * Of a library's JSON Schema, what says how a value is built. The library itself has checked the rest, by regular
 * expressions and formats that are not those of ajv; its annotations may have any name.
 */
export function shapeOf (schema: SchemaObject): SchemaObject {
  return pick(schema, new Set(SHAPING), ({ oneOf, ...kept }) => {
    // What is not declared is dropped, not refused; and without their constraints more than one alternative may fit.
    if (kept.additionalProperties === false) delete kept.additionalProperties
    return oneOf === undefined ? kept : { ...kept, allOf: [...kept.allOf ?? [], { anyOf: oneOf }] }
  })
}

/** The same with what constrains a value, but for formats, of which every library has its own. */
export function constraintsOf (schema: SchemaObject): SchemaObject {
  return pick(schema, new Set([...SHAPING, ...CONSTRAINING]), kept => kept)
}

function pick (schema: SchemaObject, keywords: ReadonlySet<string>, change: (kept: SchemaObject) => SchemaObject): SchemaObject {
  const kept = Object.fromEntries(Object.entries(schema).filter(([keyword]) => keywords.has(keyword)))
  return mapSubschemas(change(kept), below => pick(below, keywords, change))
}
