/** A JSON Schema: an object, or a boolean that allows everything or nothing. */
export type Schema = boolean | SchemaObject

/** The keywords that this package looks at; the compilers know the others. */
export interface SchemaObject {
  $ref?: string
  type?: string | string[]
  nullable?: boolean
  const?: unknown
  enum?: unknown[]
  properties?: Record<string, Schema>
  patternProperties?: Record<string, Schema>
  additionalProperties?: Schema
  required?: string[]
  dependencies?: Record<string, Schema | string[]>
  items?: Schema | Schema[]
  additionalItems?: Schema
  allOf?: Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  if?: Schema
  then?: Schema
  else?: Schema
  [keyword: string]: unknown
}

const ONE_OR_MANY = new Set([
  'additionalItems', 'additionalProperties', 'allOf', 'anyOf', 'contains', 'else', 'if', 'items', 'not', 'oneOf',
  'propertyNames', 'then'
])
const BY_NAME = new Set(['$defs', 'definitions', 'dependencies', 'patternProperties', 'properties'])

export function isSchemaObject (value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Copies a schema, and replaces the schemas directly below it. Data that looks like a schema (`const`, `enum`,
 * `default`, `examples`) and property names that look like keywords are left alone.
 *
 * @param replace gets each schema object below, and its JSON pointer from here.
 */
export function mapSubschemas (
  schema: SchemaObject, replace: (subschema: SchemaObject, pointer: string) => Schema
): SchemaObject {
  const visit = (value: unknown, pointer: string): unknown => isSchemaObject(value) ? replace(value, pointer) : value

  return mapValues(schema, (value, keyword) => {
    if (ONE_OR_MANY.has(keyword)) {
      if (!Array.isArray(value)) return visit(value, `/${keyword}`)
      return value.map((item, index) => visit(item, `/${keyword}/${index}`))
    }
    if (!BY_NAME.has(keyword) || !isSchemaObject(value)) return value
    return mapValues(value, (item, name) => visit(item, `/${keyword}/${escapePointer(name)}`))
  }) as SchemaObject
}

/** The schema that a reference names, in a document where they are `#` and `#/definitions/…` only. */
export function dereference (root: SchemaObject & { readonly definitions: Record<string, Schema> }, reference: string): Schema {
  return root.definitions[reference.slice('#/definitions/'.length)] ?? root
}

/** Escapes a name for a JSON pointer (RFC 6901). */
export function escapePointer (name: string): string {
  return name.replace(/~/g, '~0').replace(/\//g, '~1')
}

/** Undoes {@link escapePointer}. */
export function unescapePointer (segment: string): string {
  return segment.replace(/~1/g, '/').replace(/~0/g, '~')
}

// Object.fromEntries, since assigning to '__proto__' would set a prototype instead of a property.
function mapValues (object: object, replace: (value: unknown, key: string) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, replace(value, key)]))
}
