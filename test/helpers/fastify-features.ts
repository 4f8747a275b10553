import Fastify, { type FastifyServerOptions } from 'fastify'

/** Options of a test for `handlerTimeout` and `request.signal`, which came together after Fastify 5.0: skipped by name without them. */
export const needsHandlerTimeout = {
  skip: 'handlerTimeout' in Fastify().initialConfig ? false : 'this version of Fastify has neither handlerTimeout nor request.signal'
}

const [major = 0, minor = 0, patch = 0] = Fastify().version.split(/[.-]/).map(Number)

/** Options of a test for trailers over HTTP/2, for which Fastify sets a header that is forbidden there until 5.12.5. */
export const needsHttp2Trailers = {
  skip: major > 5 || minor > 12 || (minor === 12 && patch >= 5) ? false : 'with this version of Fastify a trailer over HTTP/2 ends the process'
}

/** Options of the router, where this version of Fastify takes them: Fastify 5.0 knows no `routerOptions`. */
export function forRouter (options: NonNullable<FastifyServerOptions['routerOptions']>): FastifyServerOptions {
  return Fastify({ routerOptions: options }).initialConfig.routerOptions === undefined ? options : { routerOptions: options }
}
