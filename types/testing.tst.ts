import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import { describe, expect, test } from 'tstyche'
import { eventStream } from '../lib/index.js'
import { injectEvents, type InjectedStream } from '../lib/testing/inject-events.js'
import type { ReceivedEvent, ReceivedEvents } from './client.js'

const prices = eventStream({
  price: Type.Object({ symbol: Type.String(), value: Type.Number() }),
  log: Type.String({ contentMediaType: 'text/plain' }),
  closed: Type.Null()
})
const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()
type Received = ReceivedEvents<typeof prices>

describe('injectEvents', () => {
  test('takes an app of any type provider, logger and server, and all options of inject', () => {
    expect(injectEvents).type.toBeCallableWith(Fastify(), '/')
    expect(injectEvents).type.toBeCallableWith(app, '/')
    expect(injectEvents).type.toBeCallableWith(Fastify({ http2: true }), '/')
    expect(injectEvents).type.toBeCallableWith(Fastify({ logger: { level: 'info' } }), {
      method: 'POST', url: '/', query: { a: '1' }, headers: { authorization: 'x' }, cookies: { a: 'b' }, payload: {}, lastEventId: '7', signal: new AbortController().signal
    })
    // how the answer is read is not for the caller to choose
    // @ts-expect-error 'payloadAsStream' does not exist in type
    injectEvents(app, { url: '/', payloadAsStream: false })
  })

  test('takes the names of events with a string as raw text, and no others', () => {
    expect(injectEvents<typeof prices>).type.toBeCallableWith(app, { url: '/', text: ['log'] })
    // the data of "price" is an object
    // @ts-expect-error Type '"price"' is not assignable to type '"log"'.
    injectEvents<typeof prices>(app, { url: '/', text: ['price'] })
  })

  test('gives the typed events of the stream', async () => {
    const stream = await injectEvents<typeof prices>(app, '/')
    expect(stream).type.toBe<InjectedStream<typeof prices>>()
    expect(stream.take(1)).type.toBe<Promise<Received[]>>()
    expect(stream.until('closed')).type.toBe<Promise<Received[]>>()
    expect(stream.rest()).type.toBe<Promise<Received[]>>()
    for await (const event of stream) {
      expect(event).type.toBe<Received>()
      if (event.event === 'price') expect(event.data).type.toBe<{ symbol: string, value: number }>()
      if (event.event === 'closed') expect(event.data).type.toBe<null>()
      if (event.event === 'stream-gap') expect(event.data.earliest).type.toBe<string>()
    }
    // "halt" is not declared
    // @ts-expect-error Argument of type '"halt"' is not assignable to parameter of type
    stream.until('halt')
  })

  test('gives any event where no stream is named', async () => {
    const stream = await injectEvents(app, '/')
    expect(stream.take(1)).type.toBe<Promise<ReceivedEvent[]>>()
    expect(stream.until).type.toBeCallableWith('anything')
  })
})
