/** Like fan-out, but the events come in bursts: ten in the same turn of the event loop, which may leave in one write. */
export { defaultSubscribers, entry, kind, task, turnsAhead } from './fan-out.js'

export const defaultDeliveries = 1_000_000

export const quick = { rounds: 1, deliveries: 200_000, subscribers: [1_000] }

export const eventsPerTurn = 10
