import basicAuth from '@fastify/basic-auth'
import { type FastifyPluginAsyncTypebox, Type, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyReply, type FastifyRequest, type RouteOptions } from 'fastify'
import { describe, expect, test } from 'tstyche'
import sse, { type AnyStreamEvent, type EventOf, type EventSink, eventStream, raw, type StreamEvent } from '../lib/index.js'

const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()
app.register(sse)
app.register(basicAuth, { validate: async () => {} })

const prices = eventStream({
  price: Type.Object({ symbol: Type.String(), value: Type.Number() }),
  halt: Type.Object({ reason: Type.String() }),
  closed: Type.Null()
})
const { price, halt, closed } = prices.event
const others = eventStream({ tick: Type.Integer() })

type PriceEvent = StreamEvent<typeof prices.schemas>
type PriceSink = EventSink<PriceEvent>

const problem = Type.Object({ message: Type.String() })
const oneType = { response: { 200: prices } }
const withErrors = { response: { 200: prices, 401: problem, 404: problem, '4xx': problem, '5xx': problem } }
const bothTypes = {
  response: {
    200: {
      content: { 'text/event-stream': { schema: prices }, 'application/json': { schema: Type.Object({ value: Type.Number() }) } }
    },
    404: problem
  }
}

describe('a request', () => {
  test('is inferred from its schemas, by a generator and by a function', () => {
    const schema = {
      params: Type.Object({ symbol: Type.String() }),
      querystring: Type.Object({ limit: Type.Integer() }),
      headers: Type.Object({ 'x-tenant': Type.String() }),
      body: Type.Object({ depth: Type.Number() }),
      ...withErrors
    }
    app.post('/:symbol', { schema, sse: { heartbeatMs: 1_000 } }, async function * (request) {
      expect(request.params).type.toBe<{ symbol: string }>()
      expect(request.query).type.toBe<{ limit: number }>()
      expect(request.headers['x-tenant']).type.toBe<string>()
      expect(request.body).type.toBe<{ depth: number }>()
      yield price({ symbol: request.params.symbol, value: request.body.depth })
    })
    app.post('/:symbol', { schema, sse: { onStreamError: error => halt({ reason: error.message }) } }, (request, reply) => {
      expect(request.params).type.toBe<{ symbol: string }>()
      expect(request.body).type.toBe<{ depth: number }>()
      return reply.sse
    })
    app.route({
      method: 'POST',
      url: '/:symbol',
      schema: { params: Type.Object({ symbol: Type.String() }), response: { 200: prices } },
      sse: { onStreamError: error => halt({ reason: error.message }) },
      handler: async function * (request, reply) {
        expect(request.params).type.toBe<{ symbol: string }>()
        expect(reply.sse).type.toBe<PriceSink>()
        yield closed()
      }
    })
  })

  test('says which content type its client prefers', () => {
    app.get('/', { schema: bothTypes }, async (request, reply) => {
      expect(request.prefersEventStream).type.toBe<boolean>()
      return request.prefersEventStream ? reply.sse : { value: 1 }
    })
  })
})

describe('reply.sse', () => {
  test('is typed by the stream of its route, whatever else the route declares', () => {
    app.get('/', { schema: oneType }, (_request, reply) => { expect(reply.sse).type.toBe<PriceSink>() })
    app.get('/', { schema: withErrors }, (_request, reply) => { expect(reply.sse).type.toBe<PriceSink>() })
    app.get('/', { schema: bothTypes }, (_request, reply) => { expect(reply.sse).type.toBe<PriceSink>() })
    app.get('/', { schema: { response: { '2xx': prices } } }, (_request, reply) => { expect(reply.sse).type.toBe<PriceSink>() })
    app.get('/', { schema: { response: { default: prices, 404: problem } } }, (_request, reply) => { expect(reply.sse).type.toBe<PriceSink>() })
    app.get('/', { schema: { response: { 200: prices, 404: Type.String() } } }, (_request, reply) => { expect(reply.sse).type.toBe<PriceSink>() })
  })

  test('takes the events of all streams that its route declares', () => {
    app.get('/', { schema: { response: { 200: prices, 203: others } } }, (_request, reply) => {
      expect(reply.sse.send).type.toBeCallableWith(others.event.tick(1))
      expect(reply.sse.send).type.toBeCallableWith(closed())
    })
  })

  test('takes any event where the route declares none', () => {
    app.get('/', (_request, reply) => { expect(reply.sse).type.toBe<EventSink<AnyStreamEvent>>() })
    app.get('/', { schema: { response: { 200: problem } } }, (_request, reply) => { expect(reply.sse).type.toBe<EventSink<AnyStreamEvent>>() })
    app.get('/', { schema: { response: { 200: Type.Any() } } }, (_request, reply) => { expect(reply.sse).type.toBe<EventSink<AnyStreamEvent>>() })
    app.get('/', { schema: { params: problem } }, (_request, reply) => { expect(reply.sse).type.toBe<EventSink<AnyStreamEvent>>() })
    app.addHook('onRequest', async (_request, reply) => { expect(reply.sse).type.toBe<EventSink<AnyStreamEvent>>() })
    app.setErrorHandler((_error, _request, reply) => { expect(reply.sse).type.toBe<EventSink<AnyStreamEvent>>() })
  })

  test('is typed by a type argument, where there is no type provider', () => {
    const plain = Fastify()
    plain.get<{ Reply: AsyncIterable<EventOf<typeof prices>> }>('/', (_request, reply) => {
      expect(reply.sse).type.toBe<EventSink<EventOf<typeof prices>>>()
      return reply.sse
    })
    plain.get<{ Reply: { 200: AsyncIterable<EventOf<typeof prices>>, 404: { message: string } } }>('/', (_request, reply) => {
      expect(reply.sse).type.toBe<EventSink<EventOf<typeof prices>>>()
      return reply.sse
    })
    plain.get('/', (_request, reply) => { expect(reply.sse).type.toBe<EventSink<AnyStreamEvent>>() })
  })

  test('is typed in plugins and prefixes', () => {
    const plugin: FastifyPluginAsyncTypebox = async scope => {
      scope.get('/', { schema: oneType }, (_request, reply) => { expect(reply.sse).type.toBe<PriceSink>() })
    }
    app.register(plugin, { prefix: '/v1' })
  })

  test('leaves a typed reply a reply, for hooks and helpers that take any', () => {
    const greet = (_request: FastifyRequest, reply: FastifyReply): void => { reply.header('x-greeting', 'hello') }
    const check = async (_request: FastifyRequest, _reply: FastifyReply): Promise<void> => {}
    app.get('/', { schema: withErrors, onRequest: app.basicAuth, preHandler: [check, greet], errorHandler: (_error, request, reply) => greet(request, reply) }, (request, reply) => {
      greet(request, reply)
      return reply.sse
    })
    app.get('/', { schema: bothTypes, onRequest: [check] }, async function * (request, reply) {
      greet(request, reply)
      yield closed()
    })
    const route: RouteOptions = { method: 'GET', url: '/', handler: async () => {}, sse: { onStreamError: () => ({ data: 'sorry' }) } }
    app.route(route)
  })
})

describe('a handler', () => {
  test('may answer with constructed events, comments and raw text, from whatever iterable', () => {
    async function * declared (): AsyncGenerator<PriceEvent> { yield { event: 'halt', data: { reason: 'lunch' } } }
    app.get('/', { schema: withErrors }, async function * () {
      yield price({ symbol: 'ACME', value: 1 }, { id: 1, retry: 100 })
      yield { comment: 'still there' }
      yield raw('[DONE]')
      yield { event: 'closed' } as const
      yield * declared()
    })
    app.get('/', { schema: withErrors }, () => declared())
    app.get('/', { schema: withErrors }, async () => declared())
    app.get('/', { schema: withErrors }, async (_request, reply) => { await reply.sse.sendAll(declared()) })
    app.get('/', { schema: withErrors }, () => prices.from(async function * () { yield { event: 'closed' } }))
    app.get('/', { schema: withErrors }, async function (request, reply) {
      if (request.headers.authorization === undefined) return await reply.code(401).send({ message: 'who are you?' })
      return declared()
    })
  })

  test('may answer with anything where nothing is declared', () => {
    app.get('/', async function * () { yield { event: 'price', data: { value: 1 } } })
    app.get('/', () => prices.from(async function * () { yield { event: 'closed' } }))
  })

  test('with a wrong name does not compile; the message names it', () => {
    // "prize" is not declared
    // @ts-expect-error Types of property 'event' are incompatible...Type '"prize"' is not assignable to type
    app.get('/', { schema: withErrors }, async function * () { yield { event: 'prize', data: 1 } as const })
  })

  test('with a wrong payload does not compile; the message is at the payload', () => {
    app.get('/', { schema: withErrors }, async function * () {
      yield price({
        symbol: 'ACME',
        // the value is a number
        // @ts-expect-error Type 'string' is not assignable to type 'number'.
        value: '1'
      })
    })
  })

  test('with the events of another stream does not compile', () => {
    // others declares "tick", which prices does not
    // @ts-expect-error Type '"tick"' is not assignable to type
    app.get('/', { schema: withErrors }, async function * () { yield others.event.tick(1) })
    // @ts-expect-error Type '"tick"' is not assignable to type
    app.get('/', { schema: withErrors }, () => others.from(async function * () { yield { event: 'tick', data: 1 } }))
  })

  test('with something else than events does not compile', () => {
    // a number is neither the stream nor a problem
    // @ts-expect-error Type 'number' is not assignable to type 'void | AsyncIterable<
    app.get('/', { schema: withErrors }, async () => 5)
    // send() is not the stream: return reply.sse
    // @ts-expect-error Type 'boolean' is not assignable to type 'void | AsyncIterable<
    app.get('/', { schema: oneType }, (_request, reply) => reply.sse.send(closed()))
    // the other content type is checked as well
    // @ts-expect-error Type '{ value: string; }' is not assignable to type '{ value: number; }'.
    app.get('/', { schema: bothTypes }, async () => ({ value: 'a lot' }))
  })

  test('that negotiates is checked for both of its types', () => {
    app.get('/', { schema: bothTypes }, async request => request.prefersEventStream
      ? prices.from(async function * () { yield price({ symbol: 'ACME', value: 1 }) })
      : { value: 1 })
    app.post('/', { schema: { ...bothTypes, body: Type.Object({ stream: Type.Boolean() }) } }, async (request, reply) => {
      if (!request.body.stream) return { value: 1 }
      void reply.sse.send(price({ symbol: 'ACME', value: 1 }))
      return reply.sse
    })
    // "tick" is an event of another stream
    // @ts-expect-error Type '"tick"' is not assignable to type
    app.get('/', { schema: bothTypes }, async function * () { yield others.event.tick(1) })
    // the JSON is wrong, though the stream beside it is right
    // @ts-expect-error Type 'string' is not assignable to type 'number'.
    app.get('/', { schema: bothTypes }, async (request, reply) => request.prefersEventStream ? reply.sse : { value: 'a lot' })
    // the stream is wrong, though the JSON beside it is right
    // @ts-expect-error Type '"tick"' is not assignable to type
    app.get('/', { schema: bothTypes }, async request => request.prefersEventStream ? others.from(async function * () { yield { event: 'tick', data: 1 } }) : { value: 1 })
  })
})
