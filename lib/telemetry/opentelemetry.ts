import fp from 'fastify-plugin'
import type { MeterProvider, TracerProvider } from '@opentelemetry/api'
import { metrics, trace } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import { FST_ERR_SSE_TELEMETRY_REGISTERED } from '../errors.js'
import { traceDeliveries } from './otel-deliveries.js'
import { observeMetrics } from './otel-metrics.js'
import { traceStreams } from './otel-spans.js'

/** Options of `app.register(sseOpenTelemetry, options)`. */
export interface OpenTelemetryOptions {
  /** Default: the global one. */
  meterProvider?: MeterProvider
  /** Default: the global one. */
  tracerProvider?: TracerProvider
  /** Whether each stream has a span. Default: true. */
  spans?: boolean
  /** Whether events carry the trace in which they were published, and their deliveries link to it. Default: false. */
  links?: boolean
  /**
   * Whether metrics of channels are told of each channel, by its name. Default: true. False: of all together. An SDK keeps
   * every name that it was told of, 2,000 at most unless it is set otherwise: where names come and go without end, set false.
   */
  perChannel?: boolean
}

const NAME = 'fastify-typed-sse'

// Symbol.for, so that the ESM and the CommonJS copy of this package see each other's registration.
const kRegistered = Symbol.for('fastify-typed-sse.opentelemetry')

/**
 * Gives the metrics of `app.sse.metrics()` to OpenTelemetry, which reads them when it collects; and a span for each stream,
 * a child of what is active in its handler: of the request's own span with @fastify/otel. To be registered after the plugin
 * itself, once for a server. All of it ends with the app.
 *
 * @throws FST_ERR_SSE_TELEMETRY_REGISTERED
 * @see https://opentelemetry.io/docs/specs/semconv/
 * @example
 * await app.register(sseOpenTelemetry)
 */
export const sseOpenTelemetry = fp(exportTelemetry, { fastify: '5.x', name: 'fastify-typed-sse/opentelemetry', dependencies: ['fastify-typed-sse'] })

export default sseOpenTelemetry

async function exportTelemetry (app: FastifyInstance, options: OpenTelemetryOptions): Promise<void> {
  const { meterProvider = metrics.getMeterProvider(), tracerProvider = trace.getTracerProvider(), spans = true, links = false, perChannel = true } = options
  const server = app.server as { [kRegistered]?: true }
  if (server[kRegistered] === true) throw FST_ERR_SSE_TELEMETRY_REGISTERED('sseOpenTelemetry')
  server[kRegistered] = true
  const stops = [observeMetrics(app, meterProvider, perChannel)]
  if (spans) stops.push(traceStreams(app, tracerProvider.getTracer(NAME)))
  if (links) stops.push(traceDeliveries(app, tracerProvider.getTracer(NAME)))
  app.addHook('onClose', async () => { for (const stop of stops) stop() })
}
