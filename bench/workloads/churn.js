import { payload } from '../prices.js'

/**
 * Clients come, get one event, and go: each on a connection of its own.
 *
 * @typedef {object} ChurnTask
 * @property {(i: number) => { symbol: string, value: number }} payload Of the one event, which is number 0 and named `price`.
 * @property {(request: { url: string }) => number} countOf
 * @property {undefined} nextTurn
 *
 * @typedef {object} ChurnServer
 * @property {import('node:net').Server} server Does not listen yet. Whoever asks for `/` gets one event, and nothing more until it leaves.
 * @property {() => number} [open] Streams that it has, where it can tell.
 *
 * @typedef {(task: ChurnTask) => Promise<ChurnServer>} Churn
 */

/** The directory of the programs that measure it. */
export const kind = 'churn'

/** The function of a contestant that takes part. */
export const entry = 'churn'

/** @type {ChurnTask} */
export const task = { payload }

/** What a client asks for, and the end of what it waits for. */
export const path = '/'
export const until = `${JSON.stringify(payload(0))}\n\n\r\n`
export const keepsAlive = false

export const defaultRounds = 5

/** @param {number[]} sizes @param {boolean} isQuick */
export function cases (sizes, isQuick) {
  const count = isQuick ? 2_000 : 8_000
  return [{
    caption: `${count.toLocaleString('en')} clients, 16 at a time, that come, get an event and go, after half as many to warm up`,
    count
  }]
}
