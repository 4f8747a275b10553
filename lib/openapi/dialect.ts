import { isSchemaObject, type SchemaObject } from '../schema/json-schema.js'
import type { Form } from './form.js'

/** What a Schema Object of OpenAPI 3.0 may have; `const`, `patternProperties` and `contentEncoding` are rewritten by swagger. */
const KNOWN_TO_30 = new Set([
  '$ref', 'title', 'description', 'type', 'format', 'enum', 'default', 'nullable', 'example', 'deprecated', 'readOnly', 'writeOnly',
  'externalDocs', 'xml', 'discriminator', 'multipleOf', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum',
  'minLength', 'maxLength', 'pattern', 'items', 'minItems', 'maxItems', 'uniqueItems', 'properties', 'patternProperties',
  'additionalProperties', 'required', 'minProperties', 'maxProperties', 'allOf', 'anyOf', 'oneOf', 'not', 'contentEncoding'
])

/**
 * Writes one schema, not those below it, as the document's version has it. Payloads are written in draft 7, as TypeBox and
 * Fastify do; OpenAPI 3.0 has a dialect of its own, and 3.1 and later have the draft 2020-12.
 */
export function toDialect (schema: SchemaObject, form: Form): SchemaObject {
  return form === '3.0' ? toOpenapi30(schema) : toDraft2020(schema)
}

function toDraft2020 ({ items, additionalItems, dependencies, ...others }: SchemaObject): SchemaObject {
  const written: SchemaObject = others
  if (Array.isArray(items)) written['prefixItems'] = items
  const rest = Array.isArray(items) ? additionalItems : items
  if (rest !== undefined) written.items = rest
  const [required, schemas] = partition(dependencies ?? {}, Array.isArray)
  if (required.length > 0) written['dependentRequired'] = Object.fromEntries(required)
  if (schemas.length > 0) written['dependentSchemas'] = Object.fromEntries(schemas)
  return written
}

function toOpenapi30 (schema: SchemaObject): SchemaObject {
  const known = Object.entries(schema).filter(([keyword]) => KNOWN_TO_30.has(keyword) || keyword.startsWith('x-'))
  const written = Object.fromEntries(known.map(([keyword, value]) => [keyword, withoutBooleans(keyword, value)])) as SchemaObject
  if ('const' in schema) written.enum = [schema.const]
  if (Array.isArray(schema['examples']) && schema['examples'].length > 0) written['example'] ??= schema['examples'][0] as unknown
  if ('contentMediaType' in schema) written['x-content-media-type'] = schema['contentMediaType']
  for (const [exclusive, inclusive] of [['exclusiveMinimum', 'minimum'], ['exclusiveMaximum', 'maximum']] as const) {
    if (typeof schema[exclusive] === 'number') Object.assign(written, { [inclusive]: schema[exclusive], [exclusive]: true })
  }
  if (Array.isArray(written.items)) written.items = written.items.length === 0 ? {} : { anyOf: written.items }
  else if (schema.type === 'array') written.items ??= {}
  return written
}

/** OpenAPI 3.0 has no boolean schemas, but for `additionalProperties`. */
function withoutBooleans (keyword: string, value: unknown): unknown {
  if (keyword === 'items' || keyword === 'not') return Array.isArray(value) ? value.map(withoutBoolean) : withoutBoolean(value)
  if (/^(?:allOf|anyOf|oneOf)$/.test(keyword)) return (value as unknown[]).map(withoutBoolean)
  if (!/^(?:properties|patternProperties)$/.test(keyword) || !isSchemaObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, withoutBoolean(schema)]))
}

function withoutBoolean (schema: unknown): unknown {
  if (typeof schema !== 'boolean') return schema
  return schema ? {} : { not: {} }
}

function partition<Value> (
  values: Record<string, Value>, matches: (value: Value) => boolean
): [Array<[string, Value]>, Array<[string, Value]>] {
  const entries = Object.entries(values)
  return [entries.filter(([, value]) => matches(value)), entries.filter(([, value]) => !matches(value))]
}
