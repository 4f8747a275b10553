// This plugin's pushing side for many: declared events, the sinks of all streams in a Set.
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sse, { eventStream } from 'fastify-typed-sse'

export const title = '**fastify-typed-sse**, `reply.sse`, declared'
export const packages = ['fastify-typed-sse', 'fastify', '@sinclair/typebox']

const prices = eventStream({ price: Type.Object({ symbol: Type.String(), value: Type.Number() }) })

/** @type {import('../workloads/idle.js').Idle} */
export async function idle ({ payload, heartbeatMs }) {
  const sinks = new Set()

  const app = Fastify()
  await app.register(sse, { heartbeatMs })
  app.get('/', { schema: { response: { 200: prices } } }, (request, reply) => {
    const sink = reply.sse
    sinks.add(sink)
    sink.signal.addEventListener('abort', () => { sinks.delete(sink) }, { once: true })
    return sink
  })
  await app.ready()
  return { server: app.server, publish }

  function publish (i) {
    for (const sink of sinks) sink.send({ event: 'price', data: payload(i) })
  }
}
