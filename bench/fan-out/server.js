// One contestant's server, a process of its own: node --expose-gc bench/fan-out/server.js <contestant> <workload>
import { once } from 'node:events'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { cpuMs } from '../cpu-time.js'

const [contestantUrl, workloadName] = process.argv.slice(2)
const [contestant, { entry, task, eventsPerTurn }] = await Promise.all([import(contestantUrl), import(`../workloads/${workloadName}.js`)])

/** Of the queue of connections that are not accepted yet: a batch of the load's has room in it. */
const BACKLOG = 1_024

let cpuMsBefore = 0

const { server, publish } = await contestant[entry](task)
server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG })
await once(server, 'listening')

const answers = { weigh, publish: publishAll, begin, end }
process.on('message', async message => { process.send(await answers[message.do](message)) })
process.on('disconnect', () => { process.exit() })
process.send({ port: server.address().port })

/** How much memory the process needs while it has so many connections and nothing to do. */
async function weigh ({ connections }) {
  const getConnections = promisify(server.getConnections).bind(server)
  while (await getConnections() !== connections) await setTimeout(20)
  for (let i = 0; i < 3; i++) {
    await setTimeout(50) // what is closing closes, what is finalized is freed by the next one
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  }
  const { rss, heapUsed } = process.memoryUsage()
  return { resident: rss, heap: heapUsed }
}

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
