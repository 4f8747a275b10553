import { median } from '../statistics.js'

/** What all others are compared with. */
const BASE = 'node-http'

/** Fewer say little, and are marked. */
const ENOUGH_ROUNDS = 3

const FLOORS = new Set(['net', 'c'])

const TITLES = {
  'one-stream': 'One stream, events always ready: events per CPU second',
  'one-per-turn': 'One stream, one event in each turn: events per CPU second',
  'fan-out': 'One event in each turn to # subscribers: deliveries per CPU second',
  'fan-out-bursts': 'Ten events in each turn to # subscribers: deliveries per CPU second',
  'fan-out-ahead': 'One event in each turn to # subscribers, up to ten turns ahead: deliveries per CPU second',
  churn: 'Open, first event, close: connections per CPU second',
  'churn-complete': 'One event and its end, connections kept: responses per CPU second'
}

/**
 * @typedef {object} Row
 * @property {string} title
 * @property {'own' | 'other' | 'base' | 'floor'} role
 * @property {number | undefined} ratio Median of the ratios to node:http, round by round. Undefined for who has failed.
 * @property {number | undefined} lowest Of these ratios. Undefined also where there is one round, which has no range.
 * @property {number | undefined} highest
 *
 * @typedef {object} Panel
 * @property {string} title
 * @property {Row[]} rows Best first, who has failed last. Who could not take part on the machine is left out.
 */

/**
 * What is to be drawn of runs: those in which node:http has taken part, each workload and number of subscribers once.
 *
 * @param {Array<{ workload: string, subscribers: number, isQuick: boolean, results: import('../rounds.js').Result[], rate: (round: object) => number }>} runs
 * @returns {Panel[]}
 * @throws {Error} When there are two runs of the same.
 */
export function panelsOf (runs) {
  const panels = new Map()
  for (const { workload, subscribers, isQuick, results, rate } of runs) {
    const base = results.find(({ name, error }) => name === BASE && error === undefined)
    if (base === undefined) continue
    const title = titleOf(workload, subscribers) + marksOf(isQuick, base.rounds.length)
    if (panels.has(title)) throw new Error(`there should be one run of each workload, instead got two of '${title}'`)
    const rows = results.filter(({ absence }) => absence === undefined).map(result => rowOf(result, base, rate))
    panels.set(title, { title, rows: rows.sort((a, b) => (b.ratio ?? -1) - (a.ratio ?? -1)) })
  }
  return [...panels.values()]
}

function titleOf (workload, subscribers = 1) {
  return (TITLES[workload] ?? `${workload}, #`).replace('#', subscribers.toLocaleString('en'))
}

/** What a reader should know before believing it. */
function marksOf (isQuick, rounds) {
  const marks = []
  if (isQuick) marks.push('a quick run')
  if (rounds < ENOUGH_ROUNDS) marks.push(rounds === 1 ? 'one round' : `${rounds} rounds`)
  return marks.length === 0 ? '' : ` (${marks.join(', ')})`
}

function rowOf ({ name, title, error, rounds }, base, rate) {
  const row = { title: plain(title), role: roleOf(name) }
  if (error !== undefined) return { ...row, ratio: undefined, lowest: undefined, highest: undefined }
  const ratios = rounds.map((round, i) => rate(round) / rate(base.rounds[i]))
  const ratio = median(ratios)
  if (ratios.length < 2) return { ...row, ratio, lowest: undefined, highest: undefined }
  return { ...row, ratio, lowest: Math.min(...ratios), highest: Math.max(...ratios) }
}

/** Without Markdown, and short enough to stand beside a bar. */
function plain (title) {
  return title.replace(/\*\*|`/g, '').replace(/^fastify-typed-sse\b/, 'this plugin')
}

function roleOf (name) {
  if (name.startsWith('typed-sse')) return 'own'
  if (FLOORS.has(name)) return 'floor'
  return name === BASE ? 'base' : 'other'
}
