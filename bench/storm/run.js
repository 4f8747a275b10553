// What happens when all clients of a channel come back at once, each for what it has missed:
//   npm run build && node bench/storm/run.js [--clients 5000] [--missed 200] [--within-ms 1000] [--per-second 5]
//     [--concurrency n] [--max-waiting n] [--json]
import { parseArgs } from 'node:util'
import { Peer, pickCores, requireOpenFiles } from '../processes.js'
import { Storm } from './storm.js'

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '5000' },
    missed: { type: 'string', default: '200' },
    'within-ms': { type: 'string', default: '1000' },
    'per-second': { type: 'string', default: '5' },
    concurrency: { type: 'string' },
    'max-waiting': { type: 'string' },
    json: { type: 'boolean', default: false }
  }
})
const number = name => values[name] === undefined ? undefined : positive(name, values[name])
const setup = { clients: number('clients'), missed: number('missed'), withinMs: number('within-ms'), perSecond: number('per-second') }
const options = { replayConcurrency: number('concurrency'), maxWaitingReplays: number('max-waiting') }
requireOpenFiles(setup.clients * 2)

const cores = pickCores()
const server = new Peer('./storm/server.js', [JSON.stringify(options)], { core: cores?.server, flags: ['--expose-gc'] })
const load = new Peer('./storm/load.js', [], { core: cores?.load })
try {
  const report = await new Storm(server, load).run(setup)
  console.log(values.json ? JSON.stringify({ setup, options, cores, report }, null, 2) : lines(report).join('\n'))
  if (report.lost + report.doubled > 0 || report.live !== setup.clients) process.exitCode = 1
} catch (error) {
  await server.endsSoon() // then that is why
  throw error
} finally {
  await Promise.all([server.stop(), load.stop()])
}

function lines ({ live, lost, doubled, events, connections, overloaded, allLiveMs, resumeMs, lateMs, longestTurnMs, cpuMs, memory }) {
  const { clients, missed, withinMs, perSecond } = setup
  const list = values => Object.entries(values).map(([name, value]) => `${name} ${Math.round(value)}`).join(', ')
  return [
    `${clients} clients come back within ${withinMs} ms, each for ${missed} events, while ${perSecond} a second are published`,
    `on ${cores === undefined ? 'whatever cores there are' : 'one core, and the clients on another'}, Node.js ${process.version}`,
    '',
    `live again: ${live}; events lost: ${lost}; doubled: ${doubled}; received since they left: ${events}`,
    `connections that it took: ${connections}; turned away since too many waited: ${overloaded}`,
    `all have what they missed after ${Math.round(allLiveMs)} ms; of each, from its first try, in ms: ${list(resumeMs)}`,
    `server, from the first to the last: CPU time ${Math.round(cpuMs)} ms; a timer is late, in ms: ${list(lateMs)}; longest turn ${Math.round(longestTurnMs)} ms`,
    `memory (resident, MiB): ${list(memory)}`
  ]
}

function positive (name, text) {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} should be a whole number above 0, instead got '${text}'`)
  return value
}
