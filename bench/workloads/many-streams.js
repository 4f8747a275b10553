import { contestants as processes, columns as all, describe as describeMany, rate as order } from './many.js'
import { urlFor } from './one-stream.js'

/**
 * How streams of their own grow with processes of one machine: 32 clients, each reading one stream of 200 events after the
 * other on a connection that it keeps, shared out by node:cluster among one process or two.
 */
export const kind = 'many-streams'
export const defaultRounds = 5

export const placement = 'processes not pinned: workers and the load share the cores'

export const EVENTS = 200
export const path = urlFor(EVENTS)
export const until = '\r\n0\r\n\r\n'

/** @param {string[]} [only] Numbers of processes. */
export function contestants (only) {
  return processes(only).map(each => ({ ...each, packages: ['fastify-typed-sse', 'fastify', '@sinclair/typebox'] }))
}

/** @param {number[]} sizes @param {boolean} isQuick */
export function cases (sizes, isQuick) {
  const count = isQuick ? 10_000 : 40_000
  return [{ count, warmup: count / 2, caption: `${count.toLocaleString('en')} streams of ${EVENTS} events, 32 at a time, of all processes together` }]
}

/** They stay in their order. */
export const rate = order

/** @param {{ streamsOfEach: number[], deliveriesPerSecond: number, deliveryUs: number }} round */
export function describe ({ streamsOfEach, ...round }) {
  return describeMany({ ...round, subscribersOfEach: streamsOfEach }).replace('subscribers', 'streams')
}

/** There is no Redis. */
export const columns = all.slice(0, -1)
