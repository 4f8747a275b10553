// This plugin as its README shows it: a channel whose events are declared, validated and kept for those who come back.
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sse, { eventStream } from 'fastify-typed-sse'

export const title = '**fastify-typed-sse**, `channel.publish`, declared and validated'
export const packages = ['fastify-typed-sse', 'fastify', '@sinclair/typebox']

const prices = eventStream({ price: Type.Object({ symbol: Type.String(), value: Type.Number() }) })
const { price } = prices.event

/** @type {import('../workloads/fan-out.js').FanOut} */
export async function fanOut (task) {
  return await fanOutWith(task, {})
}

/** @param {import('fastify-typed-sse').FastifySseOptions} options */
export async function fanOutWith ({ payload, heartbeatMs }, options) {
  const app = Fastify()
  await app.register(sse, { heartbeatMs, ...options })
  const channel = app.sse.channel('prices', prices)
  app.get('/', { schema: { response: { 200: prices } } }, request => channel.subscribe(request))
  await app.ready()
  return { server: app.server, publish: i => channel.publish(price(payload(i))) }
}

export { fanOut as idle }

/** @type {import('../workloads/churn.js').Churn} */
export async function churn ({ payload }) {
  const app = Fastify()
  await app.register(sse)
  const channel = app.sse.channel('prices', prices)
  app.get('/', { schema: { response: { 200: prices } } }, request => channel.subscribe(request, { from: 'start' }))
  await app.ready()
  await channel.publish(price(payload(0)))
  return { server: app.server, open: () => channel.subscriberCount() }
}
