import type { RouteOptions } from 'fastify'
import { withJsonSchemas } from './library-schemas.js'
import { type Responses, type RouteSchema, withoutStreams, withStreams } from './route-schema.js'
import { currentRun, probingTransform } from './swagger-run.js'

interface Asked { readonly schema?: unknown, readonly url?: string }
interface Answer { readonly schema?: { readonly response?: Responses }, readonly url?: string }
type Transform = (asked: Asked) => Answer

/** A route with streams as it is declared, and how its schema is written for a document. */
export interface Shown {
  readonly schema: RouteSchema
  readonly write: (schema: RouteSchema) => RouteSchema
}

/**
 * Puts what swagger finds as a route's own transform into a copy of its config.
 *
 * @param shown undefined for a route without streams.
 */
export function showTransform (declaration: RouteOptions, shown: Shown | undefined): void {
  const config = { ...declaration.config } as { swaggerTransform?: Transform | false }
  const { swaggerTransform: own } = config
  const found = shown !== undefined && typeof own === 'function' ? takingStreamsOut(own.bind(config), shown) : own
  Object.defineProperty(config, 'swaggerTransform', {
    enumerable: own !== undefined,
    get: () => probingTransform() ?? (isRefused(shown, own) ? withoutTransform(shown) : found)
  })
  declaration.config = config as unknown as NonNullable<RouteOptions['config']>
}

/** Whether the app's transform would be asked about a stream, and does not take it. */
function isRefused (shown: Shown | undefined, own: unknown): shown is Shown {
  const run = currentRun()
  if (run === undefined) return false
  run.asksOfStream = shown !== undefined && own === undefined
  return run.asksOfStream && run.isRefused
}

function withoutTransform ({ schema, write }: Shown): Transform {
  return ({ url }) => ({ schema: write(withJsonSchemas(schema)), url: url as string })
}

/**
 * A transform that refuses streams, such as one that takes schemas of Zod alone, gets what else there is, and the streams
 * are put into what it makes of that.
 */
function takingStreamsOut (own: Transform, { schema, write }: Shown): Transform {
  return asked => {
    try {
      return own(asked)
    } catch {
      // Whatever is wrong with the rest is wrong again.
      const rest = { ...schema, response: withoutStreams(schema.response) }
      const answer = own({ ...asked, schema: rest })
      const { response: made = {}, ...others } = answer.schema ?? rest
      return { ...answer, schema: write({ ...others, response: withStreams(schema.response, made) }) }
    }
  }
}
