import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { context, type SpanContext, SpanKind, trace, type Tracer } from '@opentelemetry/api'
import t, { type Test } from 'tap'
import sse, { memoryBroker } from '../../lib/index.js'
import { sseOpenTelemetry, type OpenTelemetryOptions } from '../../lib/telemetry/opentelemetry.js'
import { opened, received, resume } from '../channels/clients.js'
import { count, counts } from '../channels/streams.js'
import { bareApp, loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { openTelemetry } from './opentelemetry-setting.js'

const schema = { response: { 200: counts } }
const ROUTE = { 'http.request.method': 'GET', 'http.route': '/counts/:from' }
const CHANNEL = { 'sse.channel': 'counts' }

/** An app whose one stream has had two events, and is open. */
async function serve (t: Test, options: OpenTelemetryOptions) {
  const testApp = await loadedApp(t)
  const { app, listen } = testApp
  await app.register(sseOpenTelemetry, options)
  const channel = app.sse.channel('counts', counts, { history: { maxEvents: 1 } })
  app.get('/counts/:from', { schema }, request => channel.subscribe(request))
  const url = `${(await listen()).url}/counts/1`
  const client = await opened(t, url)
  const ids: string[] = []
  for (const n of [1, 2]) {
    ids.push(await channel.publish(count(n)))
    await received(client, n)
  }
  return { ...testApp, url, client, channel, ids }
}

t.test('metrics', async t => {
  t.test('are what app.sse.metrics() tells, when they are collected', async t => {
    const { meterProvider, collect } = openTelemetry(t)
    const { app, client, closed } = await serve(t, { meterProvider })
    const { routes: [route], channels: [channel] } = app.sse.metrics()
    const metrics = await collect()
    t.strictSame(metrics['sse.server.active_streams'], { unit: '{stream}', points: [{ attributes: ROUTE, value: 1 }] })
    t.strictSame(metrics['sse.server.stream.events'], { unit: '{event}', points: [{ attributes: ROUTE, value: 2 }] })
    t.strictSame(metrics['sse.server.stream.io'], { unit: 'By', points: [{ attributes: ROUTE, value: route?.bytes }] })
    t.strictSame(metrics['sse.server.stream.refused'], { unit: '{stream}', points: [{ attributes: {}, value: 0 }] })
    t.strictSame(metrics['sse.server.channel.published'], { unit: '{event}', points: [{ attributes: CHANNEL, value: 2 }] })
    t.strictSame(metrics['sse.server.channel.lag'], { unit: '{event}', points: [{ attributes: CHANNEL, value: 0 }] })
    client.leave()
    await closed(0)
    const after = await collect()
    t.match(after['sse.server.active_streams'], { points: [{ value: 0 }] })
    t.strictSame(after['sse.server.stream.closed']?.points.filter(({ value }) => value !== 0), [
      { attributes: { ...ROUTE, 'sse.close.reason': 'client' }, value: 1 }
    ])
    t.match(after['sse.server.stream.events'], { points: [{ value: 2 }] })
    t.equal(channel?.published, 2)
  })

  t.test('durations are histograms with the same buckets', async t => {
    const { meterProvider, collect } = openTelemetry(t)
    const { app } = await serve(t, { meterProvider })
    const { routes: [route], channels: [channel] } = app.sse.metrics()
    const metrics = await collect()
    for (const [name, attributes, own] of [
      ['sse.server.stream.time_to_first_event', ROUTE, route?.timeToFirstEvent],
      ['sse.server.channel.publish_to_write', CHANNEL, channel?.publishToWrite]
    ] as const) {
      const { bounds, counts, sum, count } = own ?? {}
      t.match(metrics[name], { unit: 's', points: [{ attributes, value: { buckets: { boundaries: bounds, counts }, sum, count } }] }, name)
    }
  })

  t.test('names and units follow the conventions', async t => {
    const { meterProvider, collect } = openTelemetry(t)
    await serve(t, { meterProvider })
    const metrics = await collect()
    t.equal(Object.keys(metrics).length, 22)
    for (const [name, { unit }] of Object.entries(metrics)) {
      t.match(name, /^sse\.server\.[a-z_]+(\.[a-z_]+)*$/)
      t.match(unit, /^(s|By|\{[a-z]+\})$/, name)
      t.notMatch(name, /total|bytes|seconds/, 'units and kinds are no part of names')
    }
  })

  t.test('are those of one server, and end with it', async t => {
    const { meterProvider, collect } = openTelemetry(t)
    const other = openTelemetry(t)
    const { app } = await serve(t, { meterProvider })
    await serve(t, { meterProvider: other.meterProvider })
    t.match((await collect())['sse.server.stream.time_to_first_event'], { points: [{ value: { count: 1 } }] })
    t.match((await collect())['sse.server.channel.publish_to_write'], { points: [{ value: { count: 2 } }] })
    const removed = t.capture(meterProvider.getMeter('fastify-typed-sse'), 'removeBatchObservableCallback', function (this: object, ...args: unknown[]) {
      return Reflect.apply(Object.getPrototypeOf(this).removeBatchObservableCallback, this, args) as unknown
    })
    await app.close()
    for (let times = 0; times < 2; times++) {
      t.match(await collect(), { 'sse.server.active_streams': { points: [{ value: 0 }] }, 'sse.server.stream.opened': { points: [{ value: 1 }] } })
      t.equal(removed.args().length, times === 0 ? 1 : 0, 'they are read once more, and not again')
    }
    t.match((await other.collect())['sse.server.active_streams'], { points: [{ value: 1 }] })
  })
})

t.test('servers of one provider are added up', async t => {
  const { meterProvider, collect } = openTelemetry(t)
  const [one, other] = [await serve(t, { meterProvider }), await serve(t, { meterProvider })]
  const told = async (...names: string[]): Promise<unknown[]> => {
    const metrics = await collect()
    return names.map(name => metrics[`sse.server.${name}`]?.points.map(({ value }) => value))
  }
  const counters = ['stream.opened', 'stream.events', 'channel.published']
  t.strictSame(await told('active_streams', 'channel.subscribers', ...counters), [[2], [2], [2], [4], [4]])
  await one.app.close()
  t.strictSame(await told('active_streams', 'channel.subscribers', ...counters), [[1], [1], [2], [4], [4]], 'what has come of one that is closed stays')
  await other.channel.publish(count(3))
  await received(other.client, 3)
  t.strictSame(await told(...counters), [[2], [5], [5]])
  await other.app.close()
  const third = await serve(t, { meterProvider })
  t.strictSame(await told('active_streams', 'stream.opened', 'stream.events'), [[1], [3], [7]])
  t.strictSame(await told('channel.published'), [[2]], 'its name was open nowhere for a while')
  await third.app.close()
})

t.test('of a channel that is closed', async t => {
  t.test('it is told once that there is nothing any more, and what has come of it stays', async t => {
    const { meterProvider, collect } = openTelemetry(t)
    const { app, channel } = await serve(t, { meterProvider })
    const told = async (): Promise<unknown[]> => {
      const metrics = await collect()
      return ['subscribers', 'queued', 'lag', 'published'].map(name => metrics[`sse.server.channel.${name}`]?.points)
    }
    const points = (value: number): object[] => [{ attributes: CHANNEL, value }]
    t.strictSame(await told(), [points(1), points(0), points(0), points(2)])
    await channel.close()
    for (let times = 0; times < 2; times++) t.strictSame(await told(), [points(0), points(0), points(0), points(2)])
    await app.sse.channel('counts', counts).publish(count(1))
    t.strictSame(await told(), [points(0), points(0), points(0), points(1)], 'opened again, it begins anew')
  })

  t.test('the name is not told at all where that is switched off, and nothing goes from all together', async t => {
    const { meterProvider, collect } = openTelemetry(t)
    const { app, channel } = await serve(t, { meterProvider, perChannel: false })
    await app.sse.channel('other', counts).publish(count(1))
    const told = async (): Promise<unknown[]> => {
      const metrics = await collect()
      return ['subscribers', 'lag', 'published', 'publish_to_write'].map(name => metrics[`sse.server.channel.${name}`]?.points)
    }
    const points = (value: unknown): object[] => [{ attributes: {}, value }]
    t.match(await told(), [points(1), points(0), points(3), points({ count: 2 })])
    await channel.close()
    t.match(await told(), [points(0), points(0), points(3), points({ count: 2 })])
    await app.close()
    const other = await serve(t, { meterProvider, perChannel: false })
    t.match(await told(), [points(1), points(0), points(5), points({ count: 4 })], 'nor when a server is closed')
    await other.app.close()
  })
})

t.test('a stream has a span', async t => {
  t.test('with the facts of its close record', async t => {
    const { tracerProvider, spans } = openTelemetry(t)
    const { url, client, ids, closed } = await serve(t, { tracerProvider })
    client.leave()
    const { bytes } = await closed(0)
    const [span] = spans()
    t.match(span, {
      name: 'event stream GET /counts/:from',
      attributes: { ...ROUTE, 'sse.close.reason': 'client', 'sse.stream.events': 2, 'sse.stream.bytes': bytes },
      events: [{ name: 'sse.first_event' }],
      status: { code: 0 },
      parentSpanContext: undefined
    })
    t.notOk('sse.stream.gaps' in (span?.attributes ?? {}))
    const back = await resume(t, url, ids[0] as string)
    await received(back, 1)
    back.leave()
    await closed(1)
    t.match(spans()[1]?.attributes, { 'sse.stream.resumed_from': ids[0], 'sse.stream.events': 1 })
    const late = await resume(t, url, 'long.gone')
    await late.until(({ length }) => length > 0)
    late.leave()
    await closed(2)
    t.match(spans()[2], { attributes: { 'sse.stream.gaps': 1, 'sse.stream.events': 0 }, events: [] })
  })

  t.test('that says when it has failed', async t => {
    const { tracerProvider, spans } = openTelemetry(t)
    const { app, closed } = await loadedApp(t)
    await app.register(sseOpenTelemetry, { tracerProvider })
    app.get('/', { schema }, async function * () {
      yield count(1)
      throw new Error('no more')
    })
    app.get('/unopened', { schema }, async function * () { throw new Error('none at all') })
    await app.inject('/unopened')
    await t.rejects(async () => await app.inject('/'))
    await closed(1)
    t.match(spans(), [{ attributes: { 'sse.close.reason': 'error' }, status: { code: 2 } }])
    t.equal(spans().length, 1, 'one that never began to answer has none')
  })

  t.test('that is a child of what is active in its handler, whoever opens and ends it', async t => {
    const { tracerProvider, spans } = openTelemetry(t)
    const { app, listen, closed } = await loadedApp(t, { commitAfterMs: Infinity })
    await app.register(sseOpenTelemetry, { tracerProvider })
    const tracer = tracerProvider.getTracer('test')
    let started = deferred<() => void>()
    app.addHook('onRequest', (_request, _reply, done) => {
      const span = tracer.startSpan('request')
      context.with(trace.setSpan(context.active(), span), done)
      span.end()
    })
    app.get('/', { schema }, async function * () {
      yield await new Promise<ReturnType<typeof count>>(resolve => { started.resolve(() => { resolve(count(1)) }) })
    })
    app.get('/pushed', { schema }, async (_request, reply) => {
      const { sse } = reply
      await new Promise<void>(resolve => {
        started.resolve(() => {
          void sse.send(count(1))
          sse.end()
          resolve()
        })
      })
      return sse
    })
    const { url } = await listen()
    for (const [n, path] of ['/', '/pushed'].entries()) {
      started = deferred()
      const response = fetch(url + path)
      const send = await started.promise
      context.with(trace.setSpan(context.active(), tracer.startSpan('somebody else')), send)
      await (await response).text()
      await closed(n)
      const request = spans().filter(({ name }) => name === 'request')[n]
      const stream = spans().find(({ name }) => name === `event stream GET ${path}`)
      t.equal(stream?.parentSpanContext?.spanId, request?.spanContext().spanId, path)
    }
  })

  t.test('in the trace of the request, with @fastify/otel', async t => {
    const { tracerProvider, spans } = openTelemetry(t)
    const { app, listen, closed } = bareApp(t)
    const instrumentation = new FastifyOtelInstrumentation()
    instrumentation.setTracerProvider(tracerProvider)
    t.teardown(() => { instrumentation.disable() })
    await app.register(instrumentation.plugin() as never)
    await app.register(sse)
    await app.register(sseOpenTelemetry, { tracerProvider })
    app.get('/yielded', { schema }, async function * () { yield count(1) })
    app.get('/pushed', { schema }, (_request, reply) => {
      void reply.sse.send(count(1))
      reply.sse.end()
      return reply.sse
    })
    const { url } = await listen()
    for (const [n, path] of ['/yielded', '/pushed'].entries()) {
      t.equal(await (await fetch(url + path)).text(), 'retry: 2000\nevent: count\ndata: 1\n\n')
      await closed(n)
      const stream = spans().find(({ name }) => name === `event stream GET ${path}`)
      const request = spans().find(({ name, attributes }) => name === 'request' && attributes['url.path'] === path)
      const ids = spans().filter(span => span.spanContext().traceId === request?.spanContext().traceId).map(span => span.spanContext().spanId)
      t.equal(stream?.spanContext().traceId, request?.spanContext().traceId, path)
      t.ok(ids.includes(stream?.parentSpanContext?.spanId as string))
    }
  })

  t.test('unless that is switched off', async t => {
    const { tracerProvider, spans } = openTelemetry(t)
    const { app } = await loadedApp(t)
    await app.register(sseOpenTelemetry, { tracerProvider, spans: false })
    app.get('/', { schema }, async function * () { yield count(1) })
    await app.inject('/')
    t.strictSame(spans(), [])
  })

  t.test('that is not begun twice, and of no other server', async t => {
    const { tracerProvider, spans } = openTelemetry(t)
    const { app } = await loadedApp(t)
    await app.register(sseOpenTelemetry, { tracerProvider })
    const other = await loadedApp(t)
    other.app.get('/', { schema }, async function * () { yield count(1) })
    await other.app.inject('/')
    t.strictSame(spans(), [])
    await app.close()
  })
})

t.test('links', async t => {
  /** Publishes within a span of this name. @returns Its context. */
  async function publish (tracer: Tracer, name: string, action: () => Promise<unknown>): Promise<SpanContext> {
    const span = tracer.startSpan(name)
    await context.with(trace.setSpan(context.active(), span), action)
    span.end()
    return span.spanContext()
  }
  const identity = ({ traceId, spanId }: SpanContext): object => ({ traceId, spanId })

  t.test('lead from the deliveries of a tick to who has published, on every instance', async t => {
    const { tracerProvider, spans } = openTelemetry(t)
    const tracer = tracerProvider.getTracer('test')
    const broker = memoryBroker()
    const instances = await Promise.all(['a', 'b'].map(async () => {
      const { app, listen } = await loadedApp(t, { broker })
      await app.register(sseOpenTelemetry, { tracerProvider, links: true, spans: false })
      const channel = app.sse.channel('counts', counts)
      app.get('/', { schema }, request => channel.subscribe(request))
      const { url } = await listen()
      const clients = [await opened(t, url), await opened(t, url)]
      return { channel, clients }
    }))
    const [{ channel }] = instances as [typeof instances[number]]
    const publishers = await Promise.all([1, 2].map(async n => await publish(tracer, `publisher ${n}`, async () => await channel.publish(count(n)))))
    await channel.publish(count(3))
    for (const { clients } of instances) for (const client of clients) await received(client, 3)
    const deliveries = spans().filter(({ name }) => name === 'deliver counts')
    t.equal(deliveries.length, 2, 'one for each instance, however many events and subscribers')
    for (const { links, attributes, kind, parentSpanContext } of deliveries) {
      t.strictSame(links.map(({ context }) => identity(context)), publishers.map(identity))
      t.match({ attributes, kind, parentSpanContext }, { attributes: CHANNEL, kind: SpanKind.CONSUMER, parentSpanContext: undefined })
    }
  })

  t.test('of many events are on several spans, so that none is dropped', async t => {
    const { tracerProvider, spans } = openTelemetry(t)
    const { app, listen } = await loadedApp(t)
    await app.register(sseOpenTelemetry, { tracerProvider, links: true, spans: false })
    const channel = app.sse.channel('counts', counts)
    app.get('/', { schema }, request => channel.subscribe(request))
    const client = await opened(t, (await listen()).url)
    const all = Array.from({ length: 300 }, (_, n) => n)
    await publish(tracerProvider.getTracer('test'), 'publisher', async () => await Promise.all(all.map(async n => await channel.publish(count(n)))))
    await received(client, 300)
    const deliveries = spans().filter(({ name }) => name === 'deliver counts')
    t.strictSame(deliveries.map(({ links, droppedLinksCount }) => [links.length, droppedLinksCount]), [[128, 0], [128, 0], [44, 0]])
  })

  t.test('are not made unless that is asked for, nor where nothing is active', async t => {
    for (const links of [false, true]) {
      const { tracerProvider, spans } = openTelemetry(t)
      const { channel, client } = await serve(t, { tracerProvider, links })
      const action = async (): Promise<unknown> => await channel.publish(count(3))
      if (links) await action()
      else await publish(tracerProvider.getTracer('test'), 'publisher', action)
      await received(client, 3)
      t.strictSame(spans().filter(({ name }) => name.startsWith('deliver')), [])
    }
  })

  t.test('lead nowhere for what somebody else has written, or what nobody has seen', async t => {
    const { tracerProvider, spans } = openTelemetry(t)
    const write = (message: unknown): void => { (message as { trace: string }).trace = 'nonsense' }
    const { channel, client } = await serve(t, { tracerProvider, links: true })
    subscribe('fastify-typed-sse:channel:publish', write)
    t.teardown(() => { unsubscribe('fastify-typed-sse:channel:publish', write) })
    await channel.publish(count(3))
    await received(client, 3)
    t.strictSame(spans().filter(({ name }) => name.startsWith('deliver')), [])
  })
})

t.test('a route of several methods', async t => {
  const { meterProvider, tracerProvider, collect, spans } = openTelemetry(t)
  const { app } = await loadedApp(t)
  await app.register(sseOpenTelemetry, { meterProvider, tracerProvider })
  app.route({ method: ['GET', 'POST'], url: '/both', schema, handler: async function * () { yield count(1) } })
  for (const method of ['GET', 'POST'] as const) await app.inject({ url: '/both', method })
  const ofRequests = ['GET', 'POST'].map(method => ({ 'http.request.method': method, 'http.route': '/both' }))
  t.match(spans(), ofRequests.map(attributes => ({ name: `event stream ${attributes['http.request.method']} /both`, attributes })))
  const metrics = await collect()
  t.strictSame(metrics['sse.server.stream.time_to_first_event']?.points.map(({ attributes }) => attributes), ofRequests)
  const opened = metrics['sse.server.stream.opened']?.points
  t.strictSame(opened, [{ attributes: { 'http.route': '/both' }, value: 2 }], 'is counted as one')
})

t.test('is registered once on a server, whichever scopes bring it', async t => {
  const { app } = await loadedApp(t)
  const { meterProvider, tracerProvider } = openTelemetry(t)
  const options = { meterProvider, tracerProvider }
  app.register(async scope => { await scope.register(sseOpenTelemetry, options) })
  app.register(async scope => { await scope.register(sseOpenTelemetry, options) })
  await t.rejects(async () => { await app.ready() }, {
    code: 'FST_ERR_SSE_TELEMETRY_REGISTERED',
    message: 'sseOpenTelemetry is already registered on this server; register it once, since it tells of all scopes'
  })
})

t.test('takes the global providers where it is given none', async t => {
  const { tracerProvider, spans } = openTelemetry(t)
  trace.setGlobalTracerProvider(tracerProvider)
  const { app } = await loadedApp(t)
  await app.register(sseOpenTelemetry)
  app.get('/', { schema }, async function * () { yield count(1) })
  await app.inject('/')
  t.equal(spans().length, 1)
})
