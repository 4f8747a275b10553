import { columnsOf, perEvent } from '../cluster/columns.js'
import { medianColumn, ratioColumns, spreadColumn } from '../report.js'

/**
 * What a broker costs an instance with many subscribers, beside the one in memory: each event when everybody has the one
 * before, published in the same process, where the broker is all that differs.
 */
export const kind = 'cluster'
export const entry = 'instance'
export const defaultOnly = ['orpc-redis', 'transmit-redis', 'typed-sse-memory', 'typed-sse-nats', 'typed-sse-redis']
export const defaultSubscribers = [1_000]
export const defaultRounds = 5

export const placement = 'the instance pinned to one core, engine and load to the other'
export const programs = [['redis-server', '--version'], ['nats-server', '--version']]

const DELIVERIES = 200_000
const QUICK_DELIVERIES = 50_000
const MAX_EVENTS = 2_000

/**
 * @param {number[]} sizes
 * @param {boolean} isQuick
 * @returns {Array<import('../cluster/measure.js').Setup & { caption: string }>}
 */
export function cases (sizes, isQuick) {
  return sizes.map(subscribers => {
    const events = Math.min(MAX_EVENTS, (isQuick ? QUICK_DELIVERIES : DELIVERIES) / subscribers)
    return {
      ...published(events),
      caption: `${count(events)} events to ${count(subscribers)} subscribers of the instance that publishes`,
      subscribers,
      weighs: true
    }
  })
}

/** @param {number} events After half as many to warm up. */
export function published (events) {
  return {
    instances: 1,
    audiences: 1,
    by: 'channel',
    publishesItself: true,
    isPinned: true,
    phases: [
      { name: 'warmup', events: Math.ceil(events / 2), pace: 'one-by-one' },
      { name: 'all', events: Math.ceil(events), pace: 'one-by-one' }
    ]
  }
}

/** @param {number} number */
export function count (number) {
  return Math.ceil(number).toLocaleString('en')
}

export const rate = round => 1e6 / round.all.deliveryUs
export const unit = 'deliveries per CPU second'

const kilobytes = bytes => `${(bytes / 1e3).toFixed(1)} KB`

export const costColumns = [
  medianColumn('CPU per delivery', round => round.all.deliveryUs, us => `${us.toFixed(2)} µs`),
  spreadColumn(rate),
  ...ratioColumns(['cost to memory', 'lowest to highest'], 'typed-sse-memory', round => round.all.deliveryUs),
  ...columnsOf('per event', [
    perEvent('CPU instance', round => round.all.instanceUs),
    perEvent('engine', round => round.all.engineUs)
  ])
]

export const columns = [
  ...costColumns,
  medianColumn('resident per subscriber', round => round.residentPerSubscriber, kilobytes),
  medianColumn('heap per subscriber', round => round.heapPerSubscriber, kilobytes)
]
