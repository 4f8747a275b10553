// One contestant's server, a process of its own: node bench/latency/server.js <contestant>
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { payload } from '../prices.js'
import { nowUs } from './clock.js'

/** For those who have one: its timer is there, and does not come up while they are measured. */
const HEARTBEAT_MS = 600_000

/** Of the queue of connections that are not accepted yet. */
const BACKLOG = 1_024

/** What fills the buffers on the way to the one that does not read, and how many it may take. */
const FILLER = { symbol: 'x'.repeat(16 * 1024), value: -1 }
const MAX_FILLERS = 2_000

/** After which what has not left waits for good. */
const FILL_MS = 20

const [contestantUrl] = process.argv.slice(2)
const { fanOut } = await import(contestantUrl)
const { server, publish } = await fanOut({ payload: i => i === -1 ? FILLER : payload(i), heartbeatMs: HEARTBEAT_MS })

/** The last one that came. */
let newest
server.on('connection', socket => { newest = socket })
server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG })
await once(server, 'listening')

const answers = { pace, fill, stalled, left }
process.on('message', async message => {
  try {
    process.send(await answers[message.do](message))
  } catch (error) {
    process.send({ error: error.message })
  }
})
process.on('disconnect', () => { process.exit() })
process.send({ port: server.address().port })

/**
 * Publishes each event when it is due, whatever became of those before. Nothing sleeps in between, so that timers, which
 * are only as exact as a millisecond, have no part in the latency.
 */
function pace ({ from, to, perSecond }) {
  const periodUs = 1e6 / perSecond
  const startUs = nowUs()
  let i = from
  return new Promise(resolve => {
    turn()

    function turn () {
      for (const now = nowUs(); i < to && startUs + (i - from) * periodUs <= now; i++) publish(i)
      if (i < to) setImmediate(turn)
      else resolve({ startUs })
    }
  })
}

/** Until the newest one has no room left: in its own buffer, in the kernel's, in this process's. */
async function fill ({ last }) {
  let fillers = 0
  while (newest.writableLength === 0) {
    if (fillers++ === MAX_FILLERS) throw new Error(`${MAX_FILLERS} events of 16 KiB went to one that does not read`)
    publish(-1)
    await setTimeout(FILL_MS)
  }
  publish(last)
  return { fillers }
}

/** Whether it still is what it should be. */
function stalled () {
  const { writableLength, destroyed } = newest
  if (destroyed || writableLength === 0) throw new Error(`the one that does not read should still be waited for, instead ${destroyed ? 'it is closed' : 'it has read'}`)
  return { waitingBytes: writableLength }
}

async function left () {
  if (!newest.destroyed) await once(newest, 'close')
  return {}
}
