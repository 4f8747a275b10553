/**
 * Like fan-out, but the publisher does not wait: an event per turn of the event loop, and ten turns before everybody has to
 * have them. Who takes several turns to reach all subscribers may join what was published meanwhile.
 */
export { defaultDeliveries, defaultSubscribers, entry, eventsPerTurn, kind, quick, task } from './fan-out.js'

export const turnsAhead = 10
