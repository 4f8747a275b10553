// One of the processes that share a port, started by primary.js: node bench/many/worker.js <port of Redis>
import { cpuMs } from '../cpu-time.js'
import { payload } from '../cluster/events.js'
import { instance } from '../contestants/typed-sse-redis.js'

const [enginePort] = process.argv.slice(2)

/** Its timer is there, and does not come up while it is measured. */
const HEARTBEAT_MS = 600_000

/** Of the queue of connections that are not accepted yet: a batch of the load's has room in it. */
const BACKLOG = 1_024

let cpuMsBefore = 0

const { server, publish } = await instance({ enginePort: Number(enginePort), audiences: 1, by: 'channel', heartbeatMs: HEARTBEAT_MS })
server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG })

const answers = { publish: publishOne, begin, end }
process.on('message', async message => { process.send(await answers[message.do](message)) })

/** Nobody waits for what `publish` returns; if it rejects, the process ends. */
function publishOne ({ i }) {
  publish(payload(i), 0)
  return {}
}

function begin () {
  cpuMsBefore = cpuMs()
  return {}
}

async function end () {
  return { cpuMs: cpuMs() - cpuMsBefore, subscribers: await connections() }
}

function connections () {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => { error === null ? resolve(count) : reject(error) })
  })
}
