// This plugin on a route that declares nothing: no check, payloads by JSON.stringify.
import Fastify from 'fastify'
import sse from 'fastify-typed-sse'

export const title = '**fastify-typed-sse**, undeclared'
export const packages = ['fastify-typed-sse', 'fastify']

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  const app = Fastify()
  app.register(sse)
  app.register(async app => {
    app.get('/', async function * (request) {
      const count = countOf(request)
      for (let i = 0; i < count; i++) {
        if (nextTurn !== undefined) await nextTurn()
        yield { event: 'price', data: payload(i) }
      }
    })
  })
  await app.ready()
  return app.server
}
