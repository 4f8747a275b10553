import { cases as published } from './cluster-cost.js'

/** Like cluster-cost, but another instance publishes: this one only hands on. What is in memory can't take part, but is
 *  measured as there, to compare. */
export { columns, defaultOnly, defaultRounds, defaultSubscribers, entry, kind, placement, programs, rate, unit } from './cluster-cost.js'

/** @param {number[]} sizes */
export function cases (sizes) {
  return published(sizes).map(each => ({
    ...each, publishesItself: false, caption: each.caption.replace('of the instance that publishes', 'of another instance than the one that publishes')
  }))
}
