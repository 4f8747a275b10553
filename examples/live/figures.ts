import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { eventStream } from 'fastify-typed-sse'
import { enter, generators } from './generators.js'
import { describeMachine, measure } from './machine.js'

const INTERVAL_MS = 500

const Percent = Type.Integer({ minimum: 0, maximum: 100 })
const Milliseconds = Type.Number({ minimum: 0 })
const Bytes = Type.Integer({ minimum: 0 })
const Count = Type.Integer({ minimum: 0 })
const Kind = Type.Union([Type.Literal('minor'), Type.Literal('major'), Type.Literal('other')])

export const figures = eventStream({
  machine: Type.Object({
    processor: Type.String(),
    cores: Count,
    memoryBytes: Bytes,
    platform: Type.String(),
    node: Type.String(),
    pid: Type.Integer(),
    startedAt: Type.Integer({ description: 'Milliseconds since 1970' })
  }),
  cpu: Type.Object({ at: Type.Integer(), cores: Type.Array(Percent) }),
  memory: Type.Object({ at: Type.Integer(), residentBytes: Bytes, heapBytes: Bytes, freeBytes: Bytes }),
  delay: Type.Object({ at: Type.Integer(), medianMs: Milliseconds, longestMs: Milliseconds }),
  collection: Type.Object({ at: Type.Number(), kind: Kind, durationMs: Milliseconds }),
  generators: Type.Record(Type.String(), Type.Object({ running: Count, started: Count }))
}, { description: 'What the server and its machine are doing, twice a second' })

const { machine, cpu, memory, delay, collection, generators: running } = figures.event

/** A feed without an end: the browser comes back by itself whenever it breaks. */
export const figuresRoute: FastifyPluginAsyncTypebox = async app => {
  app.get('/figures', {
    schema: { response: { 200: figures } }
  }, async function * (_request, reply) {
    const leave = enter('figures')
    try {
      yield machine(describeMachine())
      for await (const sample of measure(INTERVAL_MS, reply.sse.signal)) {
        const { at } = sample
        yield cpu({ at, cores: sample.cores })
        yield memory({ at, ...sample.memory })
        yield delay({ at, ...sample.delay })
        for (const each of sample.collections) yield collection(each)
        yield running(generators)
      }
    } finally {
      leave()
    }
  })
}
