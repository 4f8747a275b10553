import { costColumns, count, published } from './cluster-cost.js'

/**
 * Like cluster-cost, but each event is for a tenth of the subscribers: ten topics of one channel, or ten channels for those
 * who have no topics.
 */
export { defaultOnly, defaultSubscribers, entry, kind, placement, programs, rate, unit } from './cluster-cost.js'

export const defaultRounds = 3

export const columns = costColumns

const TOPICS = 10
const DELIVERIES = 100_000
const QUICK_DELIVERIES = 25_000

/**
 * @param {number[]} sizes
 * @param {boolean} isQuick
 * @returns {Array<import('../cluster/measure.js').Setup & { caption: string }>}
 */
export function cases (sizes, isQuick) {
  return sizes.map(subscribers => {
    const events = (isQuick ? QUICK_DELIVERIES : DELIVERIES) / subscribers * TOPICS
    return {
      ...published(events),
      caption: `${count(events)} events to ${TOPICS} topics with ${count(subscribers / TOPICS)} subscribers each, of the instance that publishes`,
      subscribers,
      audiences: TOPICS,
      by: 'topic'
    }
  })
}
