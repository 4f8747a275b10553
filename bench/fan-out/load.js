// The load generator, a process of its own: all subscribers, on raw sockets. They do nothing with the bytes but keep them
// and look whether they end with the event that is awaited. What they are is checked when the measurement is over.
import { MAX_EVENT_BYTES, payload } from '../prices.js'
import { bodyOf } from '../response.js'
import { checkAll } from './check.js'
import { Subscriber } from './subscriber.js'

/** Who connects at the same time. */
const BATCH = 100

const HEAD_BYTES = 4_096

const TIMEOUT_MS = 30_000

/** @type {Subscriber[]} */
let subscribers = []

const answers = { connect, receive, count, comments, check, leave }
process.on('message', async message => {
  try {
    process.send(await answers[message.do](message))
  } catch (error) {
    process.send({ error: error.message })
  }
})
process.on('disconnect', () => { process.exit() })

async function connect ({ port, subscribers: wanted, count }) {
  const bytesEach = HEAD_BYTES + count * MAX_EVENT_BYTES
  const store = Buffer.alloc(bytesEach * wanted)
  while (subscribers.length < wanted) {
    const batch = []
    while (batch.length < BATCH && subscribers.length < wanted) {
      const start = subscribers.length * bytesEach
      const subscriber = new Subscriber(port, store.subarray(start, start + bytesEach))
      batch.push(subscriber)
      subscribers.push(subscriber)
    }
    await all(batch, (bytes, length) => bytes.subarray(0, length).includes('\r\n\r\n')) // the head
  }
  return {}
}

/** Until everybody has everything up to the event of that number. */
async function receive ({ last, mayFollow = false }) {
  // The end of its data, of its frame and of its chunk.
  const end = Buffer.from(`${JSON.stringify(payload(last))}\n\n\r\n`)
  await all(subscribers, mayFollow
    ? (bytes, length) => bytes.subarray(0, length).includes(end)
    : (bytes, length) => bytes.compare(end, 0, end.length, length - end.length, length) === 0)
  return {}
}

function count () {
  return { bytes: subscribers.reduce((sum, { received }) => sum + received.length, 0) }
}

/** How many each has got, in all. */
function comments () {
  const counts = subscribers.map(({ received }) => bodyOf(received).split('\n').filter(line => line.startsWith(':')).length)
  return { counts }
}

function check ({ count }) {
  checkAll(subscribers.map(({ received }) => received), count)
  return {}
}

function leave () {
  for (const subscriber of subscribers) subscriber.leave()
  subscribers = []
  return {}
}

/**
 * @param {Subscriber[]} those
 * @param {import('./subscriber.js').IsThere} isThere
 */
function all (those, isThere) {
  return new Promise((resolve, reject) => {
    let missing = those.length
    const timer = setTimeout(() => {
      reject(new Error(`${missing} of ${those.length} subscribers do not have everything after ${TIMEOUT_MS} ms`))
    }, TIMEOUT_MS)
    for (const subscriber of those) subscriber.when(isThere, done)

    function done (error) {
      if (error === undefined && --missing > 0) return
      clearTimeout(timer)
      error === undefined ? resolve() : reject(error)
    }
  })
}
