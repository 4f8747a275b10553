// @fastify/sse, "Connection Management" of its README. It has no broadcast of its own: the replies are kept in a Set.
import Fastify from 'fastify'
import sse from '@fastify/sse'

export const title = '@fastify/sse, `reply.sse.send(event)` each'
export const packages = ['@fastify/sse', 'fastify']

/** @type {import('../workloads/fan-out.js').FanOut} */
export async function fanOut ({ payload, heartbeatMs }) {
  const replies = new Set()

  const app = Fastify()
  await app.register(sse, { heartbeatInterval: heartbeatMs })
  app.get('/', { sse: 'only' }, async (request, reply) => {
    reply.sse.keepAlive()
    await reply.sse.send({ data: 'Connected' })
    replies.add(reply)
    reply.sse.onClose(() => { replies.delete(reply) })
  })
  await app.ready()
  return { server: app.server, publish }

  function publish (i) {
    const event = { event: 'price', data: payload(i) }
    for (const reply of replies) reply.sse.send(event)
  }
}

export { fanOut as idle }
