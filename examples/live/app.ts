import rateLimit from '@fastify/rate-limit'
import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import sse, { type FastifySseOptions } from 'fastify-typed-sse'
import { clientRoute } from './client.js'
import { jobRoute } from './job.js'
import { liveRoute } from './live.js'
import { textRoute } from './text.js'
import { tickerRoute } from './ticker.js'

/** The live page and the streams behind it. */
export function buildServer (options: FastifySseOptions = {}): FastifyInstance {
  const app = Fastify({ logger: true })

  app.register(sse, options)
  app.register(rateLimit, { global: false })
  app.register(liveRoute)
  app.register(tickerRoute)
  app.register(jobRoute)
  app.register(textRoute)

  app.register(fastifyStatic, { root: new URL('public/', import.meta.url), logLevel: 'warn', setHeaders: secure })
  // The browser gets this module from node_modules, as it is.
  app.register(fastifyStatic, {
    root: new URL('../../node_modules/uplot/dist/', import.meta.url), prefix: '/modules/uplot/', logLevel: 'warn', decorateReply: false
  })
  app.register(clientRoute)
  return app
}

function secure (reply: FastifyReply): void {
  reply.header('content-security-policy', "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
  reply.header('x-content-type-options', 'nosniff')
}
