// Fastify without any plugin, as those do it who write streams by hand: `reply.hijack()`, "Hijack" of its documentation, and
// then as on node:http: one write per event, none while the socket is full; for many, one Buffer that all responses share.
import { once } from 'node:events'
import Fastify from 'fastify'

export const title = 'fastify, `reply.hijack()`, hand-written `res.write`'
export const packages = ['fastify']

const HEAD = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  async function * source (count) {
    for (let i = 0; i < count; i++) {
      if (nextTurn !== undefined) await nextTurn()
      yield payload(i)
    }
  }

  const app = Fastify()
  app.get('/', (request, reply) => {
    reply.hijack()
    send(reply.raw, source(countOf(request)))
  })
  await app.ready()
  return app.server

  async function send (response, events) {
    response.writeHead(200, HEAD)
    for await (const data of events) {
      if (!response.write(`event: price\ndata: ${JSON.stringify(data)}\n\n`)) await once(response, 'drain')
    }
    response.end()
  }
}

/** @type {import('../workloads/fan-out.js').FanOut} */
export async function fanOut ({ payload }) {
  const responses = new Set()

  const app = Fastify()
  app.get('/', (request, reply) => {
    reply.hijack()
    const response = reply.raw
    response.writeHead(200, HEAD)
    response.flushHeaders()
    responses.add(response)
    response.on('close', () => { responses.delete(response) })
  })
  await app.ready()
  return { server: app.server, publish, beat }

  function publish (i) {
    const frame = Buffer.from(`event: price\ndata: ${JSON.stringify(payload(i))}\n\n`)
    for (const response of responses) response.write(frame)
  }

  function beat () {
    for (const response of responses) response.write(':\n')
  }
}

export { fanOut as idle }

/** @type {import('../workloads/churn.js').Churn} */
export async function churn ({ payload }) {
  const app = Fastify()
  app.get('/', (request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, HEAD)
    reply.raw.write(`event: price\ndata: ${JSON.stringify(payload(0))}\n\n`)
  })
  await app.ready()
  return { server: app.server }
}
