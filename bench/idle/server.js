// One contestant's server, a process of its own: node --expose-gc bench/idle/server.js <contestant> <heartbeatMs>
import { once } from 'node:events'
import { writeHeapSnapshot } from 'node:v8'
import { cpuMs } from '../cpu-time.js'
import { LongestTurn } from '../longest-turn.js'
import { payload } from '../prices.js'
import { weigh } from '../weigh.js'

const [contestantUrl, heartbeatMs] = process.argv.slice(2)

/** Of the queue of connections that are not accepted yet: a batch of the load's has room in it. */
const BACKLOG = 1_024

let cpuMsBefore = 0
let longestTurn

const { idle } = await import(contestantUrl)
const { server, publish, beat } = await idle({ payload, heartbeatMs: Number(heartbeatMs) })
server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG })
await once(server, 'listening')
// Those without heartbeats of their own.
if (beat !== undefined) setInterval(beat, Number(heartbeatMs))

const answers = { weigh: ({ connections }) => weigh(server, connections), snapshot, publish: publishFirst, begin, end, beginTurns, endTurns }
process.on('message', async message => { process.send(await answers[message.do](message)) })
process.on('disconnect', () => { process.exit() })
process.send({ port: server.address().port })

/** After a weighing, which has collected the garbage. */
function snapshot ({ file }) {
  writeHeapSnapshot(file)
  return {}
}

/** From then on the last write to all is the same, and their heartbeats are due at the same time. Not all can. */
function publishFirst () {
  publish?.(0)
  return { events: publish === undefined ? 0 : 1 }
}

function begin () {
  cpuMsBefore = cpuMs()
  return {}
}

function end () {
  return { cpuMs: cpuMs() - cpuMsBefore }
}

function beginTurns () {
  longestTurn = new LongestTurn()
  return {}
}

function endTurns () {
  return { longestTurnMs: longestTurn.end() }
}
