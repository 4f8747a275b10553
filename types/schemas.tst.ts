import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import Fastify, { type FastifyRequest } from 'fastify'
import { describe, expect, test } from 'tstyche'
import { Type as Type1 } from 'typebox'
import type { TypeBoxTypeProvider as TypeBox1TypeProvider } from 'type-provider-typebox-6'
import * as v from 'valibot'
import * as z from 'zod'
import { connect } from '../lib/client/connect.js'
import { type EventData, type EventOf, eventStream, type StreamEvent, type Subscription, type WireData } from '../lib/index.js'
import type { ReceivedEvents } from './client.js'
import type { JsonOf } from './json.js'

const Day1 = Type1.Codec(Type1.String()).Decode(text => new Date(text)).Encode(date => date.toISOString())

const orders = eventStream({
  box: Type.Object({ id: Type.Number() }),
  box1: Type1.Object({ on: Day1, note: Type1.Optional(Type1.String()) }),
  zod: z.object({ on: z.date().transform(date => date.toISOString()), note: z.string().optional() }),
  valibot: v.object({ size: v.pipe(v.string(), v.transform(text => text.length)) }),
  wrapped: toStandardJsonSchema(v.object({ size: v.number() })),
  arktype: type({ name: 'string', 'note?': 'string' }),
  none: Type.Null(),
  none1: Type1.Null(),
  noneOfZod: z.null(),
  noneOfValibot: v.null(),
  noneOfArktype: type('null')
})
type Schemas = typeof orders.schemas
const { box1, zod, valibot, arktype, none1, noneOfZod, noneOfValibot, noneOfArktype } = orders.event
declare const request: FastifyRequest

describe('a constructor takes what its schema takes', () => {
  test('of typebox 1.x', () => {
    expect(box1({ on: new Date() })).type.toBeAssignableTo<EventOf<typeof orders>>()
    // the handler has the date, not its text
    // @ts-expect-error Type 'string' is not assignable to type 'Date'.
    box1({ on: '2026-01-01' })
    box1({
      on: new Date(),
      // nobody declares it, and it would not be sent
      // @ts-expect-error Object literal may only specify known properties, and 'hour' does not exist in type
      hour: 1
    })
    // the day is missing
    // @ts-expect-error Property 'on' is missing in type '{ note: string; }' but required in type
    box1({ note: 'x' })
  })

  test('of Zod', () => {
    expect(zod({ on: new Date() })).type.toBeAssignableTo<EventOf<typeof orders>>()
    // the schema makes the text
    // @ts-expect-error Type 'string' is not assignable to type 'Date'.
    zod({ on: '2026-01-01' })
    // the day is missing
    // @ts-expect-error Property 'on' is missing in type '{ note: string; }' but required in type '{ on: Date; note?: string | undefined; }'.
    zod({ note: 'x' })
  })

  test('of Valibot', () => {
    expect(valibot({ size: 'text' })).type.toBeAssignableTo<EventOf<typeof orders>>()
    // the schema makes the number
    // @ts-expect-error Type 'number' is not assignable to type 'string'.
    valibot({ size: 4 })
    // the wrapper changes nothing
    // @ts-expect-error Type 'string' is not assignable to type 'number'.
    orders.event.wrapped({ size: 'text' })
  })

  test('of ArkType', () => {
    expect(arktype({ name: 'Ann', note: 'x' })).type.toBeAssignableTo<EventOf<typeof orders>>()
    // the name is a text
    // @ts-expect-error Type 'number' is not assignable to type 'string'.
    arktype({ name: 1 })
  })

  test('and no argument where that is null', () => {
    for (const event of [none1(), noneOfZod(), noneOfValibot(), noneOfArktype()]) expect(event).type.toBeAssignableTo<EventOf<typeof orders>>()
    expect(eventStream({ any: z.any() }).event.any).type.not.toBeCallableWith()
    expect(eventStream({ any: Type1.Any() }).event.any).type.not.toBeCallableWith()
    // the event has no payload
    // @ts-expect-error Argument of type '{ reason: string; }' is not assignable to parameter of type 'null | undefined'.
    noneOfZod({ reason: 'late' })
    // the event has no payload
    // @ts-expect-error Argument of type '{ reason: string; }' is not assignable to parameter of type 'null | undefined'.
    none1({ reason: 'late' })
  })
})

describe('what is on the wire', () => {
  test('is what the schema makes of it', () => {
    expect<WireData<Schemas['box']>>().type.toBe<{ id: number }>()
    expect<WireData<Schemas['box1']>>().type.toBe<{ on: string, note?: string }>()
    expect<WireData<Schemas['zod']>>().type.toBe<{ on: string, note?: string | undefined }>()
    expect<WireData<Schemas['valibot']>>().type.toBe<{ size: number }>()
    expect<WireData<Schemas['wrapped']>>().type.toBe<{ size: number }>()
    expect<WireData<Schemas['arktype']>>().type.toBe<{ name: string, note?: string }>()
    expect<WireData<Schemas['noneOfArktype']>>().type.toBe<null>()
    expect<EventData<Schemas['box1']>>().type.toBe<{ on: Date, note?: string }>()
  })

  test('is what the client gets', () => {
    type OfZod = Extract<ReceivedEvents<typeof orders>, { event: 'zod' }>
    expect<OfZod['data']['on']>().type.toBe<string>()
    type OfBox1 = Extract<ReceivedEvents<typeof orders>, { event: 'box1' }>
    expect<OfBox1['data']['on']>().type.toBe<string>()
  })

  test('is JSON', () => {
    interface Price { secret: string, toJSON: () => { value: number, at: Date } }
    expect<JsonOf<{ a: Date, b: Array<{ c?: Date }>, d: 'x' | 1 | null, e: unknown, f: [string, Date] }>>()
      .type.toBe<{ a: string, b: Array<{ c?: string }>, d: 'x' | 1 | null, e: unknown, f: [string, string] }>()
    expect<JsonOf<Price>>().type.toBe<{ value: number, at: string }>()
    expect<JsonOf<bigint | (() => void) | symbol>>().type.toBe<never>()
    expect<JsonOf<{ toJSON: (key: string) => Date }>>().type.toBe<string>()
  })

  test('is JSON as deep as a recursive type goes', () => {
    type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
    interface Tree { at: Date, children: Tree[] }
    type TreeOfJson = JsonOf<Tree>
    expect<JsonOf<Json>>().type.toBe<Json>()
    expect<JsonOf<{ at: Date, json: Json }>>().type.toBe<{ at: string, json: Json }>()
    expect<TreeOfJson['children'][number]['children'][number]['at']>().type.toBe<string>()

    const stream = eventStream({ json: z.json(), nested: z.object({ at: z.date().transform(String), json: z.json() }) })
    expect<WireData<typeof stream.schemas.nested>['at']>().type.toBe<string>()
    stream.from(async function * () { yield { event: 'json', data: [1, { a: null }] } })
    const channel = Fastify().sse.channel('json', stream)
    channel.subscribe(request, {
      filter (event) {
        if (event.event === 'json') expect(event.data).type.toBe<z.infer<ReturnType<typeof z.json>>>()
        return true
      }
    })
    connect<typeof stream>('http://127.0.0.1/').on('json', data => {
      expect(data).type.toBe<z.infer<ReturnType<typeof z.json>>>()
    })
  })
})

describe('a handler', () => {
  test('is typed by the type provider of TypeBox 0.34', () => {
    const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()
    app.get('/', { schema: { response: { 200: orders } } }, async function * (_request, reply) {
      yield zod({ on: new Date() })
      void reply.sse.send({ event: 'valibot', data: { size: 'text' } })
      // the schema makes the text
      // @ts-expect-error Type 'string' is not assignable to type 'Date'.
      void reply.sse.send({ event: 'zod', data: { on: '2026-01-01' } })
    })
    // the schema makes the text
    // @ts-expect-error Type 'string' is not assignable to type 'Date'
    app.get('/wrong', { schema: { response: { 200: orders } } }, async function * () {
      yield { event: 'zod' as const, data: { on: '2026-01-01' } }
    })
  })

  test('is typed by that of typebox 1.x', () => {
    const app = Fastify().withTypeProvider<TypeBox1TypeProvider>()
    const schema = { params: Type1.Object({ id: Type1.String() }), response: { 200: orders, 404: Type1.Object({ reason: Type1.String() }) } }
    app.get('/:id', { schema }, async function * (request, reply) {
      expect(request.params.id).type.toBe<string>()
      yield box1({ on: new Date() })
      void reply.sse.send({ event: 'box1', data: { on: new Date() } })
      // the handler has the date, not its text
      // @ts-expect-error Type 'string' is not assignable to type 'Date'.
      void reply.sse.send({ event: 'box1', data: { on: '2026-01-01' } })
    })
    // the handler has the date, not its text
    // @ts-expect-error Type 'string' is not assignable to type 'Date'
    app.get('/wrong', { schema: { response: { 200: orders } } }, async function * () {
      yield { event: 'box1' as const, data: { on: '2026-01-01' } }
    })
  })

  test('is typed by stream.from() without one', () => {
    Fastify().get('/', () => orders.from(async function * () {
      yield { event: 'zod', data: { on: new Date() } }
      yield { event: 'none1' }
      yield { event: 'noneOfZod' }
    }))
  })
})

describe('a channel', () => {
  const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()
  const channel = app.sse.channel('orders', orders)

  test('takes what the schema takes, and gives what is stored; of TypeBox, decoded again', () => {
    void channel.publish({ event: 'zod', data: { on: new Date() } })
    channel.subscribe(request, {
      filter (event) {
        if (event.event === 'zod') expect(event.data.on).type.toBe<string>()
        if (event.event === 'valibot') expect(event.data.size).type.toBe<number>()
        if (event.event === 'box1') expect(event.data.on).type.toBe<Date>()
        if (event.event === 'noneOfZod') expect(event.data).type.toBe<null | undefined>()
        return true
      }
    })
  })

  test('gives what a route may return', () => {
    app.get('/', { schema: { response: { 200: orders } } }, request => channel.subscribe(request))
    app.get('/generated', { schema: { response: { 200: orders } } }, async function * (request) { yield * channel.subscribe(request) })
    const merged = app.sse.merge(channel.subscribe(request))
    type Events = typeof merged extends Subscription<infer Event> ? Event : never
    expect<Events>().type.toBeAssignableTo<StreamEvent<Schemas>>()
    // only a subscription makes an event of what was stored
    // @ts-expect-error Type 'string' is not assignable to type 'Date'
    const event: StreamEvent<Schemas> = { event: 'zod', data: { on: '2026-01-01' } }
    expect(event).type.toBeAssignableTo<StreamEvent<Schemas>>()
  })
})

describe('what is no schema', () => {
  test('is refused', () => {
    eventStream({
      // a function is no schema
      // @ts-expect-error Type '() => void' is not assignable to type 'EventSchema'.
      a: () => {}
    })
    eventStream({
      // the library keeps no standard
      // @ts-expect-error Type '{ validate: () => boolean; }' is not assignable to type 'EventSchema'.
      a: { validate: () => true }
    })
  })
})
