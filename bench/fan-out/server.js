// One contestant's server, a process of its own: node --expose-gc bench/fan-out/server.js <contestant> <workload>
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { cpuMs } from '../cpu-time.js'
import { weigh } from '../weigh.js'

const [contestantUrl, workloadName] = process.argv.slice(2)
const [contestant, { entry, task, eventsPerTurn }] = await Promise.all([import(contestantUrl), import(`../workloads/${workloadName}.js`)])

/** Of the queue of connections that are not accepted yet: a batch of the load's has room in it. */
const BACKLOG = 1_024

let cpuMsBefore = 0

const { server, publish } = await contestant[entry](task)
server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG })
await once(server, 'listening')

const answers = { weigh: ({ connections }) => weigh(server, connections), publish: publishAll, begin, end }
process.on('message', async message => { process.send(await answers[message.do](message)) })
process.on('disconnect', () => { process.exit() })
process.send({ port: server.address().port })

async function publishAll ({ from, to }) {
  for (let i = from; i < to; i++) {
    if ((i - from) % eventsPerTurn === 0) await setImmediate()
    publish(i)
  }
  return {}
}

function begin () {
  cpuMsBefore = cpuMs()
  return {}
}

function end () {
  return { cpuMs: cpuMs() - cpuMsBefore }
}
