import { requireOpenFiles } from '../processes.js'
import { median } from '../statistics.js'

/**
 * What this plugin's work costs for ten, a hundred, a thousand and ten thousand of something, each per unit: nothing may
 * grow faster than what there is to do.
 */
export const kind = 'growth'
export const defaultRounds = 2

const WHAT = {
  subscribers: 'subscribers of a channel',
  net: 'sockets of bare `net`, the floor beside them',
  topics: 'topics of a channel, a subscriber each',
  history: 'events that a client has missed',
  tail: 'events in the history; a client has missed ten',
  'topic-tail': 'events in the history; a client has missed ten, one of its topic',
  fields: 'fields of a payload'
}

/** Of the work. */
const QUICK_PORTION = 0.25

const SIZES = [10, 100, 1_000, 10_000]

/**
 * The rows, in the place of contestants.
 *
 * @param {string[]} [only] Of what. Default: of all.
 */
export function contestants (only = Object.keys(WHAT)) {
  requireOpenFiles(Math.max(...SIZES))
  return only.flatMap(dimension => {
    const what = WHAT[dimension]
    if (what === undefined) throw new Error(`--only knows ${Object.keys(WHAT).join(', ')}; instead got '${dimension}'`)
    return SIZES.map(size => ({
      url: new URL(`../growth/${dimension}.js?size=${size}`, import.meta.url).href,
      name: `${dimension}-${size}`,
      title: `${size.toLocaleString('en')} ${what}`,
      packages: ['fastify-typed-sse', 'fastify', '@sinclair/typebox']
    }))
  })
}

/** @param {number[]} sizes @param {boolean} isQuick */
export function cases (sizes, isQuick) {
  return [{ caption: 'the same amount of work in all', portion: isQuick ? QUICK_PORTION : 1 }]
}

/** They stay in their order. */
export const rate = () => 1

/** @param {{ unitUs: number, unit: string }} round */
export function describe ({ unitUs, unit }) {
  return `${unitUs.toFixed(2)} µs per ${unit}`
}

/** @type {import('../report.js').Column[]} */
export const columns = [
  { heading: 'CPU per unit', cell: rounds => `${median(rounds.map(({ unitUs }) => unitUs)).toFixed(2)} µs` },
  { heading: 'unit', cell: ([{ unit }]) => unit },
  toColumn('to that of ten', () => 10),
  toColumn('to that of a tenth', size => size / 10)
]

function toColumn (heading, sizeOf) {
  return {
    heading,
    cell: (rounds, roundsOf) => {
      const [{ dimension, size }] = rounds
      const base = roundsOf(`${dimension}-${sizeOf(size)}`)
      return base === undefined ? '' : median(rounds.map(({ unitUs }, i) => unitUs / base[i].unitUs)).toFixed(2)
    }
  }
}
