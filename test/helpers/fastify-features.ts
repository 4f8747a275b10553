import Fastify from 'fastify'

/** Options of a test for `handlerTimeout` and `request.signal`, which came together after Fastify 5.0: skipped by name without them. */
export const needsHandlerTimeout = {
  skip: 'handlerTimeout' in Fastify().initialConfig ? false : 'this version of Fastify has neither handlerTimeout nor request.signal'
}
