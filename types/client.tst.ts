import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import { describe, expect, test } from 'tstyche'
import { type Answer, type ClientEnd, type ClientState, type ClientStream, connect, EventStreamError, type EventStreamErrorCode, type ReceivedEvent, type ReceivedGap } from '../lib/client/connect.js'
import sse, { eventStream } from '../lib/index.js'

const Timestamp = Type.Transform(Type.String({ format: 'date-time' }))
  .Decode(text => new Date(text))
  .Encode(date => date.toISOString())

const prices = eventStream({
  price: Type.Object({ symbol: Type.String(), value: Type.Number() }),
  time: Timestamp,
  log: Type.String({ contentMediaType: 'text/plain' }),
  closed: Type.Null(),
  failed: Type.Object({ message: Type.String() })
}, { final: ['closed', 'failed'] })

// The error is sent by the server's own hook, and so it is an event like others.
const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()
app.register(sse)
app.get('/', {
  schema: { response: { 200: prices } },
  sse: { onStreamError: error => prices.event.failed({ message: error.message }) }
}, async function * () { yield prices.event.closed() })

const stream = connect<typeof prices>('/')

describe('an iteration', () => {
  test('is of the declared events, as JSON brings them, and of the gap', async () => {
    for await (const event of stream) {
      expect(event).type.toBe<
        | ReceivedEvent<'price', { symbol: string, value: number }>
        | ReceivedEvent<'time', string>
        | ReceivedEvent<'log', string>
        | ReceivedEvent<'closed', null>
        | ReceivedEvent<'failed', { message: string }>
        | ReceivedGap
      >()
    }
  })

  test('tells the events apart by their names', async () => {
    for await (const event of stream) {
      if (event.event === 'price') expect(event.data).type.toBe<{ symbol: string, value: number }>()
      if (event.event === 'time') expect(event.data).type.toBe<string>()
      if (event.event === 'closed') expect(event.data).type.toBe<null>()
      if (event.event === 'failed') expect(event.data.message).type.toBe<string>()
      if (event.event === 'stream-gap') expect(event.data).type.toBe<{ readonly requested: string, readonly earliest: string }>()
      expect(event.id).type.toBe<string | undefined>()
    }
  })

  test('knows no other names', async () => {
    for await (const event of stream) {
      // "prize" is not declared
      // @ts-expect-error and '"prize"' have no overlap.
      if (event.event === 'prize') break
    }
  })

  test('is of what can not be changed', async () => {
    for await (const event of stream) {
      // others hear it too
      // @ts-expect-error Cannot assign to 'data' because it is a read-only property.
      event.data = null
    }
  })
})

describe('on()', () => {
  test('types data and event by the name', () => {
    stream.on('price', (data, event) => {
      expect(data).type.toBe<{ symbol: string, value: number }>()
      expect(event).type.toBe<ReceivedEvent<'price', { symbol: string, value: number }>>()
    })
    stream.on('time', data => { expect(data).type.toBe<string>() })
    stream.on('closed', data => { expect(data).type.toBe<null>() })
    stream.on('failed', data => { expect(data).type.toBe<{ message: string }>() })
    stream.on('stream-gap', ({ requested, earliest }) => { expect([requested, earliest]).type.toBe<string[]>() })
    expect(stream.on('log', () => {})).type.toBe<() => void>()
  })

  test('refuses other names', () => {
    // "prize" is not declared
    // @ts-expect-error Argument of type '"prize"' is not assignable to parameter of type
    stream.on('prize', () => {})
    // only the server reads it
    // @ts-expect-error Argument of type '"stream-position"' is not assignable
    stream.on('stream-position', () => {})
  })

  test('refuses a listener for other data', () => {
    // the value is a number
    // @ts-expect-error Argument of type '({ value }: { value: string; }) => string' is not assignable to parameter of type
    stream.on('price', ({ value }: { value: string }) => value)
  })
})

describe('connect()', () => {
  test('takes the names of final events, and of events that may be text', () => {
    connect<typeof prices>('/', { final: ['closed'], text: ['log', 'time', 'message'] })
    connect<typeof prices>(new URL('http://127.0.0.1'), { headers: async () => new Headers(), body: () => 'x', signal: AbortSignal.abort() })
    connect<typeof prices>('/', {
      // "price" is not final
      // @ts-expect-error Type '"price"' is not assignable to type
      final: ['price']
    })
    connect<typeof prices>('/', {
      // "price" is no string
      // @ts-expect-error Type '"price"' is not assignable to type
      text: ['price']
    })
  })

  test('takes no event as final where none is declared so', () => {
    const endless = eventStream({ tick: Type.Integer() })
    expect(endless.final).type.toBe<readonly never[]>()
    connect<typeof endless>('/', {
      // it is not declared
      // @ts-expect-error Type 'string' is not assignable to type 'never'.
      final: ['tick']
    })
  })

  test('refuses options that are none, and values of other types', () => {
    // it is retryMs
    // @ts-expect-error Object literal may only specify known properties, but 'retryMS' does not exist in type 'ConnectOptions<
    connect('/', { retryMS: 5 })
    // "always" is none of fetch's
    // @ts-expect-error Type '"always"' is not assignable to type
    connect('/', { credentials: 'always' })
    // a stream can not be sent again
    // @ts-expect-error is not assignable to type
    connect('/', { method: 'POST', body: new ReadableStream() })
  })

  test('refuses what is no stream', () => {
    // the events are not enough
    // @ts-expect-error Type '{ price: string; }' does not satisfy the constraint 'DeclaredStream'.
    connect<{ price: string }>('/')
  })

  test('knows nothing of the events where no stream is given', async () => {
    const any = connect('/', { final: ['anything'], text: ['anything'] })
    expect(any).type.toBe<ClientStream>()
    for await (const event of any) expect(event).type.toBe<ReceivedEvent<string, unknown>>()
    any.on('anything', (data, event) => {
      expect(data).type.toBe<unknown>()
      expect(event).type.toBe<ReceivedEvent<'anything'>>()
    })
  })
})

describe('the rest of a stream', () => {
  test('is what the documents say', () => {
    expect(stream.closed).type.toBe<Promise<ClientEnd>>()
    expect<ClientEnd>().type.toBe<'complete' | 'closed'>()
    expect(stream.state).type.toBe<ClientState>()
    expect<ClientState>().type.toBe<'connecting' | 'open' | 'waiting' | 'closed'>()
    expect(stream.onState).type.toBeCallableWith((state: ClientState) => { expect(state).type.toBe<ClientState>() })
    expect(stream.lastEventId).type.toBe<string | undefined>()
    expect(stream.lastError).type.toBe<Error | undefined>()
    expect(stream.close()).type.toBe<void>()
  })

  test('can only be read', () => {
    // only the stream sets it
    // @ts-expect-error Cannot assign to 'state' because it is a read-only property.
    stream.state = 'closed'
  })
})

describe('an error', () => {
  test('has a code, and the answer where there was one', () => {
    const error = {} as unknown
    if (!(error instanceof EventStreamError)) return
    expect(error.code).type.toBe<EventStreamErrorCode>()
    expect(error.answer).type.toBe<Answer | undefined>()
    expect(error.answer!.status).type.toBe<number>()
    expect(error.answer!.body).type.toBe<string>()
    expect(error.answer!.headers).type.toBe<Headers>()
  })
})
