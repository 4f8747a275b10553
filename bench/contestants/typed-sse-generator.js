// This plugin where there is nothing to say (yet): declared events, an async generator that waits for its signal.
import { once } from 'node:events'
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sse, { eventStream } from 'fastify-typed-sse'

export const title = '**fastify-typed-sse**, async generator, declared'
export const packages = ['fastify-typed-sse', 'fastify', '@sinclair/typebox']

const prices = eventStream({ price: Type.Object({ symbol: Type.String(), value: Type.Number() }) })
const { price } = prices.event

/** @type {import('../workloads/idle.js').Idle} */
export async function idle ({ heartbeatMs }) {
  const app = Fastify()
  await app.register(sse, { heartbeatMs, commitAfterMs: 0 }) // the head goes out though there is no event

  app.get('/', { schema: { response: { 200: prices } } }, async function * (request, reply) {
    await untilLeft(reply.sse.signal)
  })
  await app.ready()
  return { server: app.server }
}

/** @type {import('../workloads/churn.js').Churn} */
export async function churn ({ payload }) {
  const app = Fastify()
  await app.register(sse)
  let open = 0
  app.get('/', { schema: { response: { 200: prices } } }, async function * (request, reply) {
    open++
    try {
      yield price(payload(0))
      await untilLeft(reply.sse.signal)
    } finally {
      open--
    }
  })
  await app.ready()
  return { server: app.server, open: () => open }
}

/** @param {AbortSignal} signal */
async function untilLeft (signal) {
  if (!signal.aborted) await once(signal, 'abort')
}
