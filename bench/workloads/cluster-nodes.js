import { columnsOf, latencyColumns, perEvent, whole } from '../cluster/columns.js'

/** How it grows with instances that follow, and with channels: one client for each channel, and at least one per instance. */
export const kind = 'cluster'
export const entry = 'engine'
export const defaultOnly = ['typed-sse-nats', 'typed-sse-redis']
export const defaultRounds = 3

export { placement, programs } from './cluster-latency.js'

const SETUPS = [
  { instances: 1, audiences: 1, by: 'channel', name: '1 instance that follows 1 channel' },
  { instances: 2, audiences: 1, by: 'channel', name: '2 instances that follow 1 channel' },
  { instances: 4, audiences: 1, by: 'channel', name: '4 instances that follow 1 channel' },
  { instances: 1, audiences: 100, by: 'channel', name: '1 instance that follows 100 channels' },
  { instances: 1, audiences: 1_000, by: 'channel', name: '1 instance that follows 1,000 channels' },
  { instances: 1, audiences: 1_000, by: 'topic', name: '1 instance that follows 1,000 topics of 1 channel' }
]

/**
 * @param {number[]} _sizes
 * @param {boolean} isQuick The first and the last of them.
 * @returns {Array<import('../cluster/measure.js').Setup & { caption: string }>}
 */
export function cases (_sizes, isQuick) {
  return (isQuick ? [SETUPS[0], SETUPS.at(-1)] : SETUPS).map(({ name, ...setup }) => ({
    ...setup,
    caption: `2,000 events at 1,000 per second, and 10,000 as fast as they go, to ${name}`,
    subscribers: setup.audiences,
    publishesItself: false,
    isPinned: false,
    phases: [
      { name: 'warmup', events: 2_000, pace: 1_000 },
      { name: 'steady', events: 2_000, pace: 1_000, isTimed: true },
      { name: 'most', events: 10_000, pace: 'ahead' }
    ]
  }))
}

export const rate = round => round.most.eventsPerSecond
export const unit = 'events per second'

const phases = [['at 1,000/s', 'steady'], ['at most', 'most']]

export const columns = [
  ...columnsOf('at 1,000/s', latencyColumns(round => round.steady)),
  whole('most per second', rate),
  ...phases.flatMap(([before, phase]) => columnsOf(before, [
    perEvent('CPU publisher', round => round[phase].publisherUs),
    perEvent('each instance', round => round[phase].instanceUs),
    perEvent('engine', round => round[phase].engineUs)
  ]))
]
