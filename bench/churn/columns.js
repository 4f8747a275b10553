import { medianColumn, ratioColumns, spreadColumn } from '../report.js'

export const rate = round => round.streamsPerCpuSecond
export const unit = 'streams per CPU second'

/** @type {import('../report.js').Column[]} */
export const columns = [
  medianColumn(unit, rate, value => (Math.round(value / 10) * 10).toLocaleString('en')),
  spreadColumn(rate),
  ...ratioColumns(['ratio to hijack', 'lowest to highest'], 'fastify-hijack', rate),
  medianColumn('CPU per stream', rate, value => `${(1e6 / value).toFixed(0)} µs`),
  medianColumn('heap left by each', round => round.heapLeft, bytes => `${Math.round(bytes)} bytes`)
]
