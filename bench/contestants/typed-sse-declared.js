// This plugin as its README shows it: the events are declared, typed and validated.
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sse, { eventStream } from 'fastify-typed-sse'

export const title = '**fastify-typed-sse**, declared and validated'
export const packages = ['fastify-typed-sse', 'fastify', '@sinclair/typebox']

const prices = eventStream({ price: Type.Object({ symbol: Type.String(), value: Type.Number() }) })
const { price } = prices.event

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  const app = Fastify()
  app.register(sse)
  app.register(async app => {
    app.get('/', { schema: { response: { 200: prices } } }, async function * (request) {
      const count = countOf(request)
      for (let i = 0; i < count; i++) {
        if (nextTurn !== undefined) await nextTurn()
        yield price(payload(i))
      }
    })
  })
  await app.ready()
  return app.server
}
