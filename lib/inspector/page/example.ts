/** As much of a JSON Schema as an example is made of. */
interface Schema {
  readonly [keyword: string]: unknown
}

/** Deep enough for what somebody would fill in, and an end for what refers to itself. */
const MAX_DEPTH = 6

/** A value to begin with, for somebody who fills in what a schema asks for. It need not be valid. */
export function exampleOf (schema: unknown, depth = 0): unknown {
  if (typeof schema !== 'object' || schema === null || depth > MAX_DEPTH) return null
  const { default: preset, const: only, examples, enum: values, anyOf, oneOf, allOf, type } = schema as Schema
  const given = [preset, only, first(examples), first(values)].find(value => value !== undefined)
  if (given !== undefined) return given
  const alternative = first(anyOf) ?? first(oneOf)
  if (alternative !== undefined) return exampleOf(alternative, depth + 1)
  if (Array.isArray(allOf)) return Object.assign({}, ...allOf.map(part => exampleOf(part, depth + 1)))
  return ofType(first(type) ?? type, schema as Schema, depth)
}

function ofType (type: unknown, schema: Schema, depth: number): unknown {
  switch (type) {
    case 'object': return ofProperties(schema['properties'], depth)
    case 'array': return schema['items'] === undefined ? [] : [exampleOf(schema['items'], depth + 1)]
    case 'string': return schema['format'] === 'date-time' ? '2026-01-01T00:00:00Z' : ''
    case 'number': case 'integer': return typeof schema['minimum'] === 'number' ? schema['minimum'] : 0
    case 'boolean': return false
    default: return null
  }
}

function ofProperties (properties: unknown, depth: number): object {
  if (typeof properties !== 'object' || properties === null) return {}
  return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, exampleOf(property, depth + 1)]))
}

function first (list: unknown): unknown {
  return Array.isArray(list) ? list[0] as unknown : undefined
}
