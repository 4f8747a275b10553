// The clients of the storm, a process of its own.
import { Client } from './client.js'
import { summary } from './summary.js'

/** Clients that connect at a time, at first. */
const AT_A_TIME = 200
const TIMEOUT_MS = 60_000

let clients = []

const answers = { connect, settle, leave, storm }
process.on('message', async message => {
  try {
    process.send(await answers[message.do](message))
  } catch (error) {
    process.send({ error: error.message })
  }
})
process.on('disconnect', () => { process.exit() })

async function connect ({ port, clients: count }) {
  clients = Array.from({ length: count }, () => new Client(port))
  for (let i = 0; i < count; i += AT_A_TIME) {
    await Promise.all(clients.slice(i, i + AT_A_TIME).map(async client => {
      client.connect()
      await inTime(client.started())
    }))
  }
  return {}
}

function leave () {
  for (const client of clients) client.leave()
  return {}
}

/** All come back, the first time at random moments within a time, and then when they are told to. */
async function storm ({ withinMs, last }) {
  const startMs = performance.now()
  const takenMs = await Promise.all(clients.map(async client => {
    await new Promise(resolve => setTimeout(resolve, Math.random() * withinMs))
    const triedMs = performance.now()
    client.connect()
    await inTime(client.received(last))
    return performance.now() - triedMs
  }))
  return { allLiveMs: performance.now() - startMs, resumeMs: summary(takenMs) }
}

/** All have the last event; and nobody gets any more. */
async function settle ({ last }) {
  await Promise.all(clients.map(async client => await inTime(client.received(last))))
  const sum = count => clients.reduce((total, client) => total + count(client), 0)
  return {
    live: clients.filter(client => client.isOpen && client.last === last).length,
    lost: sum(client => client.lost),
    doubled: sum(client => client.doubled),
    events: sum(client => client.sinceLeft),
    connections: sum(client => client.connectionsSinceLeft)
  }
}

async function inTime (promise) {
  let timer
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => {
      const waiting = clients.filter(client => client.isWaiting)
      reject(new Error(`${waiting.length} clients still wait after ${TIMEOUT_MS} ms, the first of them with ${waiting[0]?.last}`))
    }, TIMEOUT_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
