import { readFileSync } from 'node:fs'
import { Registry } from 'prom-client'
import t from 'tap'
import { ssePrometheus } from '../../lib/telemetry/prometheus.js'
import { sseOpenTelemetry } from '../../lib/telemetry/opentelemetry.js'
import { counts, count } from '../channels/streams.js'
import { opened, received } from '../channels/clients.js'
import { loadedApp } from '../helpers/app.js'
import { Programs } from '../helpers/programs.js'
import { openTelemetry } from './opentelemetry-setting.js'

const page = readFileSync(new URL('../../docs/telemetry.md', import.meta.url), 'utf8')

/** The rows of the table of all metrics, by their cells. */
const rows = page.split('\n').filter(line => /^\| `\w+` \| `fastify_sse_/.test(line)).map(line => line.split('|').slice(1).map(cell => cell.replaceAll('`', '').trim()))

t.test('the programs compile', async t => {
  await new Programs(t, 'docs/telemetry.md').compile()
})

t.test('the table has every metric with its name, type, unit and labels, and no others', async t => {
  const registry = new Registry()
  const { meterProvider, collect } = openTelemetry(t)
  const { app, listen } = await loadedApp(t)
  await app.register(ssePrometheus, { registry })
  await app.register(sseOpenTelemetry, { meterProvider })
  const channel = app.sse.channel('counts', counts)
  app.get('/', { schema: { response: { 200: counts } } }, request => channel.subscribe(request))
  const client = await opened(t, (await listen()).url)
  await channel.publish(count(1))
  await received(client, 1)

  const labelsOf = (values: ReadonlyArray<{ labels: object }>): string =>
    [...new Set(values.flatMap(({ labels }) => Object.keys(labels)))].filter(label => label !== 'le').join(', ')
  t.strictSame(
    rows.map(([, prometheus, , , labels = '']) => `${prometheus} ${labels}`),
    (await registry.getMetricsAsJSON()).map(({ name, type, values }) => `${name} ${type as unknown as string} ${labelsOf(values as never)}`)
  )
  t.strictSame(
    rows.map(([, , name, unit]) => `${name} ${unit}`).sort(),
    Object.entries(await collect()).map(([name, { unit }]) => `${name} ${unit}`).sort()
  )
})

t.test('the names in the first column are those of metrics()', async t => {
  const { app } = await loadedApp(t)
  app.sse.channel('counts', counts)
  app.get('/', { schema: { response: { 200: counts } } }, async function * () {})
  const { routes: [route], channels: [channel], allChannels: _, ...server } = app.sse.metrics()
  const names = [route, channel, server].flatMap(part => Object.keys(part ?? {})).filter(name => name !== 'route' && name !== 'channel')
  t.strictSame(rows.map(([name]) => name).sort(), names.sort())
})
