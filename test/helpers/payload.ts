import type { TSchema } from '@sinclair/typebox'
import { type CompileOptions, type PayloadCodec, payloadCompiler } from '../../lib/schema/compile.js'

type Options = Partial<CompileOptions>

/** Compiles the event 'price' of the route 'GET /prices'. */
export function compile (schema: object, options: Options = {}): PayloadCodec {
  return payloadCompiler({ sharedSchemas: {}, validate: true, ...options })(schema as TSchema, { route: 'GET /prices', event: 'price' })
}

export function encode (schema: object, data: unknown, options?: Options): string {
  return compile(schema, options).encode(data)
}

/** The error of a schema that can't be compiled, or of a payload that is refused. */
export function errorOf (run: () => unknown): Error & { code?: string, statusCode?: number } {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

/** What the message of a refused payload says after the event's name. */
export function refusal (schema: object, data: unknown, options?: Options): string {
  const codec = compile(schema, options)
  const { code, message } = errorOf(() => codec.encode(data))
  const start = "event 'price': "
  return code === 'FST_ERR_SSE_INVALID_EVENT' && message.startsWith(start) ? message.slice(start.length) : `${code}: ${message}`
}

/** What the message of a refused schema says after the route and the event. */
export function schemaProblem (schema: object, options?: Options): string {
  const { code, message } = errorOf(() => compile(schema, options))
  const start = "GET /prices: the schema of event 'price' can't be compiled: "
  return code === 'FST_ERR_SSE_SCHEMA_BUILD' && message.startsWith(start) ? message.slice(start.length) : `${code}: ${message}`
}
