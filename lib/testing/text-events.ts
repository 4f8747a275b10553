import { payloadJsonSchema } from '../schema/payload-schema.js'
import type { Route } from '../route.js'
import type { Answer } from './inject.js'

// Where the plugin keeps what it knows of a route; that may be another copy of this package, ESM or CommonJS.
const kRoute = Symbol.for('fastify-typed-sse.route')

/** The names of the events that the route behind an answer declares as raw text. */
export function textEvents ({ response, reply }: Answer): string[] {
  const route = (reply?.request.routeOptions.config as { [kRoute]?: Route } | undefined)?.[kRoute]
  const schemas = route?.streamAt(response.statusCode)?.schemas ?? {}
  return Object.keys(schemas).filter(name => isText(payloadJsonSchema(schemas[name]!)))
}

/** As the plugin writes it: a string with a media type is text, unless that is one of JSON. */
function isText (schema: { type?: unknown, contentMediaType?: unknown } | undefined): boolean {
  return schema?.type === 'string' && typeof schema.contentMediaType === 'string' &&
    !/^\s*(?:(?:application|text)\/json|[^;]*\+json)\s*(?:;|$)/i.test(schema.contentMediaType)
}
