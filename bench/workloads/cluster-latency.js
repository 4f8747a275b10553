import { columnsOf, latencyColumns, perEvent, whole } from '../cluster/columns.js'

/**
 * One instance publishes, and a client of another one reads: how long that takes, and how many events go through.
 *
 * @typedef {object} InstanceTask
 * @property {number | undefined} enginePort Where Redis or NATS listens on 127.0.0.1, for those who have an engine.
 * @property {number} audiences Whoever asks for `/3` is in audience 3.
 * @property {'channel' | 'topic'} by What makes the audiences, for those who have topics in a channel.
 * @property {number} heartbeatMs For those who have one.
 *
 * @typedef {object} ClusterServer
 * @property {import('node:http').Server} server Does not listen yet.
 * @property {(payload: { symbol: string, value: number, at: number }, audience: number) => unknown} publish Sends an event
 *   named `price` to an audience, on all instances. Nobody waits for what it returns.
 *
 * @typedef {(task: InstanceTask) => Promise<ClusterServer>} Instance
 */

/** The directory of the programs that measure it. */
export const kind = 'cluster'

/** What contestants have that take part: something that connects their instances. */
export const entry = 'engine'

export const defaultRounds = 3

export const placement = 'processes not pinned: publisher, instance, engine and load share the two cores'
export const programs = [['redis-server', '--version'], ['nats-server', '--version']]

/**
 * @param {number[]} _sizes
 * @param {boolean} isQuick
 * @returns {Array<import('../cluster/measure.js').Setup & { caption: string }>}
 */
export function cases (_sizes, isQuick) {
  const slow = isQuick ? 1_000 : 3_000
  return [{
    caption: `${slow.toLocaleString('en')} events at 500 per second, 10,000 at 5,000 per second, and 20,000 as fast as they go, up to 1,000 of them under way`,
    instances: 1,
    subscribers: 1,
    audiences: 1,
    by: 'channel',
    publishesItself: false,
    isPinned: false,
    phases: [
      { name: 'warmup', events: 5_000, pace: 5_000 },
      { name: 'slow', events: slow, pace: 500, isTimed: true },
      { name: 'fast', events: 10_000, pace: 5_000, isTimed: true },
      { name: 'most', events: 20_000, pace: 'ahead' }
    ]
  }]
}

export const rate = round => round.most.eventsPerSecond
export const unit = 'events per second'

export const columns = [
  columnsOf('at 500/s', latencyColumns(round => round.slow)),
  columnsOf('at 5,000/s', latencyColumns(round => round.fast)),
  whole('most per second', rate),
  columnsOf('at 5,000/s', [
    perEvent('CPU publisher', round => round.fast.publisherUs),
    perEvent('subscriber', round => round.fast.instanceUs),
    perEvent('engine', round => round.fast.engineUs)
  ])
].flat()
