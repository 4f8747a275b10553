// One contestant's server, a process of its own: node --expose-gc bench/churn/server.js <contestant> <workload>
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { cpuMs } from '../cpu-time.js'
import { weigh } from '../weigh.js'

const [contestantUrl, workloadName] = process.argv.slice(2)
const [contestant, { entry, task }] = await Promise.all([import(contestantUrl), import(`../workloads/${workloadName}.js`)])

/** How long those who have left may still be there. */
const LEAVING_MS = 5_000

let cpuMsBefore = 0

const made = await contestant[entry](task)
const { server, open = () => 0 } = 'server' in made ? made : { server: made }
const connections = promisify(server.getConnections).bind(server)
server.listen(0, '127.0.0.1')
await once(server, 'listening')

const answers = { weigh: weighEmpty, begin, end }
process.on('message', async message => {
  try {
    process.send(await answers[message.do](message))
  } catch (error) {
    process.send({ error: error.message })
  }
})
process.on('disconnect', () => { process.exit() })
process.send({ port: server.address().port })

/** When all clients have left, as they have to be able to. */
async function weighEmpty () {
  await untilEmpty()
  return await weigh(server, 0)
}

async function untilEmpty () {
  const until = performance.now() + LEAVING_MS
  while (await connections() > 0 || open() > 0) {
    if (performance.now() > until) throw new Error(`${await connections()} connections and ${open()} streams are left of clients that have gone`)
    await setTimeout(5)
  }
}

function begin () {
  cpuMsBefore = cpuMs()
  return {}
}

/** With what it takes to get rid of the last clients. */
async function end () {
  await untilEmpty()
  return { cpuMs: cpuMs() - cpuMsBefore }
}
