// This plugin as docs/channels.md shows it, over any broker: what the contestants of bench/contestants share.
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sse, { eventStream } from 'fastify-typed-sse'

const prices = eventStream({ price: Type.Object({ symbol: Type.String(), value: Type.Number(), at: Type.Number() }) })
const { price } = prices.event

/** A client is told where it stands as soon as the broker has said that. */
export const greeting = 'event: stream-position'

/** For the longest pause that is to be repaired: ten times the default, which at 5,000 events per second is two seconds. */
const history = { maxEvents: 10_000 }

/**
 * @param {import('../workloads/cluster-latency.js').InstanceTask} task
 * @param {import('fastify-typed-sse').Broker} [broker]
 */
export async function typedSse ({ audiences, by, heartbeatMs }, broker) {
  const app = Fastify()
  await app.register(sse, broker === undefined ? { heartbeatMs } : { heartbeatMs, broker })
  const schema = { response: { 200: prices } }

  if (by === 'topic') {
    const channel = app.sse.channel('prices', prices, { history })
    app.get('/:audience', { schema }, request => channel.subscribe(request, { topics: [request.params.audience] }))
    await app.ready()
    return { server: app.server, publish: (payload, audience) => channel.publish(price(payload), { topic: String(audience) }) }
  }
  const channels = Array.from({ length: audiences }, (_, i) => app.sse.channel(`prices-${i}`, prices, { history }))
  app.get('/:audience', { schema }, request => channels[request.params.audience].subscribe(request))
  await app.ready()
  return { server: app.server, publish: (payload, audience) => channels[audience].publish(price(payload)) }
}
