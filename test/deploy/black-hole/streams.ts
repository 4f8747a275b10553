import Fastify, { type FastifyInstance } from 'fastify'
import sse, { type FastifySseOptions } from '../../../lib/index.js'
import type { Settings } from './settings.js'

/** What the app knows of a stream that has ended. */
export interface Ending {
  url: string
  reason: string
}

/** Streams that are quiet or busy, of a server that says when each has ended. */
export async function startApp (settings: Settings, server: object, onEnd: (ending: Ending) => void): Promise<FastifyInstance> {
  const app = Fastify({ http: server, forceCloseConnections: true })
  const { heartbeatMs } = settings
  await app.register(sse, { heartbeatMs })

  const quiet = (url: string, options: FastifySseOptions): void => {
    app.get(url, { sse: options }, async (request, reply) => {
      void reply.sse.closed.then(({ reason }) => { onEnd({ url, reason }) })
      return reply.sse
    })
  }
  quiet('/quiet', {})
  quiet('/no-heartbeats', { heartbeatMs: Infinity })
  quiet('/max-age', { maxAgeMs: settings.maxAgeMs })

  app.get('/busy', { sse: { stallTimeoutMs: settings.stallTimeoutMs } }, async (request, reply) => {
    const timer = setInterval(() => { void reply.sse.send({ data: 'x'.repeat(1024) }) }, 10)
    void reply.sse.closed.then(({ reason }) => {
      clearInterval(timer)
      onEnd({ url: '/busy', reason })
    })
    return reply.sse
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app
}
