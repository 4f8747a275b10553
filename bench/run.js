// node bench/run.js [--workload name] [--subscribers n,…] [--rounds n] [--events n] [--only name,…] [--with file]…
//   [--json file]; see README.md
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { findContestants } from './contestants.js'
import { pickCores, requireOpenFiles } from './processes.js'
import { caption, conditions, table } from './report.js'
import { runRounds } from './rounds.js'

const { values: options } = parseArgs({
  options: {
    workload: { type: 'string', default: 'one-stream' },
    subscribers: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    events: { type: 'string' },
    only: { type: 'string' },
    with: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' }
  }
})
const { workload } = options
const { kind, entry, defaultSubscribers, defaultDeliveries } = await import(`./workloads/${workload}.js`)
const { measure } = await import(`./${kind}/measure.js`)
const { columns, rate, unit } = await import(`./${kind}/columns.js`)
const rounds = positive('rounds', options.rounds)
const sizes = options.subscribers?.split(',').map(size => positive('subscribers', size)) ?? defaultSubscribers ?? [1]
if (defaultSubscribers === undefined && options.subscribers !== undefined) {
  throw new Error(`${workload} has one subscriber: --subscribers is for others`)
}
requireOpenFiles(Math.max(...sizes))

const contestants = await findContestants({ entry, only: options.only?.split(','), others: options.with })
const cores = pickCores()
const runs = []
for (const subscribers of sizes) {
  const count = positive('events', options.events ?? Math.ceil(defaultDeliveries / subscribers))
  const run = { workload, subscribers, count, warmup: Math.ceil(count / 2), cores }
  const results = await runRounds({
    contestants, rounds, note, describe, measureOne: contestantUrl => measure({ ...run, contestantUrl })
  })
  runs.push({ ...run, results })
  console.log(`${caption({ ...run, rounds })}\n\n${table(results, columns, rate)}\n`)
}

console.log(conditions({ packages: new Set(contestants.flatMap(({ packages }) => packages)), cores }))
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ runs }, null, 2)}\n`)
if (runs.some(({ results }) => results.some(({ error }) => error !== undefined))) process.exitCode = 1

function describe (measured) {
  return `${Math.round(rate(measured)).toLocaleString('en')} ${unit}`
}

function positive (name, given) {
  const value = Number(given)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} should be a positive whole number, instead got '${given}'`)
  return value
}

function note (text) {
  process.stderr.write(`${text}\n`)
}
