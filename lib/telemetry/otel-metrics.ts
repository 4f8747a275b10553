import type { MeterProvider } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import { listen } from './listen.js'
import { channelAttributes, requestAttributes } from './otel-attributes.js'
import { MeterObserver } from './otel-observer.js'
import { toldChannels } from './per-channel.js'

/** Gives the metrics of a server to OpenTelemetry. @returns A function that ends it. */
export function observeMetrics (app: FastifyInstance, provider: MeterProvider, perChannel: boolean): () => void {
  const observer = MeterObserver.of(provider)
  const stops = [
    listen(app, 'stream:first-event', ({ request, route, seconds }) => { observer.timeToFirstEvent.record(seconds, requestAttributes(request, route)) }),
    listen(app, 'channel:written', ({ channel, seconds }) => {
      observer.publishToWrite.record(seconds, perChannel ? channelAttributes(channel) : {})
    }),
    observer.add(() => {
      const metrics = app.sse.metrics()
      return { ...metrics, channels: toldChannels(metrics, perChannel) }
    })
  ]
  return () => { for (const stop of stops) stop() }
}
