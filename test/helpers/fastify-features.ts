import Fastify, { type FastifyServerOptions } from 'fastify'

/** Options of a test for `handlerTimeout` and `request.signal`, which came together after Fastify 5.0: skipped by name without them. */
export const needsHandlerTimeout = {
  skip: 'handlerTimeout' in Fastify().initialConfig ? false : 'this version of Fastify has neither handlerTimeout nor request.signal'
}

/** Options of the router, where this version of Fastify takes them: Fastify 5.0 knows no `routerOptions`. */
export function forRouter (options: NonNullable<FastifyServerOptions['routerOptions']>): FastifyServerOptions {
  return Fastify({ routerOptions: options }).initialConfig.routerOptions === undefined ? options : { routerOptions: options }
}
