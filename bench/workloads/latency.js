import { columnsOf, latencyColumns } from '../cluster/columns.js'
import { medianColumn, ratioColumns } from '../report.js'

/** Events at a steady rate to some subscribers: how long each takes, also while somebody does not read at all. */
export const kind = 'latency'
export const entry = 'fanOut'
export const defaultOnly = ['better-sse-channel', 'fastify-hijack', 'fastify-sse-set', 'net', 'node-http-shared', 'typed-sse-channel']
export const defaultSubscribers = [200]
export const defaultRounds = 3

const EVENTS_PER_SECOND = 1_000
const SECONDS = 6
const QUICK_SECONDS = 2

/** @param {number[]} sizes @param {boolean} isQuick */
export function cases (sizes, isQuick) {
  const seconds = isQuick ? QUICK_SECONDS : SECONDS
  return sizes.map(subscribers => ({
    caption: `${EVENTS_PER_SECOND.toLocaleString('en')} events per second to ${subscribers.toLocaleString('en')} subscribers, ${seconds} seconds, ` +
      `and ${seconds} seconds with one more that does not read, after ${seconds / 2} to warm up`,
    subscribers,
    perSecond: EVENTS_PER_SECOND,
    count: EVENTS_PER_SECOND * seconds
  }))
}

/** The less, the better. */
export const rate = round => 1 / round.plain.latencyMs.p99

/** @param {object} round */
export function describe ({ plain, stalled }) {
  const shown = ({ latencyMs: { p50, p99 } }) => `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`
  return `${shown(plain)}; while one stalls ${shown(stalled)}`
}

const p99 = round => round.plain.latencyMs.p99

export const columns = [
  ...columnsOf('all read', latencyColumns(round => round.plain)),
  ...ratioColumns(['p99 to net', 'lowest to highest'], 'net', p99),
  ...columnsOf('one stalls', latencyColumns(round => round.stalled)),
  medianColumn('its p99 to that when all read', round => round.stalled.latencyMs.p99 / p99(round), ratio => `**${ratio.toFixed(2)}**`),
  medianColumn('load busy', round => round.plain.loadBusy, part => `${(part * 100).toFixed(0)} %`)
]
