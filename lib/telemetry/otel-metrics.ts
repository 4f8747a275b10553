import type { MeterProvider } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import { listen } from './listen.js'
import { routeAttributes } from './otel-attributes.js'
import { MeterObserver } from './otel-observer.js'

/** Gives the metrics of a server to OpenTelemetry. @returns A function that ends it. */
export function observeMetrics (app: FastifyInstance, provider: MeterProvider): () => void {
  const observer = MeterObserver.of(provider)
  const stops = [
    listen(app, 'stream:first-event', ({ route, seconds }) => { observer.timeToFirstEvent.record(seconds, routeAttributes(route)) }),
    listen(app, 'channel:written', ({ channel, seconds }) => { observer.publishToWrite.record(seconds, { 'sse.channel': channel }) }),
    observer.add(() => app.sse.metrics())
  ]
  return () => { for (const stop of stops) stop() }
}
