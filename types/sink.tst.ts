import { Type } from '@sinclair/typebox'
import { describe, expect, test } from 'tstyche'
import { type AnyStreamEvent, type CloseReason, type CloseRecord, type EventSink, eventStream, raw, type StreamEvent } from '../lib/index.js'

const prices = eventStream({
  price: Type.Object({ symbol: Type.String(), value: Type.Number() }),
  halt: Type.Object({ reason: Type.String() }),
  closed: Type.Null()
})
declare const sink: EventSink<StreamEvent<typeof prices.schemas>>
declare const anySink: EventSink<AnyStreamEvent>

describe('send()', () => {
  test('takes literals, constructed events, comments and raw text', () => {
    expect(sink.send({ event: 'price', data: { symbol: 'ACME', value: 1 }, id: 1, retry: 100 })).type.toBe<Promise<boolean>>()
    void sink.send(prices.event.price({ symbol: 'ACME', value: 1 }))
    void sink.send({ event: 'closed' })
    void sink.send({ event: 'closed', data: null })
    void sink.send({ comment: 'still there' })
    void sink.send(raw('[DONE]'))
  })

  test('refuses a wrong name, at the name, and suggests another', () => {
    void sink.send({
      // "prize" is not declared
      // @ts-expect-error Type '"prize"' is not assignable to type '"price" | "halt" | "closed" | "stream-gap" | "stream-position" | undefined'. Did you mean '"price"'?
      event: 'prize',
      data: { reason: 'lunch' }
    })
  })

  test('refuses a wrong payload, at the part that is wrong', () => {
    void sink.send({
      event: 'price',
      data: {
        symbol: 'ACME',
        // the value is a number
        // @ts-expect-error Type 'string' is not assignable to type 'number'.
        value: '1'
      }
    })
    void sink.send({
      event: 'price',
      // the value is missing
      // @ts-expect-error Property 'value' is missing in type '{ symbol: string; }' but required in type '{ symbol: string; value: number; }'.
      data: { symbol: 'ACME' }
    })
    // the payload is missing
    // @ts-expect-error Property 'data' is missing in type '{ event: "price"; }' but required in type
    void sink.send({ event: 'price' })
    void sink.send({
      event: 'closed',
      // there is no payload
      // @ts-expect-error Type '{ reason: string; }' is not assignable to type 'null | undefined'.
      data: { reason: 'lunch' }
    })
  })

  test('refuses an event without a name, and one that is a comment as well', () => {
    // all events of a declared stream have a name
    // @ts-expect-error Argument of type '{ data: { symbol: string; value: number; }; }' is not assignable
    void sink.send({ data: { symbol: 'ACME', value: 1 } })
    // a comment has no name
    // @ts-expect-error Object literal may only specify known properties, and 'comment' does not exist in type
    void sink.send({ comment: 'lunch', event: 'halt' })
  })

  test('takes any event where nothing is declared', () => {
    void anySink.send({ data: 1 })
    void anySink.send({ event: 'anything', data: { value: 1n } })
    void anySink.send({ comment: 'still there' })
    void anySink.send(raw('[DONE]'))
    void anySink.send({
      // a name is a string
      // @ts-expect-error Type 'number' is not assignable to type 'string
      event: 5,
      data: 1
    })
    // an event is an object
    // @ts-expect-error Argument of type 'string' is not assignable to parameter of type 'AnyStreamEvent'.
    void anySink.send('text')
  })
})

describe('sendAll()', () => {
  test('takes an iterable of the events', () => {
    expect(sink.sendAll(prices.from(async function * () { yield { event: 'closed' } }))).type.toBe<Promise<void>>()
    expect(sink.sendAll).type.toBeCallableWith(sink, { end: false })
  })

  test('refuses the events of another stream', () => {
    const others = eventStream({ tick: Type.Integer() })
    // others declares "tick", which prices does not
    // @ts-expect-error Type '"tick"' is not assignable to type
    void sink.sendAll(others.from(async function * () { yield { event: 'tick', data: 1 } }))
  })
})

describe('the rest of a sink', () => {
  test('is what the design says', () => {
    expect(sink).type.toBeAssignableTo<AsyncIterable<StreamEvent<typeof prices.schemas>>>()
    expect(sink.comment('still there')).type.toBe<Promise<boolean>>()
    expect(sink.end()).type.toBe<void>()
    expect(sink.signal).type.toBe<AbortSignal>()
    expect(sink.closed).type.toBe<Promise<CloseRecord>>()
    expect(sink.lastEventId).type.toBe<string | undefined>()
    expect<CloseReason>().type.toBeAssignableFrom<'client'>()
  })

  test('can only be read', () => {
    // nobody but the plugin sets it
    // @ts-expect-error Cannot assign to 'lastEventId' because it is a read-only property.
    sink.lastEventId = '1'
  })
})
