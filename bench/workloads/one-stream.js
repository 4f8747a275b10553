import { payload } from '../prices.js'

/**
 * One client reads one stream of small events from an async generator that always has the next one ready.
 *
 * @typedef {object} OneStreamTask
 * @property {(request: { url: string }) => number} countOf How many events a request asks for.
 * @property {(i: number) => { symbol: string, value: number }} payload The payload of each event, the same for every contestant. Its name is `price`.
 * @property {(() => Promise<void>) | undefined} nextTurn What a source waits for before each event, if anything.
 * @property {number} [most] Events of the longest stream that will be asked for, for those who make its bytes before.
 *
 * @typedef {(task: OneStreamTask) => Promise<import('node:http').Server>} OneStream
 */

/** The directory of the programs that measure it. */
export const kind = 'one-stream'

/** The function of a contestant that takes part. */
export const entry = 'oneStream'

export const defaultDeliveries = 200_000

export const quick = { rounds: 1, deliveries: 50_000 }

/** @type {OneStreamTask} */
export const task = { countOf, payload, nextTurn: undefined }

/** @param {number} count */
export function urlFor (count) {
  return `/?events=${count}`
}

function countOf (request) {
  return Number(request.url.slice(request.url.indexOf('=') + 1))
}
