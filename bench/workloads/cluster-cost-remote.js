import { cases as published, costColumns } from './cluster-cost.js'

/**
 * Like cluster-cost, but another instance publishes, and the one that is measured only hands on. What is in memory has no
 * other instance: it publishes itself, here too, for the others to be compared with.
 */
export { defaultOnly, defaultRounds, defaultSubscribers, entry, kind, placement, programs, rate, unit } from './cluster-cost.js'

export const columns = costColumns

/**
 * @param {number[]} sizes
 * @param {boolean} isQuick
 */
export function cases (sizes, isQuick) {
  return published(sizes, isQuick).map(each => ({
    ...each,
    caption: each.caption.replace('the instance that publishes', 'another instance than the one that publishes'),
    publishesItself: false,
    weighs: false
  }))
}
