import type { Route } from '../route.js'
import { isSchemaObject, type SchemaObject } from '../schema/json-schema.js'
import { isRawText } from '../schema/media-type.js'
import { payloadJsonSchema } from '../schema/payload-schema.js'
import { openResource, type Place, resolveRef } from '../schema/reference.js'
import type { Answer } from './inject.js'

// Where the plugin keeps what it knows of a route; that may be another copy of this package, ESM or CommonJS.
const kRoute = Symbol.for('fastify-typed-sse.route')

/** The names of the events that the route behind an answer declares as raw text: strings with a media type other than JSON. */
export function textEvents ({ response, reply }: Answer): string[] {
  if (reply === undefined) return []
  const { routeOptions: { config }, server } = reply.request
  const { schemas = {} } = (config as { [kRoute]?: Route })[kRoute]?.streamAt(response.statusCode) ?? {}
  const shared = server.getSchemas()
  return Object.entries(schemas).filter(([, schema]) => isText(rootOf(payloadJsonSchema(schema)))).map(([name]) => name)

  function isText (place: Place | undefined): boolean {
    if (place === undefined || !isSchemaObject(place.schema)) return false
    const { $ref, type, contentMediaType } = place.schema
    if ($ref !== undefined && type === undefined) return isText(resolveRef($ref, place, id => rootOf(shared[id])?.resource))
    return type === 'string' && isRawText(contentMediaType)
  }
}

function rootOf (schema: unknown): Place | undefined {
  return schema === undefined ? undefined : openResource('', schema as SchemaObject).root
}
