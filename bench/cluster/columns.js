import { medianColumn } from '../report.js'

/** @typedef {import('../report.js').Column} Column */

/**
 * Columns with something before their headings.
 *
 * @param {string} before
 * @param {Column[]} columns
 * @returns {Column[]}
 */
export function columnsOf (before, columns) {
  return columns.map(column => ({ ...column, heading: `${before}: ${column.heading}` }))
}

/** @param {(round: object) => object} phaseOf */
export function latencyColumns (phaseOf) {
  return [['p50', 'p50'], ['p99', 'p99'], ['p99.9', 'p999']]
    .map(([heading, key]) => medianColumn(heading, round => phaseOf(round).latencyMs[key], ms => `${ms.toFixed(2)} ms`))
}

/** @param {string} heading @param {(round: object) => number} value */
export function whole (heading, value) {
  return medianColumn(heading, value, number => Math.round(number).toLocaleString('en'))
}

/** Microseconds of CPU time. Those without an engine have none. @param {string} heading @param {(round: object) => number | undefined} value */
export function perEvent (heading, value) {
  return medianColumn(heading, round => value(round) ?? NaN, us => Number.isNaN(us) ? '' : `${us.toFixed(us < 10 ? 2 : us < 100 ? 1 : 0)} µs`)
}
