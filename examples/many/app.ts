import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyInstance } from 'fastify'
import sse, { type FastifySseOptions } from 'fastify-typed-sse'
import { clientRoute } from '../live/client.js'
import { liveRoute } from './live.js'

/** One of several processes that are the same: the page, and the stream behind it. */
export function buildServer (options: FastifySseOptions, beatMs: number): FastifyInstance {
  const app = Fastify({ logger: { level: 'warn' } })

  app.register(sse, options)
  app.register(liveRoute, { beatMs })

  app.register(fastifyStatic, { root: new URL('public/', import.meta.url) })
  // What this page and that of the live example look like, and what both use.
  app.register(fastifyStatic, { root: new URL('../live/public/', import.meta.url), prefix: '/live-example/', decorateReply: false })
  app.register(clientRoute)
  return app
}
