import { Type } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { type Channel, type EventOf, eventStream } from 'fastify-typed-sse'
import { enter, generators } from './generators.js'
import { measure, type Sample } from './machine.js'
import { whileRead } from './while-read.js'

const INTERVAL_MS = 500
/** What a page shows. */
const MINUTE_MS = 60_000

const Percent = Type.Integer({ minimum: 0, maximum: 100 })
const Milliseconds = Type.Number({ minimum: 0 })
const Bytes = Type.Integer({ minimum: 0 })
const Count = Type.Integer({ minimum: 0 })
const Kind = Type.Union([Type.Literal('minor'), Type.Literal('major'), Type.Literal('other')])

export const figures = eventStream({
  cpu: Type.Object({ at: Type.Integer(), cores: Type.Array(Percent) }),
  memory: Type.Object({ at: Type.Integer(), residentBytes: Bytes, heapBytes: Bytes, freeBytes: Bytes }),
  delay: Type.Object({ at: Type.Integer(), medianMs: Milliseconds, longestMs: Milliseconds }),
  collection: Type.Object({ at: Type.Number(), kind: Kind, durationMs: Milliseconds }),
  generators: Type.Record(Type.String(), Type.Object({ running: Count, started: Count }))
}, { description: 'What the server and its machine are doing, twice a second' })

type Figure = EventOf<typeof figures>
const { cpu, memory, delay, collection, generators: running } = figures.event

/**
 * Measured once for all tabs, while there are any. Who opens the page gets the last minute; who comes back within a
 * minute, what he has missed of it.
 */
export function openFigures (app: FastifyInstance): Channel<typeof figures.schemas> {
  const minute: Figure[][] = []
  const channel = app.sse.channel('figures', figures, {
    history: { maxAgeMs: MINUTE_MS },
    snapshot: () => minute.flat()
  })

  whileRead(channel, async signal => {
    const leave = enter('figures')
    try {
      for await (const sample of measure(INTERVAL_MS, signal)) {
        const events = eventsOf(sample)
        if (minute.push(events) > MINUTE_MS / INTERVAL_MS) minute.shift()
        for (const event of events) await channel.publish(event)
      }
    } finally {
      leave()
    }
  }, err => { app.log.error({ err }, 'the figures have failed') })
  return channel
}

function eventsOf ({ at, ...sample }: Sample): Figure[] {
  return [
    cpu({ at, cores: sample.cores }),
    memory({ at, ...sample.memory }),
    delay({ at, ...sample.delay }),
    ...sample.collections.map(each => collection(each)),
    running(structuredClone(generators))
  ]
}
