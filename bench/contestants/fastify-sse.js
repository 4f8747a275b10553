// @fastify/sse, "Streaming Sources" of its README: an async generator given to `reply.sse.send()`.
import Fastify from 'fastify'
import sse from '@fastify/sse'

export const title = '@fastify/sse, `reply.sse.send(generator)`'
export const packages = ['@fastify/sse', 'fastify']

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  async function * source (count) {
    for (let i = 0; i < count; i++) {
      if (nextTurn !== undefined) await nextTurn()
      yield { event: 'price', data: payload(i) }
    }
  }

  const app = Fastify()
  await app.register(sse)
  app.get('/', { sse: 'only' }, async (request, reply) => {
    await reply.sse.send(source(countOf(request)))
  })
  await app.ready()
  return app.server
}

/** @type {import('../workloads/churn.js').Churn} */
export async function churn ({ payload }) {
  const app = Fastify()
  await app.register(sse)
  app.get('/', { sse: 'only' }, async (request, reply) => {
    reply.sse.keepAlive()
    await reply.sse.send({ event: 'price', data: payload(0) })
  })
  await app.ready()
  return { server: app.server }
}
