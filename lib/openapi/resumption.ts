import { isSchemaObject, type Schema } from '../schema/json-schema.js'

const HEADER = 'Last-Event-ID'
const PARAMETER = 'lastEventId'

/** Adds how a client resumes a stream to what a route takes, for documents alone: nothing of it is checked. */
export function withResumption<Declared extends { readonly headers?: unknown, readonly querystring?: unknown }> (
  schema: Declared, sharedSchemas: Record<string, unknown>
): Declared {
  return {
    ...schema,
    headers: add(schema.headers, HEADER, 'The id of the last event that the client has got. A browser sends it when it reconnects.'),
    querystring: add(schema.querystring, PARAMETER, `The same as the header \`${HEADER}\`, for those who can't set one. The header counts first.`)
  }

  function add (declared: unknown, name: string, description: string): unknown {
    const names = propertyNames(declared).map(declaredName => declaredName.toLowerCase())
    if (names.includes(name.toLowerCase())) return declared
    const added = { [name]: { type: 'string', description } }
    if (!isSchemaObject(declared)) return { type: 'object', properties: added }
    if (declared.properties !== undefined) return { ...declared, properties: { ...declared.properties, ...added } }
    // Swagger reads all parts of it.
    return { allOf: [declared, { type: 'object', properties: added }] }
  }

  function propertyNames (declared: unknown): string[] {
    if (!isSchemaObject(declared)) return []
    const { $ref, properties = {}, allOf = [], anyOf = [], oneOf = [] } = declared
    const referred = $ref === undefined ? undefined : sharedSchemas[$ref] ?? sharedSchemas[$ref.replace(/#$/, '')]
    const parts: Schema[] = [...allOf, ...anyOf, ...oneOf]
    return [...Object.keys(properties), ...[...parts, referred].flatMap(propertyNames)]
  }
}
