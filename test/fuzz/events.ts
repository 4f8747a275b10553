import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import fc from 'fast-check'
import sse, { eventStream, raw } from '../../lib/index.js'
import { compileStream, type EventCodec, undeclaredCodec } from '../../lib/schema/codec.js'
import { payloadCompiler } from '../../lib/schema/compile.js'
import type { EventStream } from '../../types/event.js'
import { readEventStream, type Seen } from './life/answers.js'
import type { Run } from './run.js'
import { anything, isCoded, type Make, objectOf, prototypes } from './values.js'

const job = eventStream({
  tick: Type.Object({ n: Type.Integer(), any: Type.Optional(Type.Any()) }),
  text: Type.String({ contentMediaType: 'text/plain' }),
  list: Type.Array(Type.Union([Type.String(), Type.Null()])),
  any: Type.Any(),
  done: Type.Null()
}, { final: ['done'] })

const declaredCodec: EventCodec = compileStream(job as unknown as EventStream, payloadCompiler({ sharedSchemas: {}, validate: true }), 'GET /')

const right = fc.constantFrom<Make>(
  () => 'tick', () => 'text', () => 'list', () => 'any', () => 'done', () => undefined, () => null, () => ({ n: 1 }), () => ({ n: 1, any: { a: [undefined, 1] } }), () => 'two\r\nlines',
  () => ['a', null], () => 'a.1', () => 7, () => 0, () => 2_000, () => 'stream-end', () => 'stream-gap', () => 'message', () => 'a\nb', () => 'a\uD83D'
)

/** An event that throws when it is looked at once more. One that lies, each time another way, gets what it deserves: that is not tried. */
const fickle = fc.constantFrom<Make>(...['event', 'data', 'id', 'comment', 'retry'].flatMap(name => [1, 2, 3].map(after => () => {
  let looks = 0
  return Object.defineProperty({ event: 'tick', data: { n: 1 } }, name, {
    enumerable: true,
    get () {
      if (++looks > after) throw new Error('hands off')
      return { event: 'tick', data: { n: 1 } }[name]
    }
  })
})))

const event: fc.Arbitrary<Make> = fc.oneof(
  {
    weight: 8,
    arbitrary: objectOf(
      fc.oneof({ weight: 12, arbitrary: fc.constantFrom('event', 'event', 'data', 'data', 'id', 'retry', 'comment') }, { weight: 1, arbitrary: fc.constantFrom('__proto__', 'raw', 'constructor', 'toJSON') }),
      fc.oneof({ weight: 4, arbitrary: right }, { weight: 1, arbitrary: anything }), 4
    )
  },
  { weight: 1, arbitrary: anything },
  { weight: 1, arbitrary: fickle },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map(text => () => raw(text)) }
)

/** Whatever is given as an event is refused by an error, or makes a frame that clients read as one event, or as comments alone. */
export async function encodeEvents (run: Run): Promise<void> {
  const before = prototypes()
  fc.assert(fc.property(event, fc.boolean(), fc.boolean(), (make, isDeclared, marksEnd) => {
    const event = make()
    let frame
    try {
      frame = (isDeclared ? declaredCodec : undeclaredCodec).encode(event, marksEnd)
    } catch (error) {
      ok(isCoded(error), String((error as Error).stack))
      return
    }
    const { seen, rest } = readEventStream(Buffer.from(frame))
    equal(rest, '')
    ok(isOneEvent(seen), frame)
    ok(!seen.some(each => 'event' in each && (each.event.startsWith('stream-') || (isDeclared && !['message', ...Object.keys(job.schemas)].includes(each.event)))), frame)
    equal(prototypes(), before)
  }), run)
}

/** Whatever a source yields, the stream says nothing but events, its record counts them, and it ends as it would have. */
export async function yieldEvents (run: Run): Promise<void> {
  let records: Array<{ reason: string, events: number, bytes: number }> = []
  let yielded: Make[] = []
  const strays: unknown[] = []
  const stray = (what: unknown): void => { strays.push(what) }
  for (const event of ['unhandledRejection', 'uncaughtException', 'warning']) process.on(event, stray)
  const app = Fastify()
  app.register(sse, { onClose: record => { records.push(record) } })
  app.register(async app => {
    for (const [url, options] of [['/declared', { schema: { response: { 200: job } } }], ['/undeclared', {}]] as const) {
      app.get(url, options, async function * () {
        for (const make of yielded) {
          try {
            yield make() as never
          } catch {
            // Refused, which is fine: the next one may be taken.
          }
        }
        yield { event: 'done', data: null } as never
      })
      app.get(`${url}/sink`, options, async (_request, reply) => {
        for (const make of yielded) reply.sse.send(make() as never)
        reply.sse.send({ event: 'done', data: null } as never)
        reply.sse.end()
        return reply.sse
      })
    }
  })
  try {
    await fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 5 }), fc.constantFrom('/declared', '/undeclared', '/declared/sink', '/undeclared/sink'), async (makes, url) => {
      records = []
      yielded = makes
      const { statusCode, rawPayload } = await app.inject(url)
      await new Promise(setImmediate)
      equal(statusCode, 200)
      const { seen, rest } = readEventStream(rawPayload)
      equal(rest, '')
      const [record] = records
      deepStrictEqual({ ...record, durationMs: 0 }, { route: `GET ${url}`, reason: 'complete', durationMs: 0, events: seen.filter(each => 'event' in each).length, bytes: rawPayload.length })
      equal(records.length, 1)
      deepStrictEqual(strays, [])
      const last = seen.at(-1)
      ok(last !== undefined && 'event' in last && last.event === 'done')
    }), run)
  } finally {
    for (const event of ['unhandledRejection', 'uncaughtException', 'warning']) process.off(event, stray)
    await app.close()
  }
}

/** One event, with what belongs to it before it; or nothing but comments. */
function isOneEvent (seen: readonly Seen[]): boolean {
  const events = seen.filter(each => 'event' in each)
  return events.length === 1 ? 'event' in (seen.at(-1) as Seen) && seen.length <= 2 : seen.length > 0 && seen.every(each => 'comment' in each)
}
