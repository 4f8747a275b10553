import { Kind, Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import t from 'tap'
import type { EventSchemas, EventStreamOptions } from '../../types/event.js'
import { carriedStream, eventStream, isEventStream, isRaw, raw, RESERVED_PREFIX, STREAM_KEYWORD } from '../../lib/schema/event-stream.js'

const Price = Type.Object({ symbol: Type.String(), value: Type.Number() })
const prices = eventStream({ price: Price, halt: Type.Null() }, { final: ['halt'], description: 'All trades' })

/** The message of a declaration that is refused. */
function problem (declare: () => unknown): string {
  try {
    declare()
  } catch (error) {
    const { code, message } = error as Error & { code: string }
    if (code === 'FST_ERR_SSE_STREAM_INVALID') return message
    throw error
  }
  throw new Error('nothing was thrown')
}

t.test('keeps what was declared', async t => {
  t.strictSame(prices.schemas, { price: Price, halt: Type.Null() })
  t.equal(prices.schemas.price, Price)
  t.strictSame(prices.final, ['halt'])
  t.strictSame(eventStream({ price: Price }).final, [])
})

t.test('can not be changed afterwards', async t => {
  const schemas: EventSchemas = { price: Price }
  const final = ['price']
  const stream = eventStream(schemas, { final })
  schemas['other'] = Price
  final.push('other')
  t.strictSame(Object.keys(stream.schemas), ['price'])
  t.strictSame(stream.final, ['price'])
  for (const part of [stream.schemas, stream.event, stream.final]) t.ok(Object.isFrozen(part))
  t.throws(() => { Object.assign(stream, { schemas: {} }) }, TypeError)
})

t.test('makes events', async t => {
  const { price, halt } = prices.event
  const data = { symbol: 'ACME', value: 1 }
  t.strictSame(price(data), { event: 'price', data })
  t.strictSame(price(data, { id: 0, retry: 0 }), { event: 'price', data, id: 0, retry: 0 })
  t.strictSame(halt(), { event: 'halt', data: null })
  t.strictSame(halt(null, { id: '' }), { event: 'halt', data: null, id: '' })
  t.strictSame(halt(undefined, { id: 1 }), { event: 'halt', data: null, id: 1 })
  t.equal(price(data).data, data)
  t.strictSame(price(data, { event: 'halt', data: null } as never), { event: 'price', data }, 'fields do not replace the event')
})

t.test('is opaque to Fastify, ajv and swagger', async t => {
  t.strictSame(JSON.parse(JSON.stringify(prices)), { description: 'All trades', [STREAM_KEYWORD]: true })
  t.strictSame(Object.keys(eventStream({ price: Price })), [STREAM_KEYWORD])
  t.equal(prices[Kind], 'Unsafe')

  const app = Fastify()
  t.teardown(() => app.close())
  const Node = Type.Recursive(This => Type.Object({ below: Type.Array(This) }), { $id: 'Node' })
  app.get('/', { schema: { response: { 200: eventStream({ one: Node, two: Node }), '4xx': Type.Object({}) } } }, async () => 'ok')
  await app.ready()
})

t.test('is recognized, also by another copy of this package, and a copy of it is not', async t => {
  const other = await import(`../../lib/schema/event-stream.js?copy=${Date.now()}`) as { isEventStream: typeof isEventStream }
  t.not(other.isEventStream, isEventStream)
  for (const isStream of [isEventStream, other.isEventStream]) {
    t.equal(isStream(prices), true)
    for (const value of [structuredClone({ ...prices }), {}, null, undefined, 'x', Price, () => {}]) t.equal(isStream(value), false)
  }
})

t.test('raw text', async t => {
  const done = raw('[DONE]')
  t.strictSame(JSON.parse(JSON.stringify(done)), { raw: '[DONE]' })
  t.equal(isRaw(done), true)
  t.equal(isRaw({ raw: '[DONE]' }), false, 'an object from outside is none')
  t.equal(isRaw(JSON.parse(JSON.stringify(done))), false)
  t.equal(problem(() => raw(1 as never)), "eventStream(): raw() takes a string, instead got '1'")
  t.equal(problem(() => raw({} as never)), "eventStream(): raw() takes a string, instead got 'Object'")
})

t.test('a source carries its stream', async t => {
  const { price, halt } = prices.event
  const source = prices.from(async function * () {
    yield { event: 'price', data: { symbol: 'ACME', value: 1 } }
    yield halt()
  })
  t.equal(carriedStream(source), prices)
  t.equal(carriedStream({}), undefined)
  const events: unknown[] = []
  for await (const event of source) events.push(event)
  t.strictSame(events, [{ event: 'price', data: { symbol: 'ACME', value: 1 } }, { event: 'halt', data: null }])

  const started = (async function * () { yield price({ symbol: 'ACME', value: 2 }) })()
  const iterator = prices.from(started)[Symbol.asyncIterator]()
  t.equal(iterator, started, "its iterator is the source's own, with return and throw")
  t.strictSame(Object.keys(source), [], 'nothing of it shows')
})

t.test('a source that is a function starts anew each time', async t => {
  let started = 0
  const source = prices.from(async function * () {
    started++
    yield prices.event.halt()
  })
  t.equal(started, 0)
  for (const times of [1, 2]) {
    for await (const event of source) t.strictSame(event, { event: 'halt', data: null })
    t.equal(started, times)
  }
})

t.test('refuses events that are not schemas by name', async t => {
  const schemas = (value: unknown): string => problem(() => eventStream(value as never))
  for (const [value, kind] of [[undefined, 'undefined'], [null, 'null'], ['price', 'string'], [[Price], 'Array']] as const) {
    t.equal(schemas(value), `eventStream(): the events should be an object of schemas by event name, instead got '${kind}'`)
  }
  t.equal(schemas({}), 'eventStream(): at least one event should be declared')
  for (const [value, kind] of [[undefined, 'undefined'], [null, 'null'], ['string', 'string'], [[Price], 'Array'], [true, 'true'], [String, 'function String'], [new Map(), 'Map']] as const) {
    t.equal(schemas({ price: value }), "eventStream(): the event 'price' should have a schema of TypeBox, or of a library with Standard Schema such as Zod, Valibot and ArkType, " +
      `or a JSON Schema, instead got '${kind}'`)
  }
  t.equal(schemas({ price: prices }), "eventStream(): the event 'price' should have the schema of its payload, instead got an event stream")
})

t.test('refuses names that no event can have', async t => {
  for (const name of ['', 'a\nb', 'a\r', '\n']) {
    t.equal(problem(() => eventStream({ [name]: Price })), `eventStream(): an event name should be a non-empty string without line breaks, instead got ${JSON.stringify(name)}`)
  }
  t.equal(problem(() => eventStream({ [`${RESERVED_PREFIX}gap`]: Price })),
    "eventStream(): the event name 'stream-gap' is reserved; names that start with 'stream-' are the plugin's own")
  t.strictSame(Object.keys(eventStream({ 'a b': Price, stream: Price, 'ü:': Price, __proto__: Price }).event), ['a b', 'stream', 'ü:'])
  t.strictSame(Object.keys(eventStream({ ['__proto__']: Price }).event), ['__proto__'])
})

t.test('refuses final events that are not declared', async t => {
  const final = (value: unknown): string => problem(() => eventStream({ price: Price, halt: Price }, { final: value } as EventStreamOptions<never>))
  t.equal(final('halt'), "eventStream(): final should be an array of event names, instead got 'string'")
  t.equal(final(null), "eventStream(): final should be an array of event names, instead got 'null'")
  t.equal(final([1]), "eventStream(): final names '1', which is not one of its events (price, halt)")
  t.match(final(['done']), /^eventStream\(\): final names '.*', which is not one of its events \(price, halt\)$/)
  t.match(final(['toString']), /which is not one of its events \(price, halt\)$/)
  t.equal(final([Object.create(null)]), "eventStream(): final names 'Object', which is not one of its events (price, halt)")
})

t.test('refuses options that are none', async t => {
  for (const options of [null, 5]) {
    t.equal(problem(() => eventStream({ price: Price }, options as never)), `eventStream(): the options should be an object, instead got '${options}'`)
  }
})
