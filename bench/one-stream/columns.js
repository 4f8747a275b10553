import { medianColumn, ratioColumns, spreadColumn } from '../report.js'

const BASE = 'node-http'

export const rate = round => round.eventsPerCpuSecond
export const unit = 'events per CPU second'

/** @type {import('../report.js').Column[]} */
export const columns = [
  medianColumn(unit, rate, value => (Math.round(value / 1e3) * 1e3).toLocaleString('en')),
  spreadColumn(rate),
  ...ratioColumns(['ratio', 'lowest to highest'], BASE, rate),
  medianColumn('CPU per event', rate, value => `${(1e6 / value).toFixed(2)} µs`),
  medianColumn('longest turn', round => round.longestTurnMs, value => `${value.toFixed(1)} ms`),
  medianColumn('peak memory', round => round.maxRssMiB, value => `${value.toFixed(0)} MiB`),
  medianColumn('of it grown', round => round.grownMiB, value => `${value.toFixed(0)} MiB`)
]
