import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { type Check, checkOptions, isFunction } from '../check-options.js'
import { FST_ERR_SSE_INSPECTOR_UNAUTHORIZED, FST_ERR_SSE_OPTION_INVALID } from '../errors.js'

/** An onRequest hook, with or without a callback: lets a request pass, or throws, or answers it otherwise. One that gives `false` refuses as well. */
export type Authorize = (this: FastifyInstance, request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => unknown

/** Options of `app.register(inspector, options)`. */
export interface InspectorOptions {
  /** The path that all of it is under, such as `/_sse`. */
  prefix: string
  /**
   * An onRequest hook that is run for everything under the prefix, such as `app.basicAuth` of @fastify/basic-auth. Default: none;
   * then there are numbers only, and with NODE_ENV=production no inspector.
   */
  authorize?: Authorize | undefined
}

const CHECKS: Record<string, Check> = {
  prefix: value => typeof value === 'string' && /^\/[^/]/.test(value) ? undefined : "a path of its own, such as '/_sse'",
  authorize: value => isFunction(value) ?? (isAsyncWithCallback(value as Authorize) ? 'a hook that returns a promise or calls back, not both' : undefined)
}

/** Fastify refuses such hooks of its own, too. */
function isAsyncWithCallback ({ constructor, length }: Authorize): boolean {
  return constructor.name === 'AsyncFunction' && length > 2
}

/** Options that Fastify itself reads from the second argument of `register()`. */
const REGISTER_OPTIONS = new Set(['logLevel', 'logSerializers'])

/** @throws FST_ERR_SSE_OPTION_INVALID, FST_ERR_SSE_INSPECTOR_UNAUTHORIZED */
export function resolveInspectorOptions (options: InspectorOptions): InspectorOptions {
  checkOptions('option', options, CHECKS, REGISTER_OPTIONS)
  const { prefix, authorize } = options
  // Not given is not checked above, and would put the page at the root of the scope.
  if (prefix === undefined) throw FST_ERR_SSE_OPTION_INVALID('option prefix', "a path of its own, such as '/_sse'", 'undefined')
  if (authorize === undefined && process.env['NODE_ENV'] === 'production') throw FST_ERR_SSE_INSPECTOR_UNAUTHORIZED()
  return { prefix, authorize }
}
