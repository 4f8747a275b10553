import { context, isSpanContextValid, type Link, SpanKind, trace, type Tracer } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import { listen } from './listen.js'

/** What a span may have by the SDK's default; what is more would be dropped. */
const MAX_LINKS = 128

/**
 * Lets deliveries be followed to who has published: an event carries the trace in which it was published to all instances,
 * and where those of one tick were written, a span has a link to each, up to 128 of them. @returns A function that ends it.
 *
 * @see https://www.w3.org/TR/trace-context/
 */
export function traceDeliveries (app: FastifyInstance, tracer: Tracer): () => void {
  const stops = [
    listen(app, 'channel:publish', message => { message.trace = traceParent() }),
    listen(app, 'channel:deliver', ({ channel, traces }) => {
      const links = traces.flatMap(trace => linkTo(trace) ?? [])
      for (let begin = 0; begin < links.length; begin += MAX_LINKS) {
        tracer.startSpan(`deliver ${channel}`, {
          kind: SpanKind.CONSUMER, root: true, links: links.slice(begin, begin + MAX_LINKS), attributes: { 'sse.channel': channel }
        }).end()
      }
    })
  ]
  return () => { for (const stop of stops) stop() }
}

/** What is active here, in the format of the header `traceparent`. */
function traceParent (): string | undefined {
  const active = trace.getSpanContext(context.active())
  if (active === undefined || !isSpanContextValid(active)) return undefined
  return `00-${active.traceId}-${active.spanId}-${active.traceFlags.toString(16).padStart(2, '0')}`
}

/** Undefined for what somebody else has written there. */
function linkTo (traceParent: string): Link | undefined {
  const [, traceId, spanId, flags] = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(traceParent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { context: { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true } }
}
