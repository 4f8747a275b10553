// The server of the storm, a process of its own: node --expose-gc bench/storm/server.js '{ options of the plugin }'
import { Type } from '@sinclair/typebox'
import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'
import sse, { eventStream } from 'fastify-typed-sse'
import { cpuMs } from '../cpu-time.js'
import { LongestTurn } from '../longest-turn.js'
import { peakMiB } from '../peak-memory.js'
import { Lateness } from './lateness.js'

/** Of the queue of connections that are not accepted yet. */
const BACKLOG = 8_192
const MIB = 2 ** 20

const given = Object.entries(JSON.parse(process.argv[2])).filter(([, value]) => value !== undefined)
let overloaded = 0
const stream = { write: line => { if (line.includes('"reason":"overloaded"')) overloaded++ } }
const app = Fastify({ logger: { level: 'info', stream } })
await app.register(sse, Object.fromEntries(given))
const ticks = eventStream({ tick: Type.Object({ n: Type.Integer(), symbol: Type.String(), value: Type.Number() }) })
const channel = app.sse.channel('ticks', ticks, { history: { maxEvents: 1_000_000, maxBytes: Infinity } })
app.get('/', { schema: { response: { 200: ticks } } }, request => channel.subscribe(request))
await app.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG })

let n = 0
let watched

const answers = { publish, empty, begin, end, weigh }
process.on('message', async message => {
  try {
    process.send(await answers[message.do](message))
  } catch (error) {
    process.send({ error: error.message })
  }
})
process.on('disconnect', () => { process.exit() })
process.send({ port: app.server.address().port })

async function publish ({ count }) {
  for (let i = 0; i < count; i++) {
    n++
    await channel.publish(ticks.event.tick({ n, symbol: 'ACME', value: n / 100 }))
  }
  return { last: n }
}

/** When all have left. */
async function empty () {
  while (channel.subscriberCount() > 0) await setTimeout(5)
  return {}
}

function begin ({ perSecond }) {
  const timer = setInterval(() => { publish({ count: 1 }).catch(error => { process.send({ error: error.message }) }) }, 1_000 / perSecond)
  watched = { timer, cpuMs: cpuMs(), lateness: new Lateness(), turn: new LongestTurn() }
  return {}
}

function end () {
  clearInterval(watched.timer)
  return {
    last: n,
    overloaded,
    cpuMs: cpuMs() - watched.cpuMs,
    longestTurnMs: watched.turn.end(),
    lateMs: watched.lateness.end(),
    peakMiB: peakMiB()
  }
}

/** After full garbage collections. */
async function weigh () {
  for (let i = 0; i < 3; i++) {
    await setTimeout(50)
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  }
  return { residentMiB: process.memoryUsage.rss() / MIB }
}
