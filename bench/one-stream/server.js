// One contestant's server, a process of its own: node bench/one-stream/server.js <contestant> <workload> <events>
import { once } from 'node:events'
import { cpuMs } from '../cpu-time.js'
import { LongestTurn } from '../longest-turn.js'
import { peakMiB } from '../peak-memory.js'

const [contestantUrl, workloadName, most] = process.argv.slice(2)
const [contestant, { entry, task }] = await Promise.all([import(contestantUrl), import(`../workloads/${workloadName}.js`)])

let cpuMsBefore = 0
let longestTurn

const server = await contestant[entry]({ ...task, most: Number(most) })
server.listen(0, '127.0.0.1')
await once(server, 'listening')

process.on('message', message => { process.send(message.do === 'begin' ? begin() : end()) })
process.on('disconnect', () => { process.exit() })
process.send({ port: server.address().port, idleRssMiB: process.memoryUsage.rss() / 2 ** 20 })

function begin () {
  cpuMsBefore = cpuMs()
  longestTurn = new LongestTurn()
  return {}
}

function end () {
  const longestTurnMs = longestTurn.end()
  return { cpuMs: cpuMs() - cpuMsBefore, longestTurnMs, maxRssMiB: peakMiB() }
}
