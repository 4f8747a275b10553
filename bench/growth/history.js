// A channel whose clients come back and have missed everything that it keeps.
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sse, { eventStream } from 'fastify-typed-sse'
import { MAX_EVENT_BYTES, payload } from '../prices.js'
import { cpuMsOfVisits } from './visits.js'

export const unit = 'event replayed; its part of the connection is in it'

const EVENTS = 400_000

/** Connections are dear: there are fewer of them than this where each gets little. */
const MAX_CLIENTS = 5_000

const prices = eventStream({ price: Type.Object({ symbol: Type.String(), value: Type.Number() }) })
const size = Number(new URL(import.meta.url).searchParams.get('size'))

export async function serve () {
  const app = Fastify()
  await app.register(sse)
  const channel = app.sse.channel('prices', prices, { history: { maxEvents: size, maxBytes: Infinity } })
  app.get('/', { schema: { response: { 200: prices } } }, request => channel.subscribe(request))
  await app.ready()
  const seen = await channel.position() // before the first one
  for (let i = 0; i < size; i++) await channel.publish(prices.event.price(payload(i)))
  return { server: app.server, path: `/?lastEventId=${encodeURIComponent(seen)}`, until: `${JSON.stringify(payload(size - 1))}\n\n\r\n` }
}

/** @param {number} size */
export async function measureUnit (size, { url, portion, cores }) {
  const count = Math.ceil(Math.min(MAX_CLIENTS, EVENTS / size) * portion)
  const cpuMs = await cpuMsOfVisits(url, { count, keepsAlive: false, events: size, bytes: 8_192 + size * MAX_EVENT_BYTES }, cores)
  return cpuMs / (count * size) * 1e3
}
