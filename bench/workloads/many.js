import { count as toText } from './cluster-cost.js'
import { columnsOf, perEvent, whole } from '../cluster/columns.js'
import { medianColumn, ratioColumns } from '../report.js'

/**
 * How a broadcast grows with processes of one machine: the same subscribers, shared out by node:cluster among one process or
 * two, with Redis between them. Each process publishes in its turn, the next event when everybody has the one before.
 */
export const kind = 'many'
export const defaultRounds = 5
export const defaultSubscribers = [1_000, 2_000]
export const quick = { subscribers: [1_000] }

export const placement = 'processes not pinned: workers, Redis and the load share the cores'
export const programs = [['redis-server', '--version']]

const DELIVERIES = 300_000
const QUICK_DELIVERIES = 100_000

const PROCESSES = [1, 2]

/**
 * The rows, in the place of contestants.
 *
 * @param {string[]} [only] Numbers of processes, others than these as well.
 */
export function contestants (only = PROCESSES.map(String)) {
  return only.map(processes => {
    if (!/^[1-9]\d*$/.test(processes)) throw new Error(`--only takes numbers of processes; instead got '${processes}'`)
    return {
      url: new URL(`../many/worker.js?processes=${processes}`, import.meta.url).href,
      name: processes,
      title: processes === '1' ? '1 process' : `${processes} processes`,
      packages: ['fastify-typed-sse', 'fastify', '@sinclair/typebox', 'ioredis']
    }
  })
}

/**
 * @param {number[]} sizes
 * @param {boolean} isQuick
 */
export function cases (sizes, isQuick) {
  return sizes.map(subscribers => {
    const count = Math.ceil((isQuick ? QUICK_DELIVERIES : DELIVERIES) / subscribers)
    return { subscribers, count, warmup: Math.ceil(count / 2), caption: `${toText(count)} events to ${toText(subscribers)} subscribers of all processes together` }
  })
}

/** They stay in their order. */
export const rate = () => 1

const perSecond = round => round.deliveriesPerSecond
const perCpuSecond = round => 1e6 / round.deliveryUs

/** @param {{ subscribersOfEach: number[], deliveriesPerSecond: number, deliveryUs: number }} round */
export function describe (round) {
  return `${toText(perSecond(round))} deliveries per second, ${round.deliveryUs.toFixed(2)} µs of CPU each; ` +
    `subscribers: ${round.subscribersOfEach.join(' and ')}`
}

const ratios = ['to one process', 'lowest to highest']

/** @type {import('../report.js').Column[]} */
export const columns = [
  ...columnsOf('by the clock', [whole('deliveries per second', perSecond), ...ratioColumns(ratios, '1', perSecond)]),
  ...columnsOf('CPU of all workers', [
    medianColumn('per delivery', round => round.deliveryUs, us => `${us.toFixed(2)} µs`),
    whole('deliveries per second of it', perCpuSecond),
    ...ratioColumns(ratios, '1', perCpuSecond)
  ]),
  perEvent('CPU of Redis per event', round => round.engineUs)
]
