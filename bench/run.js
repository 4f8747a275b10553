// node bench/run.js [--workload name] [--quick] [--subscribers n,…] [--rounds n] [--events n] [--only name,…]
//   [--with file]… [--heartbeat-ms n] [--json file]; see README.md
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { findContestants } from './contestants.js'
import { pickCores, requireOpenFiles } from './processes.js'
import { caption, conditionsOf, listOf, table } from './report.js'
import { runRounds } from './rounds.js'

const { values: options } = parseArgs({
  options: {
    workload: { type: 'string', default: 'one-stream' },
    quick: { type: 'boolean', default: false },
    subscribers: { type: 'string' },
    rounds: { type: 'string' },
    events: { type: 'string' },
    only: { type: 'string' },
    with: { type: 'string', multiple: true, default: [] },
    'heartbeat-ms': { type: 'string' },
    json: { type: 'string' }
  }
})
const { workload: name } = options
const workload = await import(`./workloads/${name}.js`)
const { kind, directory, entry, defaultOnly } = workload
const { defaultRounds, defaultSubscribers, defaultDeliveries } = defaults(options.quick)
const { measure } = await import(`./${kind}/measure.js`)
const { columns, rate, unit } = workload.columns === undefined ? await import(`./${kind}/columns.js`) : workload
const rounds = positive('rounds', options.rounds ?? defaultRounds)
const sizes = options.subscribers?.split(',').map(size => positive('subscribers', size)) ?? defaultSubscribers ?? [1]
if (workload.defaultSubscribers === undefined && options.subscribers !== undefined) {
  throw new Error(`${name} has subscribers of its own: --subscribers is for others`)
}
if (workload.cases !== undefined && options.events !== undefined) {
  throw new Error(`${name} has events of its own: --events is for others`)
}
if (kind !== 'idle' && options['heartbeat-ms'] !== undefined) throw new Error(`${name} is measured without heartbeats: --heartbeat-ms is for idle`)
const heartbeatMs = options['heartbeat-ms'] === undefined ? undefined : positive('heartbeat-ms', options['heartbeat-ms'])
requireOpenFiles(Math.max(...sizes))

if (workload.contestants !== undefined && options.with.length > 0) throw new Error(`${name} has rows of its own: --with is for others`)
const only = options.only?.split(',') ?? defaultOnly
const contestants = workload.contestants?.(only) ?? await findContestants({ directory, kind, entry, only, others: options.with })
const cores = pickCores()
const runs = []
for (const { caption, ...setup } of workload.cases?.(sizes, options.quick, { heartbeatMs }) ?? sizes.map(caseOf)) {
  const run = { workload: name, ...setup, cores }
  const results = await runRounds({
    contestants, rounds, note, describe, measureOne: contestantUrl => measure({ ...run, contestantUrl })
  })
  runs.push({ ...run, isQuick: options.quick, caption, results })
  console.log(`Workload ${name}${options.quick ? ', quick' : ''}, rounds: ${rounds}, each of ${caption}:\n\n${table(results, columns, rate)}\n`)
}

const packages = new Set(contestants.flatMap(({ packages }) => packages))
const conditions = conditionsOf({ packages, cores, placement: workload.placement, programs: workload.programs })
console.log(listOf(conditions))
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ conditions, runs }, null, 2)}\n`)
if (runs.some(({ results }) => results.some(({ error }) => error !== undefined))) process.exitCode = 1

/** What is measured where nothing else is said. Quick ones show that it works, and little more: less than a minute of it. */
function defaults (isQuick) {
  const { rounds, subscribers, deliveries } = isQuick ? workload.quick ?? {} : {}
  return {
    defaultRounds: rounds ?? (isQuick ? 1 : workload.defaultRounds ?? 5),
    defaultSubscribers: subscribers ?? workload.defaultSubscribers,
    defaultDeliveries: deliveries ?? workload.defaultDeliveries
  }
}

/** Of a workload that differs in nothing but the number of subscribers. */
function caseOf (subscribers) {
  const count = positive('events', options.events ?? Math.ceil(defaultDeliveries / subscribers))
  const warmup = Math.ceil(count / 2)
  return { subscribers, count, warmup, caption: caption({ subscribers, count, warmup }) }
}

function describe (measured) {
  return workload.describe?.(measured) ?? `${Math.round(rate(measured)).toLocaleString('en')} ${unit}`
}

function positive (name, given) {
  const value = Number(given)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} should be a positive whole number, instead got '${given}'`)
  return value
}

function note (text) {
  process.stderr.write(`${text}\n`)
}
