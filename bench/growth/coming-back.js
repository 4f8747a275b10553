// A channel with a full history, whose clients come back when they have missed ten events.
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sse, { eventStream } from 'fastify-typed-sse'
import { MAX_EVENT_BYTES, payload } from '../prices.js'
import { cpuMsOfVisits } from './visits.js'

/** Also the number of topics, which take turns. */
const MISSED = 10

const CLIENTS = 4_000

/** However short the measurement is: those of the first thousand are still being optimized. */
const WARMUP_CLIENTS = 2_000

const prices = eventStream({ price: Type.Object({ symbol: Type.String(), value: Type.Number() }) })

export const topicOf = n => `topic ${n}`

/**
 * The server of a row, with as many events before those in its history, which are gone.
 *
 * @param {number} size Events in the history.
 * @param {string[] | undefined} topics Those of the clients. Default: they get all events.
 */
export async function serveHistory (size, topics) {
  const app = Fastify()
  await app.register(sse)
  const channel = app.sse.channel('prices', prices, { history: { maxEvents: size, maxBytes: Infinity } })
  app.get('/', { schema: { response: { 200: prices } } }, request => channel.subscribe(request, { topics }))
  await app.ready()
  // What a client gets has to begin with number 0, and to end with the last event that there is.
  const shift = topics === undefined ? 0 : 1
  let seen
  let last
  for (let i = 0; i < 2 * size; i++) {
    if (i === 2 * size - MISSED) seen = await channel.position()
    const n = (i + shift) % MISSED
    last = payload(n)
    await channel.publish(prices.event.price(last), { topic: topicOf(n) })
  }
  return { server: app.server, path: `/?lastEventId=${encodeURIComponent(seen)}`, until: `${JSON.stringify(last)}\n\n\r\n` }
}

/**
 * CPU time of the server for one client, in microseconds.
 *
 * @param {number} events That each gets.
 * @param {object} run
 * @param {string} run.url Of the row.
 * @param {number} run.portion
 * @param {import('../processes.js').Cores | undefined} run.cores
 */
export async function comingBackUs (events, { url, portion, cores }) {
  const count = Math.ceil(CLIENTS * portion)
  const visits = { count, warmup: WARMUP_CLIENTS, keepsAlive: false, events, bytes: 8_192 + MISSED * MAX_EVENT_BYTES }
  const cpuMs = await cpuMsOfVisits(url, visits, cores)
  return cpuMs / count * 1e3
}
