// The load generator, a process of its own: the subscribers of all instances, on raw sockets. They keep the bytes and when
// they came, and look for the event that is awaited. What they are is looked at when the measurement is over.
import { setTimeout } from 'node:timers/promises'
import { Subscriber } from '../fan-out/subscriber.js'
import { nowUs } from './clock.js'
import { eventsOf, markOf, MAX_EVENT_BYTES } from './events.js'
import { bodyOf } from '../response.js'

/** Who connects at the same time. */
const BATCH = 100

const HEAD_BYTES = 4_096

const TIMEOUT_MS = 30_000

/** How long the end of a last event may take that has been seen already. */
const LAST_MS = 500

/** @typedef {{ subscriber: Subscriber, audience: number, seen: number, reads: Array<{ length: number, at: number }> }} Client */

/** @type {Client[]} */
let clients = []
let audiences = 1

const answers = { connect, receive, check, latencies, leave }
process.on('message', async message => {
  try {
    process.send(await answers[message.do](message))
  } catch (error) {
    process.send({ error: error.message })
  }
})
process.on('disconnect', () => { process.exit() })

/** So many for each port. They are there when they have the greeting. */
async function connect ({ ports, subscribers, count, greeting, ...task }) {
  audiences = task.audiences
  const bytesEach = HEAD_BYTES + Math.ceil(count / audiences) * MAX_EVENT_BYTES
  const store = Buffer.alloc(bytesEach * subscribers * ports.length)
  const wanted = ports.flatMap(port => Array.from({ length: subscribers }, (_, i) => ({ port, audience: i % audiences })))
  for (let first = 0; first < wanted.length; first += BATCH) {
    const batch = wanted.slice(first, first + BATCH).map(({ port, audience }, i) => {
      const start = (first + i) * bytesEach
      const reads = []
      const subscriber = new Subscriber(port, store.subarray(start, start + bytesEach), {
        path: `/${audience}`, onRead: length => { reads.push({ length, at: nowUs() }) }
      })
      return { subscriber, audience, seen: 0, reads }
    })
    clients.push(...batch)
    await all(batch, () => greeting)
  }
  return {}
}

/** Until everybody has everything of these events. */
async function receive ({ from, last }) {
  await all(clients, ({ audience }) => {
    const newest = last - (last - audience + audiences) % audiences
    return newest >= from ? markOf(newest) : undefined
  })
  return {}
}

/** Whether everybody has all of the first events that are his, each once and in order, and nothing else. */
async function check ({ count }) {
  await setTimeout(LAST_MS)
  /** Most have the same as the first one of their audience, byte for byte. */
  const right = new Map()
  clients.forEach(({ subscriber, audience }, n) => {
    try {
      const body = bodyOf(subscriber.received)
      if (right.get(audience) === body) return
      const events = eventsOf(subscriber.received)
      events.forEach(({ i }, k) => {
        const expected = audience + k * audiences
        if (i !== expected) throw new Error(`event ${expected} should come next, instead got ${i}`)
      })
      const expected = Math.ceil((count - audience) / audiences)
      if (events.length !== expected) throw new Error(`there should be ${expected} events, instead got ${events.length}`)
      right.set(audience, body)
    } catch (error) {
      throw new Error(`subscriber ${n}: ${error.message}`)
    }
  })
  return {}
}

/** From publish to the read that has the last byte, of all subscribers. */
function latencies ({ from, to }) {
  const took = clients.flatMap(({ subscriber, reads }) => {
    let next = 0
    return eventsOf(subscriber.received).filter(({ i }) => i >= from && i < to).map(({ at, end }) => {
      while (reads[next].length < end) next++
      return reads[next].at - at
    })
  }).sort((a, b) => a - b)
  const part = portion => took[Math.min(took.length - 1, Math.floor(took.length * portion))] / 1e3
  return { p50: part(0.5), p99: part(0.99), p999: part(0.999), max: part(1) }
}

function leave () {
  for (const { subscriber } of clients) subscriber.leave()
  clients = []
  return {}
}

/**
 * @param {Client[]} those
 * @param {(client: Client) => string | undefined} awaited What each has to receive, if anything.
 */
function all (those, awaited) {
  return new Promise((resolve, reject) => {
    const timer = globalThis.setTimeout(() => {
      reject(new Error(`${missing} of ${those.length} subscribers do not have everything after ${TIMEOUT_MS} ms`))
    }, TIMEOUT_MS)
    let missing = 1
    for (const client of those) {
      const mark = awaited(client)
      if (mark === undefined) continue
      missing++
      client.subscriber.when((bytes, length) => isThere(client, mark, bytes, length), done)
    }
    done()

    function done (error) {
      if (error === undefined && --missing > 0) return
      clearTimeout(timer)
      error === undefined ? resolve() : reject(error)
    }
  })
}

function isThere (client, mark, bytes, length) {
  const at = bytes.subarray(client.seen, length).indexOf(mark, 'latin1')
  // It may be cut by the end of what was read.
  client.seen = at === -1 ? Math.max(client.seen, length - mark.length) : client.seen + at
  return at !== -1
}
