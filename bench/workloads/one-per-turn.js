import { setImmediate } from 'node:timers/promises'
import { task as always } from './one-stream.js'

/**
 * Like one-stream, but each event comes in a turn of the event loop of its own, as from a feed: there is nothing to join
 * it with, and most of its cost is the write to the socket.
 */
export { entry, kind, urlFor } from './one-stream.js'

export const defaultDeliveries = 100_000

export const quick = { rounds: 1, deliveries: 20_000 }

/** @type {import('./one-stream.js').OneStreamTask} */
export const task = { ...always, nextTurn: () => setImmediate() }
