import { medianColumn, ratioColumns, spreadColumn } from '../report.js'

export const rate = round => round.deliveriesPerCpuSecond
export const unit = 'deliveries per CPU second'

const kilobytes = bytes => `${(bytes / 1e3).toFixed(1)} KB`

// Ranges only of the second: a third of the columns would be ranges.
const [toNet] = ratioColumns(['ratio to net', ''], 'net', rate)

/** @type {import('../report.js').Column[]} */
export const columns = [
  medianColumn('CPU per delivery', rate, value => `${(1e6 / value).toFixed(2)} µs`),
  spreadColumn(rate),
  toNet,
  ...ratioColumns(['ratio to node:http', 'lowest to highest'], 'node-http', rate),
  medianColumn('bytes per delivery', round => round.bytesPerDelivery, value => value.toFixed(0)),
  medianColumn('resident per subscriber', round => round.residentPerSubscriber, kilobytes),
  medianColumn('heap per subscriber', round => round.heapPerSubscriber, kilobytes)
]
