// node bench/run.js [--workload name] [--rounds n] [--events n] [--only name,…] [--with file]… [--json file]; see README.md
import { readdirSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { measure } from './measure.js'
import { Peer, pickCores } from './processes.js'
import { conditions, table } from './report.js'

const BASE = 'node-http'

const { values: options } = parseArgs({
  options: {
    workload: { type: 'string', default: 'one-stream' },
    rounds: { type: 'string', default: '5' },
    events: { type: 'string' },
    only: { type: 'string' },
    with: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' }
  }
})
const { workload } = options
const { defaultCount } = await import(`./workloads/${workload}.js`)
const rounds = positive('rounds', options.rounds)
const count = positive('events', options.events ?? defaultCount)
const warmup = Math.ceil(count / 2)

const contestants = await findContestants()
const cores = pickCores()
const results = contestants.map(({ name, title }) => ({ name, title, rounds: [], error: undefined }))
for (let round = 0; round < rounds; round++) {
  // Another one begins every time, so that nobody always comes after the same neighbour.
  for (let i = 0; i < contestants.length; i++) await runOne((i + round) % contestants.length)
  note(`round ${round + 1} of ${rounds} done\n`)
}

const packages = new Set(contestants.flatMap(({ packages }) => packages))
console.log(table(results, BASE))
console.log(`\n${conditions({ packages, cores, workload, rounds, count, warmup })}`)
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ workload, count, results }, null, 2)}\n`)
if (results.some(({ error }) => error !== undefined)) process.exitCode = 1

async function runOne (index) {
  const { url, name } = contestants[index]
  const result = results[index]
  if (result.error !== undefined) return
  // A fresh one each time: after a failure it may be anywhere.
  const load = new Peer('./load.js', [], cores?.load)
  try {
    const measured = await measure({
      contestantUrl: url, workload, count, warmup, timeoutMs: 10_000 + count / 5, load, core: cores?.server
    })
    result.rounds.push(measured)
    note(`${name}: ${Math.round(measured.eventsPerCpuSecond).toLocaleString('en')} events per CPU second\n`)
  } catch (error) {
    result.error = error.message.slice(0, 200) // an event may be long
    note(`${name}: failed: ${result.error}\n`)
  } finally {
    await load.stop()
  }
}

async function findContestants () {
  const directory = new URL('contestants/', import.meta.url)
  const own = readdirSync(directory).filter(file => file.endsWith('.js')).sort().map(file => new URL(file, directory).href)
  const only = options.only?.split(',')
  const nameOf = url => basename(url, '.js')
  for (const name of only ?? []) {
    if (!own.some(url => nameOf(url) === name)) throw new Error(`--only knows ${own.map(nameOf).join(', ')}; instead got '${name}'`)
  }
  const chosen = own.filter(url => only?.includes(nameOf(url)) ?? true)
  const others = options.with.map(file => ({ url: pathToFileURL(file).href, suffix: ` (${file})` }))
  return await Promise.all([...chosen.map(url => ({ url, suffix: '' })), ...others].map(async ({ url, suffix }) => {
    const { title, packages } = await import(url)
    return { url, name: nameOf(url) + suffix, title: title + suffix, packages }
  }))
}

function positive (name, given) {
  const value = Number(given)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} should be a positive whole number, instead got '${given}'`)
  return value
}

function note (text) {
  process.stderr.write(text)
}
