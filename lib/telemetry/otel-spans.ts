import { type Span, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { listen } from './listen.js'
import { requestAttributes } from './otel-attributes.js'

/** Gives a span to each stream of a server, from the beginning of its response to its end. @returns A function that ends it. */
export function traceStreams (app: FastifyInstance, tracer: Tracer): () => void {
  const spans = new WeakMap<FastifyRequest, Span>()
  const stops = [
    listen(app, 'stream:open', ({ request, route }) => {
      // A child of what is active: this is told in the async context of the request.
      const attributes = requestAttributes(request, route)
      const name = `event stream ${attributes['http.request.method']} ${attributes['http.route']}`
      spans.set(request, tracer.startSpan(name, { attributes }))
    }),
    listen(app, 'stream:first-event', ({ request }) => { spans.get(request)?.addEvent('sse.first_event') }),
    listen(app, 'stream:close', ({ request, record: { reason, events, bytes, resumedFrom, gaps, conflated, dropped } }) => {
      const span = spans.get(request)
      if (span === undefined) return // one that was open before this, or that failed before it was
      spans.delete(request)
      span.setAttributes({ 'sse.close.reason': reason, 'sse.stream.events': events, 'sse.stream.bytes': bytes })
      const others = { resumed_from: resumedFrom, gaps, conflated, dropped }
      for (const [name, value] of Object.entries(others)) if (value !== undefined) span.setAttribute(`sse.stream.${name}`, value)
      if (reason === 'error') span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    })
  ]
  return () => { for (const stop of stops) stop() }
}
