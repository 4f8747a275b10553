// fastify-sse-v2, "Sending individual events" of its README. It has no broadcast of its own: the replies are kept in a Set. It
// takes data as text, and does not tell when a client is slow.
import Fastify from 'fastify'
import { FastifySSEPlugin } from 'fastify-sse-v2'

export const title = 'fastify-sse-v2, `reply.sse(event)` each'
export const packages = ['fastify-sse-v2', 'fastify']

/** @type {import('../workloads/fan-out.js').FanOut} */
export async function fanOut ({ payload }) {
  const replies = new Set()

  const app = Fastify()
  app.register(FastifySSEPlugin)
  app.register(async app => {
    app.get('/', (request, reply) => {
      reply.sse({ data: 'Connected' })
      replies.add(reply)
      request.socket.on('close', () => { replies.delete(reply) })
    })
  })
  await app.ready()
  return { server: app.server, publish }

  function publish (i) {
    const event = { event: 'price', data: JSON.stringify(payload(i)) }
    for (const reply of replies) reply.sse(event)
  }
}
