// fastify-sse-v2, "Sending events from AsyncIterable source" of its README. It takes data as text.
import Fastify from 'fastify'
import { FastifySSEPlugin } from 'fastify-sse-v2'

export const title = 'fastify-sse-v2, `reply.sse(generator)`'
export const packages = ['fastify-sse-v2', 'fastify']

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  async function * source (count) {
    for (let i = 0; i < count; i++) {
      if (nextTurn !== undefined) await nextTurn()
      yield { event: 'price', data: JSON.stringify(payload(i)) }
    }
  }

  const app = Fastify()
  app.register(FastifySSEPlugin)
  app.register(async app => {
    app.get('/', (request, reply) => {
      reply.sse(source(countOf(request)))
    })
  })
  await app.ready()
  return app.server
}
