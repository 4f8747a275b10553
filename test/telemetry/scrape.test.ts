import type { FastifyInstance } from 'fastify'
import fastifyMetrics from 'fastify-metrics'
import { Counter, Registry, register } from 'prom-client'
import t, { type Test } from 'tap'
import type { Metrics } from '../../lib/index.js'
import { type PrometheusOptions, ssePrometheus } from '../../lib/telemetry/prometheus.js'
import { opened, received } from '../channels/clients.js'
import { count, counts } from '../channels/streams.js'
import { bareApp, loadedApp } from '../helpers/app.js'

const schema = { response: { 200: counts } }

/** The samples of a metric, as they stand in what is scraped. */
function samplesOf (text: string, name: string): string[] {
  return text.split('\n').filter(line => new RegExp(`^${name}(_bucket|_sum|_count)?[ {]`).test(line)).map(line => line.slice(name.length))
}

/** An app whose one stream has had two events, and is open. */
async function serve (t: Test, registry: Registry, options: Partial<PrometheusOptions> = {}) {
  const testApp = await loadedApp(t)
  const { app, listen } = testApp
  await app.register(ssePrometheus, { registry, ...options })
  const channel = app.sse.channel('counts', counts)
  app.get('/', { schema }, request => channel.subscribe(request))
  const { url } = await listen()
  const client = await opened(t, url)
  for (const n of [1, 2]) {
    await channel.publish(count(n))
    await received(client, n)
  }
  return { ...testApp, client, channel }
}

t.test('a registry of prom-client has what app.sse.metrics() tells, when it is scraped', async t => {
  const registry = new Registry()
  const { app, client, closed } = await serve(t, registry)
  const text = await registry.metrics()
  const { routes: [route], channels: [channel] } = app.sse.metrics()
  t.strictSame(samplesOf(text, 'fastify_sse_streams_open'), ['{route="GET /"} 1'])
  t.strictSame(samplesOf(text, 'fastify_sse_streams_opened_total'), ['{route="GET /"} 1'])
  t.strictSame(samplesOf(text, 'fastify_sse_events_sent_total'), ['{route="GET /"} 2'])
  t.strictSame(samplesOf(text, 'fastify_sse_sent_bytes_total'), [`{route="GET /"} ${route?.bytes}`])
  t.strictSame(samplesOf(text, 'fastify_sse_streams_refused_total'), [' 0'])
  t.strictSame(samplesOf(text, 'fastify_sse_channel_published_total'), ['{channel="counts"} 2'])
  t.strictSame(samplesOf(text, 'fastify_sse_channel_subscribers'), ['{channel="counts"} 1'])
  t.strictSame(samplesOf(text, 'fastify_sse_time_to_first_event_seconds').slice(-3), [
    '_bucket{route="GET /",le="+Inf"} 1', `_sum{route="GET /"} ${route?.timeToFirstEvent.sum}`, '_count{route="GET /"} 1'
  ])
  t.strictSame(samplesOf(text, 'fastify_sse_channel_publish_to_write_seconds').slice(-2), [
    `_sum{channel="counts"} ${channel?.publishToWrite.sum}`, '_count{channel="counts"} 2'
  ])

  client.leave()
  await closed(0)
  const after = await registry.metrics()
  t.strictSame(samplesOf(after, 'fastify_sse_streams_open'), ['{route="GET /"} 0'])
  t.strictSame(samplesOf(after, 'fastify_sse_streams_closed_total').filter(line => !line.endsWith(' 0')), ['{route="GET /",reason="client"} 1'])
  t.strictSame(samplesOf(after, 'fastify_sse_events_sent_total'), ['{route="GET /"} 2'])
})

t.test('channels have no names where that is switched off, and nothing goes from all together', async t => {
  const registry = new Registry()
  const { app, channel } = await serve(t, registry, { perChannel: false })
  await app.sse.channel('other', counts).publish(count(1))
  for (const subscribers of [1, 0]) {
    const text = await registry.metrics()
    t.strictSame(samplesOf(text, 'fastify_sse_channel_subscribers'), [` ${subscribers}`])
    t.strictSame(samplesOf(text, 'fastify_sse_channel_published_total'), [' 3'])
    t.strictSame(samplesOf(text, 'fastify_sse_channel_publish_to_write_seconds').at(-1), '_count 2')
    t.notMatch(text, /channel="/)
    await channel.close()
  }
})

t.test('each bucket of a histogram has what is in those below it as well', async t => {
  const registry = new Registry()
  const { app, channel, client } = await serve(t, registry)
  await channel.publish(count(3))
  await received(client, 3)
  const { bounds, counts, count: all } = app.sse.metrics().channels[0]?.publishToWrite ?? { bounds: [], counts: [], count: 0 }
  const expected = [...bounds, '+Inf'].map((le, i) => `_bucket{channel="counts",le="${le}"} ${counts.slice(0, i + 1).reduce((a, b) => a + b)}`)
  t.strictSame(samplesOf(await registry.metrics(), 'fastify_sse_channel_publish_to_write_seconds').slice(0, -2), expected)
  t.equal(all, 3)
  t.match(expected.at(-1), / 3$/)
})

t.test('names and units follow the conventions', async t => {
  const registry = new Registry()
  await serve(t, registry)
  for (const { name, type, help } of registry.getMetricsAsArray() as Array<{ name: string, type: unknown, help: string }>) {
    t.match(name, /^fastify_sse_[a-z_]+$/)
    t.equal(name.endsWith('_total'), type as unknown === 'counter', `${name}: counters, and nothing else, end in _total`)
    t.notMatch(name, /_(ms|milliseconds|kb|count|sum|bucket)(_|$)/, 'base units, and no suffix that a histogram makes')
    t.match(help, /^[A-Z].*\.$/)
    if (type as unknown === 'histogram') t.match(name, /_seconds$/)
  }
})

t.test('OpenMetrics is told the same', async t => {
  const registry = new Registry()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never)
  await serve(t, registry)
  for (let scrapes = 0; scrapes < 2; scrapes++) {
    const text = await registry.metrics()
    t.ok(text.includes('# TYPE fastify_sse_events_sent counter\nfastify_sse_events_sent_total{route="GET /"} 2\n'))
    t.ok(text.endsWith('# EOF\n'))
  }
})

t.test('streams are looked at once for each scrape', async t => {
  const registry = new Registry()
  const { app } = await loadedApp(t)
  let calls = 0
  const metrics = (): Metrics => {
    calls++
    return app.sse.metrics()
  }
  await ssePrometheus({ addHook () {}, sse: { metrics } } as unknown as FastifyInstance, { registry })
  await registry.metrics()
  t.equal(calls, 1)
  await registry.getMetricsAsJSON()
  t.equal(calls, 2)
})

t.test('resetting the registry takes nothing from what is counted', async t => {
  const registry = new Registry()
  await serve(t, registry)
  registry.resetMetrics()
  t.strictSame(samplesOf(await registry.metrics(), 'fastify_sse_events_sent_total'), ['{route="GET /"} 2'])
})

t.test('several workers add up', async t => {
  const registry = new Registry()
  await serve(t, registry)
  const { AggregatorRegistry } = await import('prom-client')
  const one = await registry.getMetricsAsJSON()
  const text = await AggregatorRegistry.aggregate([one as never, one as never]).metrics()
  t.strictSame(samplesOf(text, 'fastify_sse_events_sent_total'), ['{route="GET /"} 4'])
  t.match(samplesOf(text, 'fastify_sse_channel_publish_to_write_seconds').at(-1), /_count\{channel="counts"\} 4/)
})

t.test('stands beside fastify-metrics, in its registry and at its endpoint', async t => {
  const { app, listen } = await loadedApp(t)
  t.teardown(() => { register.clear() })
  await app.register(fastifyMetrics as never, { endpoint: '/metrics' })
  await app.register(ssePrometheus, { registry: (app as unknown as { metrics: { client: { register: Registry } } }).metrics.client.register })
  app.get('/', { schema }, async function * () { yield count(1) })
  const { url } = await listen()
  await (await fetch(url)).text()
  const text = await (await fetch(`${url}/metrics`)).text()
  t.strictSame(samplesOf(text, 'fastify_sse_events_sent_total'), ['{route="GET /"} 1'])
  t.ok(samplesOf(text, 'http_request_duration_seconds').length > 0, 'and its own metrics are there')
})

t.test('an app takes its metrics along when it closes, and nothing else', async t => {
  const registry = new Registry()
  const own = new Counter({ name: 'own_total', help: 'Of the app.', registers: [registry] })
  const first = await serve(t, registry)
  await first.app.close()
  t.strictSame(registry.getMetricsAsArray(), [own])
  const second = await serve(t, registry)
  registry.clear()
  const third = await serve(t, registry)
  await second.app.close()
  t.strictSame(samplesOf(await registry.metrics(), 'fastify_sse_streams_open'), ['{route="GET /"} 1'], 'those of another app stay')
  await third.app.close()
})

t.test('a name that the registry has already is an error', async t => {
  const registry = new Registry()
  const { app } = await serve(t, registry)
  const other = await loadedApp(t)
  await t.rejects(async () => { await other.app.register(ssePrometheus, { registry }) }, /fastify_sse_streams_open has already been registered/)
  t.not(app, other.app)
  t.match(await registry.metrics(), /fastify_sse_streams_open\{route="GET \/"\} 1/)
})

t.test('what is no registry is refused', async t => {
  for (const [options, received] of [[{}, 'undefined'], [{ registry: 'default' }, 'string']] as const) {
    const { app } = await loadedApp(t)
    await t.rejects(async () => { await app.register(ssePrometheus, options as never) }, {
      code: 'FST_ERR_SSE_OPTION_INVALID', message: `registry should be a registry of prom-client, instead got '${received}'`
    })
  }
})

t.test('needs the plugin', async t => {
  const { app } = bareApp(t)
  await t.rejects(async () => { await app.register(ssePrometheus, { registry: new Registry() }) }, /fastify-typed-sse/)
})
