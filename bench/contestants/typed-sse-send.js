// This plugin's pushing side: declared and validated, each event sent by `await reply.sse.send()`.
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sse, { eventStream } from 'fastify-typed-sse'

export const title = '**fastify-typed-sse**, declared, `await reply.sse.send`'
export const packages = ['fastify-typed-sse', 'fastify', '@sinclair/typebox']

const prices = eventStream({ price: Type.Object({ symbol: Type.String(), value: Type.Number() }) })

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  const app = Fastify()
  app.register(sse)
  app.register(async app => {
    app.get('/', { schema: { response: { 200: prices } } }, (request, reply) => {
      push(reply.sse, countOf(request))
      return reply.sse
    })
  })
  await app.ready()
  return app.server

  async function push (sink, count) {
    for (let i = 0; i < count; i++) {
      if (nextTurn !== undefined) await nextTurn()
      if (!await sink.send({ event: 'price', data: payload(i) })) return
    }
    sink.end()
  }
}
