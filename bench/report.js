import { readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { median, spread } from './statistics.js'

/**
 * The results as a Markdown table, best first, failures last.
 *
 * @param {Array<{ title: string, name: string, rounds: object[], error?: string }>} results
 * @param {string} base Name of the contestant that the others are compared with.
 */
export function table (results, base) {
  const baseRounds = results.find(({ name, error }) => name === base && error === undefined)?.rounds
  const rows = results.filter(({ error }) => error === undefined).map(({ title, rounds }) => ({
    title,
    rate: median(rounds.map(round => round.eventsPerCpuSecond)),
    spread: spread(rounds.map(round => round.eventsPerCpuSecond)),
    // Of the same round, so that what slows the machine down for a while slows both.
    ratios: baseRounds && rounds.map((round, i) => round.eventsPerCpuSecond / baseRounds[i].eventsPerCpuSecond),
    longestTurnMs: median(rounds.map(round => round.longestTurnMs)),
    maxRssMiB: median(rounds.map(round => round.maxRssMiB))
  })).sort((a, b) => b.rate - a.rate)

  const cells = [
    ['contestant', 'events per CPU second', 'spread', 'ratio', 'lowest to highest', 'CPU per event', 'longest turn', 'peak memory'],
    ['---', '---:', '---:', '---:', '---:', '---:', '---:', '---:'],
    ...rows.map(({ title, rate, spread, ratios, longestTurnMs, maxRssMiB }) => [
      title,
      Math.round(rate / 1e3) * 1e3,
      `± ${percent(spread)}`,
      ratios ? `**${median(ratios).toFixed(2)}**` : '',
      ratios ? `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}` : '',
      `${(1e6 / rate).toFixed(2)} µs`,
      `${longestTurnMs.toFixed(1)} ms`,
      `${maxRssMiB.toFixed(0)} MiB`
    ].map(cell => typeof cell === 'number' ? cell.toLocaleString('en') : cell)),
    ...results.filter(({ error }) => error !== undefined).map(({ title, error }) => [title, `failed: ${error.replaceAll('|', '\\|')}`, ...Array(6).fill('')])
  ]
  return cells.map(row => `| ${row.join(' | ')} |`).join('\n')
}

/** What the results depend on, as a Markdown list. */
export function conditions ({ packages, cores, workload, rounds, count, warmup }) {
  const [cpu] = cpus()
  return [
    `- machine: ${cpu?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release().match(/^\d+\.\d+/)}`,
    `- ${[`Node.js ${process.versions.node}`, ...[...packages].sort().map(name => `${name} ${versionOf(name)}`)].join(', ')}`,
    `- workload ${workload}, rounds: ${rounds}, each of ${count.toLocaleString('en')} events after ${warmup.toLocaleString('en')} to warm up; ` +
      (cores ? 'each server pinned to one core, the load to another' : 'processes **not pinned** to cores: there is no taskset, or only one core'),
    `- ${new Date().toISOString().slice(0, 10)}`
  ].join('\n')
}

function versionOf (name) {
  const path = name === 'fastify-typed-sse' ? '../package.json' : `../node_modules/${name}/package.json`
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version
}

function percent (part) {
  return `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`
}
