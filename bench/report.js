import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { median, spread } from './statistics.js'

/**
 * The results as a Markdown table, best first, failures and who is absent last.
 *
 * @typedef {object} Column
 * @property {string} heading
 * @property {(rounds: object[], roundsOf: (name: string) => object[] | undefined) => string} cell Of a contestant's
 *   rounds, and those of others, by name, who may have failed or not taken part.
 *
 * @param {import('./rounds.js').Result[]} results
 * @param {Column[]} columns
 * @param {(round: object) => number} rate What is best when it is highest.
 */
export function table (results, columns, rate) {
  const failed = results.filter(({ error }) => error !== undefined)
  const absent = results.filter(({ absence }) => absence !== undefined)
  const passed = results.filter(({ error, absence }) => error === undefined && absence === undefined)
  const roundsOf = name => passed.find(result => result.name === name)?.rounds
  const rows = [
    ['contestant', ...columns.map(({ heading }) => heading)],
    ['---', ...columns.map(() => '---:')],
    ...passed.toSorted((a, b) => median(b.rounds.map(rate)) - median(a.rounds.map(rate)))
      .map(({ title, rounds }) => [title, ...columns.map(({ cell }) => cell(rounds, roundsOf))]),
    ...failed.map(({ title, error }) => [title, `failed: ${error.replaceAll('|', '\\|')}`, ...columns.slice(1).map(() => '')]),
    ...absent.map(({ title, absence }) => [title, `not measured: ${absence}`, ...columns.slice(1).map(() => '')])
  ]
  return rows.map(row => `| ${row.join(' | ')} |`).join('\n')
}

/**
 * A column with the median of the rounds. Empty for those who have no such value.
 *
 * @param {string} heading
 * @param {(round: object) => number | undefined} value
 * @param {(median: number) => string} show
 * @returns {Column}
 */
export function medianColumn (heading, value, show) {
  return {
    heading,
    cell: rounds => {
      const values = rounds.map(value)
      return values.every(Number.isFinite) ? show(median(values)) : ''
    }
  }
}

/**
 * How far a usual round is from the median. Empty where there is only one.
 *
 * @param {(round: object) => number} value
 * @returns {Column}
 */
export function spreadColumn (value) {
  return {
    heading: 'spread',
    cell: rounds => {
      if (rounds.length < 2) return ''
      const part = spread(rounds.map(value))
      return `± ${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`
    }
  }
}

/**
 * The median of the ratios to another contestant, and the range of them: round by round, so that what slows the machine
 * down for a while slows both. One round has no range.
 *
 * @param {[median: string, range: string]} headings
 * @param {string} base Name of the other contestant.
 * @param {(round: object) => number} rate
 * @returns {[Column, Column]}
 */
export function ratioColumns ([heading, rangeHeading], base, rate) {
  const column = (heading, show) => ({
    heading,
    cell: (rounds, roundsOf) => {
      const baseRounds = roundsOf(base)
      return baseRounds === undefined ? '' : show(rounds.map((round, i) => rate(round) / rate(baseRounds[i])))
    }
  })
  return [
    column(heading, ratios => `**${median(ratios).toFixed(2)}**`),
    column(rangeHeading, ratios => ratios.length < 2 ? '' : `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`)
  ]
}

/** What was measured in each round. */
export function caption ({ subscribers, count, warmup }) {
  const audience = subscribers === 1 ? '' : ` to ${subscribers.toLocaleString('en')} subscribers`
  return `${count.toLocaleString('en')} events${audience} after ${warmup.toLocaleString('en')} to warm up`
}

/**
 * What the results depend on.
 *
 * @param {object} what
 * @param {Set<string>} what.packages
 * @param {import('./processes.js').Cores | undefined} what.cores
 * @param {string} [what.placement] Which process runs where.
 * @param {string[][]} [what.programs] Commands that print their versions.
 */
export function conditionsOf ({ packages, cores, placement = 'each server pinned to one core, the load to another', programs = [] }) {
  const [cpu] = cpus()
  return {
    machine: `${cpu?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release().match(/^\d+\.\d+/)}; ` +
      (cores ? placement : 'processes **not pinned** to cores: there is no taskset, or only one core'),
    versions: [`Node.js ${process.versions.node}`, ...[...packages].sort().map(name => `${name} ${versionOf(name)}`), ...programs.map(printed)],
    date: new Date().toISOString().slice(0, 10)
  }
}

/** The same as a Markdown list. */
export function listOf ({ machine, versions, date }) {
  return [`- machine: ${machine}`, `- ${versions.join(', ')}`, `- ${date}`].join('\n')
}

/** The first line that a program prints. */
function printed ([command, ...args]) {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' })
  return stdout?.split('\n')[0] ?? `no ${command}`
}

function versionOf (name) {
  const path = name === 'fastify-typed-sse' ? '../package.json' : `../node_modules/${name}/package.json`
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version
}
