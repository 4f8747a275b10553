// Streams of events with many declared properties.
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sse, { eventStream } from 'fastify-typed-sse'
import { cpuMsOfVisits } from './visits.js'

export const unit = 'field of an event; its part of the rest is in it'

const FIELDS = 4_000_000

/** However short the measurement is: to optimize what checks a thousand fields takes V8 some 0.4 s of CPU time. */
const WARMUP_FIELDS = 2_000_000

/** Of each stream. */
const EVENTS = 100

const size = Number(new URL(import.meta.url).searchParams.get('size'))
const names = Array.from({ length: size }, (_, i) => `field${i}`)
const value = Object.fromEntries(names.map((name, i) => [name, i % 2 === 0 ? i / 100 : `text ${i}`]))

export async function serve () {
  const fields = Object.fromEntries(names.map((name, i) => [name, i % 2 === 0 ? Type.Number() : Type.String()]))
  const records = eventStream({ record: Type.Object(fields) })
  const { record } = records.event
  const app = Fastify()
  await app.register(sse)
  app.get('/', { schema: { response: { 200: records } } }, async function * () {
    for (let i = 0; i < EVENTS; i++) yield record(value)
  })
  await app.ready()
  return { server: app.server, path: '/', until: '\r\n0\r\n\r\n' }
}

/** @param {number} size */
export async function measureUnit (size, { url, portion, cores }) {
  const count = Math.ceil(FIELDS * portion / size / EVENTS)
  const warmup = Math.ceil(WARMUP_FIELDS / size / EVENTS)
  const bytes = 8_192 + EVENTS * (JSON.stringify(value).length + 64)
  const cpuMs = await cpuMsOfVisits(url, { count, warmup, keepsAlive: true, events: undefined, bytes }, cores)
  return cpuMs / (count * EVENTS * size) * 1e3
}
