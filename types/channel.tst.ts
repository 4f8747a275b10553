import { Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyRequest } from 'fastify'
import { describe, expect, test } from 'tstyche'
import { type Broker, eventStream, memoryBroker, type Retention, type ServerStream, type StreamGapEvent, type StreamPositionEvent, type Subscription, type Topic, type TopicCount, topicPrefix } from '../lib/index.js'

const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()
const Timestamp = Type.Transform(Type.String()).Decode(text => new Date(text)).Encode(date => date.toISOString())
const prices = eventStream({ price: Type.Object({ symbol: Type.String(), at: Timestamp }), halt: Type.Null() })
const notes = eventStream({ note: Type.String() })
const trades = app.sse.channel('trades', prices)
declare const request: FastifyRequest

describe('publish()', () => {
  test('takes events of the stream, and gives their id', () => {
    expect(trades.publish(trades.event.price({ symbol: 'ACME', at: new Date() }))).type.toBe<Promise<string>>()
    void trades.publish({ event: 'price', data: { symbol: 'ACME', at: new Date() } }, { topic: 'ACME', idempotencyKey: '1' })
    void trades.publish({ event: 'halt' })
  })

  test('refuses other events, and other payloads', () => {
    // it is price
    // @ts-expect-error Type '"prize"' is not assignable to type '"price" | "halt"'. Did you mean '"price"'?
    void trades.publish({ event: 'prize', data: null })
    // the symbol is a string
    // @ts-expect-error Type 'number' is not assignable to type 'string'.
    void trades.publish({ event: 'price', data: { symbol: 1, at: new Date() } })
    // a comment is for one stream
    // @ts-expect-error 'comment' does not exist in type
    void trades.publish({ comment: 'still there' })
    // topics are for subscribers
    // @ts-expect-error 'topics' does not exist in type 'PublishOptions'.
    void trades.publish({ event: 'halt' }, { topics: ['ACME'] })
  })
})

describe('subscribe()', () => {
  test('gives the events of the stream, as they were published, and what is said about their sequence', async () => {
    for await (const event of trades.subscribe(request)) {
      if (event.event === 'price') expect(event.data.at).type.toBe<Date>()
      else if (event.event === 'stream-gap') expect(event).type.toBe<StreamGapEvent>()
      else if (event.event === 'stream-position') expect(event).type.toBe<StreamPositionEvent>()
      else expect(event.event).type.toBe<'halt'>()
      expect(event.id).type.toBe<string | undefined>()
    }
  })

  test('takes requests of any route, and subscribers without one', () => {
    app.get('/:symbol', { schema: { params: Type.Object({ symbol: Type.String() }), response: { 200: prices } } }, request => trades.subscribe(request))
    trades.subscribe({})
    trades.subscribe({ lastEventId: 'a.1', signal: new AbortController().signal })
    // it is lastEventId
    // @ts-expect-error 'lastEventID' does not exist in type
    trades.subscribe({ lastEventID: 'a.1' })
  })

  test('types its options', () => {
    const topics: Topic[] = ['ACME', topicPrefix('A')]
    trades.subscribe(request, {
      topics,
      filter: event => event.event === 'price' && event.data.at > new Date(0),
      from: 'start',
      expiresAt: new Date()
    })
    trades.subscribe(request, { from: { position: 'a.1' }, expiresAt: 0 })
    // what came in a request is no pattern
    // @ts-expect-error Property '[madeByTopicPrefix]' is missing in type '{ prefix: string; }' but required in type 'TopicPrefix'.
    trades.subscribe(request, { topics: [{ prefix: '' }] })
    // what is not there can't be the beginning
    // @ts-expect-error Type '"beginning"' is not assignable to type
    trades.subscribe(request, { from: 'beginning' })
    // a promise is always true
    // @ts-expect-error Type 'Promise<boolean>' is not assignable to type 'boolean'.
    trades.subscribe(request, { filter: async () => false })
  })
})

describe('a route', () => {
  test('may return a subscription, or yield it among its own events', () => {
    app.get('/trades', { schema: { response: { 200: prices } } }, async request => trades.subscribe(request))
    app.get('/generated', { schema: { response: { 200: prices } } }, async function * (request) {
      yield prices.event.halt()
      yield * trades.subscribe(request)
    })
    app.get('/sent', { schema: { response: { 200: prices } } }, (request, reply) => {
      void reply.sse.sendAll(trades.subscribe(request))
      return reply.sse
    })
  })

  test('declares what it returns', () => {
    // the route declares notes
    // @ts-expect-error Type 'Subscription<SubscriptionEvent<
    app.get('/notes', { schema: { response: { 200: notes } } }, request => trades.subscribe(request))
    app.get('/made-up', { schema: { response: { 200: prices } } }, (_request, reply) => {
      // only a subscription makes it
      // @ts-expect-error Argument of type '{ event: "stream-gap"; data: { requested: string; earliest: string; }; id: string; }' is not assignable to parameter of type
      void reply.sse.send({ event: 'stream-gap', data: { requested: 'a.1', earliest: 'a.2' }, id: 'a.2' })
      return reply.sse
    })
  })
})

describe('merge()', () => {
  test('gives the events of all', () => {
    const board = app.sse.channel('board', notes)
    const merged = app.sse.merge(trades.subscribe(request), board.subscribe(request))
    type Events = typeof merged extends Subscription<infer Event> ? Event : never
    expect<Events['event']>().type.toBe<'price' | 'halt' | 'note' | 'stream-gap' | 'stream-position'>()
    const both = eventStream({ ...prices.schemas, ...notes.schemas })
    app.get('/both', { schema: { response: { 200: both } } }, request => app.sse.merge(trades.subscribe(request), board.subscribe(request)))
  })
})

describe('position()', () => {
  test('takes channels of any stream', () => {
    expect(app.sse.position(trades, app.sse.channel('board', notes))).type.toBe<Promise<string>>()
  })
})

describe('the options of a channel', () => {
  test('are of one kind or the other', () => {
    app.sse.channel('a', prices, { history: { maxEvents: 10, maxBytes: Infinity, maxAgeMs: 1_000 }, idempotencyWindowMs: 0 })
    app.sse.channel('b', prices, { retain: 'latest', key: event => event.event === 'price' ? event.data.symbol : 'halt', maxKeys: 500 })
    // what an event is the newest of has to be said
    // @ts-expect-error Property 'key' is missing in type '{ retain: "latest"; }' but required in type 'LatestChannelOptions<
    app.sse.channel('c', prices, { retain: 'latest' })
    // a history has no keys
    // @ts-expect-error Property 'retain' is missing in type '{ key: () => string; }' but required in type 'LatestChannelOptions<
    app.sse.channel('d', prices, { key: () => 'a' })
  })

  test('type the snapshot', () => {
    app.sse.channel('a', prices, { snapshot: ({ topics }) => topics === undefined ? [] : [{ event: 'halt' }] })
    app.sse.channel('b', prices, { snapshot: async ({ position }) => ({ events: [prices.event.halt()], position }) })
  })

  test('type who is there', () => {
    const channel = app.sse.channel('a', prices, { identity: request => ({ user: request.id }) })
    channel.on('subscribe', ({ identity }) => { expect(identity).type.toBe<{ user: string } | undefined>() })
    channel.on('unsubscribe', ({ reason }) => { expect(reason).type.toBeAssignableTo<string>() })
  })

  test('name the broker', () => {
    expect(memoryBroker()).type.toBe<Broker>()
  })
})

describe('signIds', () => {
  const secret = 'at least 32 bytes of a secret that is random'

  test('takes a secret or several, and a scope that is a string', () => {
    app.sse.channel('a', prices, { signIds: { secret } })
    app.sse.channel('a', prices, { signIds: { secret: [secret, Buffer.alloc(32)] as const, scope: request => request.ip }, retain: 'latest', key: () => 'k' })
    // a scope that is awaited for would be none
    // @ts-expect-error Type 'Promise<string>' is not assignable to type 'string'.
    app.sse.channel('a', prices, { signIds: { secret, scope: async () => 'me' } })
    // a user may be unknown
    // @ts-expect-error Type 'string | undefined' is not assignable to type 'string'.
    app.sse.channel('a', prices, { signIds: { secret, scope: (): string | undefined => 'me' } })
    // there has to be a secret
    // @ts-expect-error Property 'secret' is missing in type '{}' but required in type 'SignIdsOptions'.
    app.sse.channel('a', prices, { signIds: {} })
  })

  test('positions are for a request, or for who names a scope', () => {
    expect(trades.position(request)).type.toBe<Promise<string>>()
    expect(trades.position({ scope: 'me' })).type.toBe<Promise<string>>()
    expect(app.sse.position(trades, trades)).type.toBe<Promise<string>>()
    expect(app.sse.position(request, trades, trades)).type.toBe<Promise<string>>()
    expect(app.sse.position({ scope: 'me' }, trades)).type.toBe<Promise<string>>()
    // a scope is a name
    // @ts-expect-error Type 'number' is not assignable to type 'string'.
    trades.position({ scope: 7 })
  })
})

describe('what is open', () => {
  test('streams are listed with their requests', () => {
    const [stream] = app.sse.streams()
    expect(stream).type.toBe<ServerStream | undefined>()
    // a stream tells of its life, and does not change it
    // @ts-expect-error Cannot assign to 'events' because it is a read-only property.
    if (stream !== undefined) stream.events = 0
  })

  test('channels can be published to and subscribed to, whatever their events are', () => {
    for (const channel of app.sse.channels()) {
      void channel.publish({ event: 'any', data: {} }, { topic: 'a' })
      channel.subscribe({}, { from: 'live' })
      expect(channel.topics()).type.toBe<TopicCount[]>()
      expect(channel.retention).type.toBe<Retention>()
    }
  })
})
