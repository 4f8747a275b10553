// A server of its own whose channel is broadcast to all who ask. It answers each message with one.
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sse, { eventStream } from '../../lib/index.js'
import { kinds } from './event-data.js'

export interface Question { weigh?: boolean, publish?: { kind: string, count: number, everyMs: number } }
export interface Answer { port?: number, residentBytes?: number, cpuMicroseconds?: number }

const app = Fastify()
await app.register(sse, { compress: true, heartbeatMs: Infinity })
const events = eventStream({ message: Type.Unknown() })
const channel = app.sse.channel('events', events)
app.get('/', { schema: { response: { 200: events } } }, request => channel.subscribe(request))
await app.listen({ port: 0, host: '127.0.0.1' })

process.on('message', (question: Question) => {
  answer(question).then(result => { process.send?.(result) }).catch(error => { throw error })
})
process.on('disconnect', () => { process.exit() })
process.send?.({ port: (app.server.address() as AddressInfo).port })

async function answer ({ publish }: Question): Promise<Answer> {
  if (publish === undefined) {
    globalThis.gc?.()
    globalThis.gc?.()
    return { residentBytes: process.memoryUsage.rss() }
  }
  const { kind, count, everyMs } = publish
  const payloads = (kinds[kind] as (count: number) => string[])(count).map(frame => JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? '') as unknown)
  const before = process.cpuUsage()
  for (const payload of payloads) {
    await channel.publish(events.event.message(payload))
    await delay(everyMs) // nobody falls behind, and nothing is joined
  }
  const { user, system } = process.cpuUsage(before)
  return { cpuMicroseconds: user + system }
}
