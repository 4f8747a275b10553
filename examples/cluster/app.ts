import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import sse, { type FastifySseOptions } from 'fastify-typed-sse'
import { clusterRoutes } from './cluster.js'
import type { InstanceName } from './streams.js'

/** One instance: its page, the stream behind it, and what it publishes. */
export function buildServer (name: InstanceName, options: FastifySseOptions = {}): FastifyInstance {
  const app = Fastify({ logger: { name } })

  app.register(sse, options)
  app.register(clusterRoutes, { name })

  app.register(fastifyStatic, { root: new URL('public/', import.meta.url), logLevel: 'warn', setHeaders: secure })
  // What both pages look like.
  app.register(fastifyStatic, { root: new URL('../live/public/', import.meta.url), prefix: '/live-example/', logLevel: 'warn', decorateReply: false })
  return app
}

function secure (reply: FastifyReply): void {
  reply.header('content-security-policy', "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
  reply.header('x-content-type-options', 'nosniff')
}
