// One instance of a contestant's app, a process of its own:
//   node --expose-gc bench/cluster/instance.js <contestant> <task as JSON>
import { once } from 'node:events'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { cpuMs } from '../cpu-time.js'
import { weigh } from '../weigh.js'
import { audienceOf, payload } from './events.js'

const [contestantUrl, task] = process.argv.slice(2)
const { audiences } = JSON.parse(task)

/** Of the queue of connections that are not accepted yet: a batch of the load's has room in it. */
const BACKLOG = 1_024

/** For those who have one: its timer is there, and does not come up while they are measured. */
const HEARTBEAT_MS = 600_000

let cpuMsBefore = 0

const { instance } = await import(contestantUrl)
const { server, publish } = await instance({ ...JSON.parse(task), heartbeatMs: HEARTBEAT_MS })
server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG })
await once(server, 'listening')

const answers = { weigh: ({ connections }) => weigh(server, connections), publish: publishAll, pace, begin, end }
process.on('message', async message => { process.send(await answers[message.do](message)) })
process.on('disconnect', () => { process.exit() })
process.send({ port: server.address().port })

/** Each in a turn of the event loop of its own. Nobody waits for what `publish` returns; if it rejects, the process ends. */
async function publishAll ({ from, to }) {
  for (let i = from; i < to; i++) {
    await setImmediate()
    publish(payload(i), audienceOf(i, audiences))
  }
  return {}
}

/** So many per second, as well as a timer of 1 ms can: what is due comes in one turn. */
async function pace ({ from, to, perSecond }) {
  const begunMs = performance.now()
  for (let i = from; i < to;) {
    const due = from + 1 + Math.floor((performance.now() - begunMs) / 1e3 * perSecond)
    for (; i < Math.min(to, due); i++) publish(payload(i), audienceOf(i, audiences))
    await setTimeout(1)
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
