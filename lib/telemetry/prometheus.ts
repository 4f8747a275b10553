import fp from 'fastify-plugin'
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../../types/telemetry.js'
import { describe } from '../describe.js'
import { FST_ERR_SSE_OPTION_INVALID } from '../errors.js'
import { toldChannels } from './per-channel.js'
import { DESCRIPTIONS } from './prometheus-descriptions.js'
import { ScrapedMetric } from './scraped-metric.js'

/** A registry of prom-client, as far as it is needed here: the package that it is of may be any copy of it. */
export interface PrometheusRegistry {
  registerMetric: (metric: never) => void
  getSingleMetric: (name: string) => unknown
  removeSingleMetric: (name: string) => void
}

/** Options of `app.register(ssePrometheus, options)`. */
export interface PrometheusOptions {
  /** What the metrics are added to, such as `register` of prom-client, or `app.metrics.client.register` of fastify-metrics. */
  registry: PrometheusRegistry
  /**
   * Whether metrics of channels are told of each channel, by its name. Default: true. False: of all together, without the label
   * `channel`. Prometheus keeps a series for every name that it has scraped: where names come and go without end, set false.
   */
  perChannel?: boolean
}

/**
 * Adds the metrics of `app.sse.metrics()` to a registry of prom-client, which reads them when it is scraped. They leave it
 * when the app closes. To be registered after the plugin itself, once for a server: all of its scopes are in the metrics.
 *
 * @throws FST_ERR_SSE_OPTION_INVALID, and what the registry throws for names that it has already.
 * @see https://prometheus.io/docs/practices/naming/
 * @example
 * import { register } from 'prom-client'
 * await app.register(ssePrometheus, { registry: register })
 * app.get('/metrics', async (_request, reply) => reply.type(register.contentType).send(await register.metrics()))
 */
export const ssePrometheus = fp(exportMetrics, { fastify: '5.x', name: 'fastify-typed-sse/prometheus', dependencies: ['fastify-typed-sse'] })

export default ssePrometheus

async function exportMetrics (app: FastifyInstance, { registry, perChannel = true }: PrometheusOptions): Promise<void> {
  if (typeof (registry as Partial<PrometheusRegistry> | undefined)?.registerMetric !== 'function') {
    throw FST_ERR_SSE_OPTION_INVALID('registry', 'a registry of prom-client', describe(registry))
  }
  const added = new Map<string, ScrapedMetric>()
  app.addHook('onClose', async () => {
    // It may have been cleared, and another app have its own there.
    for (const [name, metric] of added) if (registry.getSingleMetric(name) === metric) registry.removeSingleMetric(name)
  })
  const read = oncePerScrape(() => {
    const metrics = app.sse.metrics()
    return { ...metrics, channels: toldChannels(metrics, perChannel) }
  })
  for (const description of DESCRIPTIONS) {
    const metric = new ScrapedMetric(description, read)
    registry.registerMetric(metric as never)
    added.set(description.name, metric)
  }
}

/** A registry asks all of its metrics in one go. */
function oncePerScrape (read: () => Metrics): () => Metrics {
  let current: Metrics | undefined
  return () => {
    if (current !== undefined) return current
    queueMicrotask(() => { current = undefined })
    current = read()
    return current
  }
}
