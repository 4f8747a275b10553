// The load generator, a process of its own: subscribers on raw sockets that keep the bytes, and when they came. What they
// are, and how long they took, is looked at between the measurements.
import { connect as connectSocket } from 'node:net'
import { cpuMs } from '../cpu-time.js'
import { Subscriber } from '../fan-out/subscriber.js'
import { MAX_EVENT_BYTES, payload } from '../prices.js'
import { nowUs } from './clock.js'

const HEAD_BYTES = 4_096

/** Room for a filler, which may be joined with some more. */
const FILLER_BYTES = 1024 * 1024

/** As much as the end of an event that is awaited. */
const TAIL_BYTES = 128

/** A read may hold less than one event, but that is rare. */
const READS_PER_EVENT = 3

const TIMEOUT_MS = 30_000

/** @typedef {{ subscriber: Subscriber, reads: number, lengths: Uint32Array, times: Float64Array }} Client */

/** @type {Client[]} */
let clients = []
/** Whether nothing of what comes is kept but its end. */
let discards = false
let stalledSocket
let begun = { cpuMs: 0, atUs: 0 }

/** @type {Record<string, { latencies: Float64Array[], loadMs: number, wallMs: number }>} */
const collected = {}

const answers = { connect, stall, discard, begin, receive, collect, results, leave }
process.on('message', async message => {
  try {
    process.send(await answers[message.do](message))
  } catch (error) {
    process.send({ error: error.message })
  }
})
process.on('disconnect', () => { process.exit() })

async function connect ({ port, subscribers, count }) {
  const bytesEach = HEAD_BYTES + count * MAX_EVENT_BYTES + FILLER_BYTES
  const reads = count * READS_PER_EVENT
  clients = Array.from({ length: subscribers }, () => {
    const client = { subscriber: undefined, reads: 0, lengths: new Uint32Array(reads), times: new Float64Array(reads) }
    client.subscriber = new Subscriber(port, Buffer.alloc(bytesEach), { onRead: length => { note(client, length) } })
    return client
  })
  await all((bytes, length) => bytes.subarray(0, length).includes('\r\n\r\n'))
  return {}
}

function note (client, length) {
  if (discards) {
    if (length > TAIL_BYTES) client.subscriber.forget(TAIL_BYTES)
    return
  }
  client.lengths[client.reads] = length
  client.times[client.reads++] = nowUs()
}

/** Somebody who gets the head, and takes nothing more out of the kernel's buffers than Node.js does by itself. */
async function stall ({ port }) {
  stalledSocket = connectSocket(port, '127.0.0.1')
  stalledSocket.on('error', () => {}) // the server may break it off
  stalledSocket.write(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\n\r\n`)
  await new Promise(resolve => { stalledSocket.once('readable', resolve) })
  return {}
}

function leave () {
  stalledSocket.destroy()
  return {}
}

function discard () {
  discards = true
  return {}
}

/** Everybody has everything that was sent, and begins anew. */
function begin () {
  discards = false
  for (const client of clients) {
    client.subscriber.forget()
    client.reads = 0
  }
  begun = { cpuMs: cpuMs(), atUs: nowUs() }
  return {}
}

/** Until everybody has everything up to the event of that number. */
async function receive ({ last }) {
  // The end of its data, of its frame and of its chunk.
  const end = Buffer.from(`${JSON.stringify(payload(last))}\n\n\r\n`)
  await all((bytes, length) => length >= end.length && bytes.compare(end, 0, end.length, length - end.length, length) === 0)
  return {}
}

/** From when each event was due to the read that has its last byte, of all subscribers; each has to have all, once and in order. */
function collect ({ name, from, to, startUs, perSecond }) {
  const { latencies, ...sums } = collected[name] ??= { latencies: [], loadMs: 0, wallMs: 0 }
  collected[name] = {
    latencies,
    loadMs: sums.loadMs + cpuMs() - begun.cpuMs,
    wallMs: sums.wallMs + (nowUs() - begun.atUs) / 1e3
  }
  const periodUs = 1e6 / perSecond
  let first
  clients.forEach(({ subscriber, reads, lengths, times }, n) => {
    const { received } = subscriber
    // Most have the same as the first one, byte for byte.
    const ends = first?.received.equals(received) ? first.ends : endsOf(received, from, to, n)
    first ??= { received, ends }
    const took = new Float64Array(to - from)
    let read = 0
    ends.forEach((end, i) => {
      while (read < reads && lengths[read] < end) read++
      if (read === reads) throw new Error(`subscriber ${n} has more reads than there is room for`)
      took[i] = times[read] - startUs - i * periodUs
    })
    latencies.push(took)
  })
  return {}
}

/** The places behind the last byte of each event. */
function endsOf (received, from, to, n) {
  const ends = []
  let at = 0
  for (let i = from; i < to; i++) {
    const data = `${JSON.stringify(payload(i))}\n\n`
    const found = received.indexOf(data, at, 'latin1')
    if (found === -1) throw new Error(`subscriber ${n}: event ${i} should come after the one before`)
    ends.push(at = found + data.length)
  }
  const events = received.toString('latin1').match(/^event: ?price$/gm)?.length
  if (events !== to - from) throw new Error(`subscriber ${n}: there should be ${to - from} events, instead got ${events}`)
  return ends
}

function results () {
  return Object.fromEntries(Object.entries(collected).map(([name, { latencies, loadMs, wallMs }]) => {
    const sorted = new Float64Array(latencies.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const part of latencies) {
      sorted.set(part, at)
      at += part.length
    }
    sorted.sort()
    const part = portion => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * portion))] / 1e3
    return [name, { latencyMs: { p50: part(0.5), p99: part(0.99), p999: part(0.999), max: part(1) }, loadBusy: loadMs / wallMs }]
  }))
}

/** @param {import('../fan-out/subscriber.js').IsThere} isThere */
function all (isThere) {
  return new Promise((resolve, reject) => {
    let missing = clients.length
    const timer = setTimeout(() => {
      reject(new Error(`${missing} of ${clients.length} subscribers do not have everything after ${TIMEOUT_MS} ms`))
    }, TIMEOUT_MS)
    for (const { subscriber } of clients) subscriber.when(isThere, done)

    function done (error) {
      if (error === undefined && --missing > 0) return
      clearTimeout(timer)
      error === undefined ? resolve() : reject(error)
    }
  })
}
