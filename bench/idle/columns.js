import { medianColumn, ratioColumns } from '../report.js'

const BASE = 'fastify-hijack'

/** Beats per second. */
export const rate = round => 1e6 / round.cpuPerBeatUs
export const unit = 'heartbeats per CPU second'

const bytes = value => Math.round(value).toLocaleString('en')

const cpuPerBeat = round => round.cpuPerBeatUs

// Ranges only of the other: as many columns would be ranges.
const [toNet] = ratioColumns(['to bare writes of net', ''], 'net', cpuPerBeat)

/** @type {import('../report.js').Column[]} */
export const columns = [
  medianColumn('heap per stream', round => round.heapPerStream, bytes),
  aboveColumn('heap above hijack', round => round.heapPerStream),
  medianColumn('resident per stream', round => round.residentPerStream, bytes),
  medianColumn('CPU per heartbeat', cpuPerBeat, us => `${us.toFixed(2)} µs`),
  ...ratioColumns([`to bare writes of ${BASE}`, 'lowest to highest'], BASE, cpuPerBeat),
  toNet,
  medianColumn('longest turn', round => round.longestTurnMs, ms => `${ms.toFixed(1)} ms`)
]

/** Round by round. */
function aboveColumn (heading, value) {
  const base = medianColumn(heading, round => round.difference, bytes)
  return {
    heading,
    cell: (rounds, roundsOf) => {
      const baseRounds = roundsOf(BASE)
      return baseRounds === undefined ? '' : base.cell(rounds.map((round, i) => ({ difference: value(round) - value(baseRounds[i]) })))
    }
  }
}
