import { type StaticDecode, Type, type TString } from '@sinclair/typebox'
import { describe, expect, test } from 'tstyche'
import {
  type AnyStreamEvent, type CommentEvent, type EventData, type EventFields, type EventOf, eventStream, type RawEvent, raw,
  type StreamEvent, type StreamGapEvent, type StreamPositionEvent, type WireData
} from '../lib/index.js'

const day = Type.Transform(Type.String({ format: 'date' }))
  .Decode(text => new Date(text))
  .Encode(date => date.toISOString().slice(0, 10))

const prices = eventStream({
  price: Type.Object({ symbol: Type.String(), value: Type.Number() }),
  opens: Type.Object({ on: day }),
  closed: Type.Null()
}, { final: ['closed'] })
const { price, opens, closed } = prices.event

describe('a declaration', () => {
  test('is typed by its events and by the final ones', () => {
    expect(prices.final).type.toBe<ReadonlyArray<'closed'>>()
    expect(eventStream({ a: Type.Null() }).final).type.toBe<readonly never[]>()
    expect(prices.schemas.price.properties.symbol).type.toBe<TString>()
    expect<keyof typeof prices.event>().type.toBe<'price' | 'opens' | 'closed'>()
  })

  test('takes only declared names as final', () => {
    eventStream({ a: Type.Null(), b: Type.Null() }, {
      // "c" is not declared
      // @ts-expect-error Type '"c"' is not assignable to type '"a" | "b"'.
      final: ['a', 'c']
    })
  })

  test('takes only schemas as payloads', () => {
    eventStream({
      // a type is not a schema
      // @ts-expect-error Type 'StringConstructor' is missing the following properties from type 'TSchema'
      a: String
    })
  })
})

describe('a constructor', () => {
  test('makes an event of its name', () => {
    expect(price({ symbol: 'ACME', value: 1 })).type.toBeAssignableTo<{ event: 'price', data: { symbol: string, value: number } }>()
    expect(price({ symbol: 'ACME', value: 1 }, { id: 7, retry: 100 })).type.toBeAssignableTo<EventFields>()
    expect(price({ symbol: 'ACME', value: 1 })).type.toBeAssignableTo<EventOf<typeof prices>>()
  })

  test('is not there for a name that is not declared', () => {
    // "prize" is not declared
    // @ts-expect-error Property 'prize' does not exist on type 'EventConstructors<...>'. Did you mean 'price'?
    prices.event.prize({ symbol: 'ACME', value: 1 })
  })

  test('points to the part of the payload that is wrong', () => {
    price({
      symbol: 'ACME',
      // the value is a number
      // @ts-expect-error Type 'string' is not assignable to type 'number'.
      value: '1'
    })
    // the value is missing
    // @ts-expect-error Property 'value' is missing in type '{ symbol: string; }' but required in type '{ symbol: string; value: number; }'.
    price({ symbol: 'ACME' })
    price({
      symbol: 'ACME',
      value: 1,
      // nobody declares a currency, and it would not be sent
      // @ts-expect-error Object literal may only specify known properties, and 'currency' does not exist in type '{ symbol: string; value: number; }'.
      currency: 'EUR'
    })
    // there is a payload
    // @ts-expect-error Expected 1-2 arguments, but got 0.
    price()
  })

  test('points to the field that is wrong', () => {
    price({ symbol: 'ACME', value: 1 }, {
      // an id is a string or a number
      // @ts-expect-error Type 'Date' is not assignable to type 'string | number | undefined'.
      id: new Date()
    })
    price({ symbol: 'ACME', value: 1 }, {
      // the name is given already
      // @ts-expect-error 'event' does not exist in type 'EventFields'.
      event: 'opens'
    })
  })

  test('takes no argument for an event without payload', () => {
    expect(closed()).type.toBeAssignableTo<{ event: 'closed' }>()
    expect(closed(null, { id: 1 })).type.toBeAssignableTo<EventOf<typeof prices>>()
    // the event has no payload
    // @ts-expect-error Argument of type '{ reason: string; }' is not assignable to parameter of type 'null | undefined'.
    closed({ reason: 'late' })
  })

  test('takes what a Transform decodes to, which the client gets encoded', () => {
    expect(opens({ on: new Date() })).type.toBeAssignableTo<{ data: { on: Date } }>()
    expect<WireData<typeof prices.schemas.opens>>().type.toBe<{ on: string }>()
    // the handler has the date, not its text
    // @ts-expect-error Type 'string' is not assignable to type 'Date'.
    opens({ on: '2026-01-01' })
  })

  test('takes it wherever the Transform is', () => {
    const { properties } = Type.Object({
      one: day,
      optional: Type.Optional(day),
      list: Type.Array(Type.Object({ on: day, note: Type.String() })),
      either: Type.Union([Type.Null(), day]),
      tuple: Type.Tuple([Type.Number(), day]),
      both: Type.Intersect([Type.Object({ a: Type.Number() }), Type.Object({ on: day })]),
      byName: Type.Record(Type.String(), day)
    })
    type Data<Name extends keyof typeof properties> = EventData<typeof properties[Name]>
    expect<Data<'one'>>().type.toBe<Date>()
    expect<Data<'optional'>>().type.toBe<Date>()
    expect<Data<'list'>>().type.toBe<Array<{ on: Date, note: string }>>()
    expect<Data<'either'>>().type.toBe<Date | null>()
    expect<Data<'tuple'>>().type.toBe<[number, Date]>()
    expect<Data<'both'>>().type.toBe<{ a: number } & { on: Date }>()
    expect<Data<'byName'>>().type.toBe<Record<string, Date>>()
  })

  test('takes what a schema without any says', () => {
    const order = Type.Object({
      side: Type.Enum({ Buy: 'buy', Sell: 'sell' } as const),
      lines: Type.Array(Type.Object({ sku: Type.String(), count: Type.Integer() })),
      note: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      kind: Type.Readonly(Type.Literal('limit')),
      isOpen: Type.Boolean()
    })
    interface Order {
      side: 'buy' | 'sell'
      lines: Array<{ sku: string, count: number }>
      note?: string | null
      readonly kind: 'limit'
      isOpen: boolean
    }
    expect<EventData<typeof order>>().type.toBeAssignableTo<Order>()
    expect<EventData<typeof order>>().type.toBeAssignableFrom<Order>()
    expect<EventData<typeof order>>().type.toBe<StaticDecode<typeof order>>()
  })
})

describe('the union of the events', () => {
  test('is told apart by name', () => {
    const show = (event: EventOf<typeof prices>): void => {
      if (event.event === 'price') expect(event.data.value).type.toBe<number>()
      else if (event.event === 'opens') expect(event.data.on).type.toBe<Date>()
      else expect(event.data).type.toBe<null | undefined>()
    }
    expect(show).type.toBeCallableWith({ event: 'closed' })
    expect(show).type.toBeCallableWith({ event: 'price', data: { symbol: 'ACME', value: 1 }, id: 1 })
    expect(show).type.not.toBeCallableWith({ event: 'price' })
    expect(show).type.not.toBeCallableWith({ comment: 'not one of the named events' })
  })

  test('suggests the name that was meant', () => {
    const event: EventOf<typeof prices> = {
      // "pric" is not declared
      // @ts-expect-error Type '"pric"' is not assignable to type '"price" | "opens" | "closed"'. Did you mean '"price"'?
      event: 'pric',
      data: { symbol: 'ACME', value: 1 }
    }
    expect<EventOf<object>>().type.toBe<never>()
    expect(event).type.toBeAssignableTo<AnyStreamEvent>()
  })

  test('and comments and raw text are what a stream may hold, as any stream may', () => {
    type Event = StreamEvent<typeof prices.schemas>
    expect<Event>().type.toBe<EventOf<typeof prices> | CommentEvent | RawEvent | StreamGapEvent | StreamPositionEvent>()
    expect<Event>().type.toBeAssignableFrom(raw('[DONE]'))
    expect<Event>().type.toBeAssignableFrom({ comment: 'still there' })
    expect<Event>().type.toBeAssignableTo<AnyStreamEvent>()
  })
})

describe('stream.from()', () => {
  test('takes literals, constructed events, comments and raw text', () => {
    const source = prices.from(async function * () {
      yield { event: 'price', data: { symbol: 'ACME', value: 1 }, id: 1 }
      yield { event: 'closed' }
      yield opens({ on: new Date() })
      yield { comment: 'still there' }
      yield raw('[DONE]')
    })
    expect(source).type.toBe<AsyncIterable<StreamEvent<typeof prices.schemas>>>()
    expect(prices.from).type.toBeCallableWith(source)
    expect(prices.from).type.toBeCallableWith(() => source)
  })

  test('refuses a wrong name, and says which', () => {
    // "prize" is not declared
    // @ts-expect-error Type '"prize"' is not assignable to type
    prices.from(async function * () {
      yield { event: 'prize', data: { symbol: 'ACME', value: 1 } }
    })
  })

  test('refuses a wrong payload, and says where it is wrong', () => {
    // the value is a number
    // @ts-expect-error The types of 'data.value' are incompatible between these types...Type 'string' is not assignable to type 'number'.
    prices.from(async function * () {
      yield { event: 'price', data: { symbol: 'ACME', value: '1' } }
    })
  })

  test('refuses what is no async iterable', () => {
    // events come one by one, not as an array
    // @ts-expect-error })[]' is not assignable to parameter of type 'EventSource<
    prices.from([closed()])
  })
})
