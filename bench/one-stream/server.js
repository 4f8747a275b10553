// One contestant's server, a process of its own: node bench/one-stream/server.js <contestant> <workload> <events>
import { once } from 'node:events'
import { cpuMs } from '../cpu-time.js'
import { peakMiB } from '../peak-memory.js'

const [contestantUrl, workloadName, most] = process.argv.slice(2)
const [contestant, { entry, task }] = await Promise.all([import(contestantUrl), import(`../workloads/${workloadName}.js`)])

/** As often as a timer goes. It costs a thousandth of the time, in every server alike. */
const TICK_MS = 1

let cpuMsBefore = 0
let cpuMsAtTick = 0
let longestTurnMs = 0
let ticks

const server = await contestant[entry]({ ...task, most: Number(most) })
server.listen(0, '127.0.0.1')
await once(server, 'listening')

process.on('message', message => { process.send(message.do === 'begin' ? begin() : end()) })
process.on('disconnect', () => { process.exit() })
process.send({ port: server.address().port, idleRssMiB: process.memoryUsage.rss() / 2 ** 20 })

function begin () {
  cpuMsBefore = cpuMsAtTick = cpuMs()
  longestTurnMs = 0
  ticks = setInterval(tick, TICK_MS)
  return {}
}

function end () {
  tick()
  clearInterval(ticks)
  return {
    cpuMs: cpuMs() - cpuMsBefore,
    longestTurnMs,
    maxRssMiB: peakMiB()
  }
}

/**
 * How long other work had to wait, in CPU time of this process: the delay of a timer by the clock would also hold the
 * time that the machine has given to others.
 */
function tick () {
  const nowMs = cpuMs()
  longestTurnMs = Math.max(longestTurnMs, nowMs - cpuMsAtTick)
  cpuMsAtTick = nowMs
}
