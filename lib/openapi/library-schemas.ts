import type { EventSchema } from '../../types/event.js'
import { isStandardSchema } from '../schema/kind.js'
import { standardJsonSchema } from '../schema/standard-json-schema.js'
import { mapSchemas, type RouteSchema } from './route-schema.js'

const INPUTS = ['body', 'headers', 'params', 'querystring'] as const

/** Replaces the schemas of libraries, such as Zod's, in what a route declares by the JSON Schemas that they give. */
export function withJsonSchemas (schema: RouteSchema): RouteSchema {
  const inputs = INPUTS.filter(name => name in schema).map(name => [name, toJson(schema[name], 'input')])
  return {
    ...schema,
    ...Object.fromEntries(inputs) as object,
    response: mapSchemas(schema.response, declared => toJson(declared, 'output'))
  }
}

function toJson (declared: unknown, side: 'input' | 'output'): unknown {
  if (Object(declared) !== declared || !isStandardSchema(declared as EventSchema)) return declared
  try {
    return standardJsonSchema(declared as never, side) ?? {}
  } catch {
    return {} // a document can't say what JSON does not have
  }
}
