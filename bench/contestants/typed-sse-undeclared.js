// This plugin on a route that declares nothing: no check, payloads by JSON.stringify. Channels are for declared events, so
// whoever broadcasts without them keeps the sinks in a Set.
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

/** @type {import('../workloads/fan-out.js').FanOut} */
export async function fanOut ({ payload, heartbeatMs }) {
  const sinks = new Set()

  const app = Fastify()
  app.register(sse, { heartbeatMs })
  app.register(async app => {
    app.get('/', (request, reply) => {
      const sink = reply.sse
      sinks.add(sink)
      sink.signal.addEventListener('abort', () => { sinks.delete(sink) }, { once: true })
      return sink
    })
  })
  await app.ready()
  return { server: app.server, publish }

  function publish (i) {
    const event = { event: 'price', data: payload(i) }
    for (const sink of sinks) sink.send(event)
  }
}
