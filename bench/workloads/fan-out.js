import { payload } from '../prices.js'

/**
 * One process publishes small events to many subscribers, each event when everybody has the one before.
 *
 * @typedef {object} FanOutTask
 * @property {(i: number) => { symbol: string, value: number }} payload The payload of each event, the same for every contestant. Its name is `price`.
 * @property {number} heartbeatMs For those who have one: its timer is there, and does not come up while they are measured.
 *
 * @typedef {object} FanOutServer
 * @property {import('node:net').Server} server Does not listen yet. Whoever connects and asks for `/` is a subscriber.
 * @property {(i: number) => unknown} publish Sends event `i` to all subscribers. Nobody waits for what it returns.
 *
 * @typedef {(task: FanOutTask) => Promise<FanOutServer>} FanOut
 */

/** The directory of the programs that measure it. */
export const kind = 'fan-out'

/** The function of a contestant that takes part. */
export const entry = 'fanOut'

/** Each is measured, and has a table, of its own. */
export const defaultSubscribers = [1_000, 5_000]

/** Events × subscribers. */
export const defaultDeliveries = 300_000

export const quick = { rounds: 1, deliveries: 50_000, subscribers: [1_000] }

export const eventsPerTurn = 1

/** In so many turns of the event loop events are published; then everybody has to have them all, before the next are. */
export const turnsAhead = 1

/** @type {FanOutTask} */
export const task = { payload, heartbeatMs: 600_000 }
