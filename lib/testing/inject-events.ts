import type { DeclaredStream } from '../../types/client.js'
import type { Injectable, InjectedStream, InjectEventsOptions } from '../../types/testing.js'
import { inject } from './inject.js'
import { InjectedEvents } from './injected-events.js'
import { textEvents } from './text-events.js'

export type { Injectable, InjectedStream, InjectEventsOptions } from '../../types/testing.js'

/**
 * Asks an app for an event stream without a socket, and gives its events as they come, typed.
 *
 * Resolves when the head of the answer is there: with the first event, or after `commitAfterMs`. Asks for
 * `text/event-stream`, unless the headers say otherwise.
 *
 * @param options Those of Fastify's own `inject()` and a few more, or the URL.
 * @throws What `inject()` rejects with, and the reason of the `signal`.
 * @example
 * const stream = await injectEvents<typeof prices>(app, '/prices/ACME')
 * const [first] = await stream.take(1)
 * await stream.close()
 */
export async function injectEvents<Stream extends DeclaredStream = DeclaredStream> (
  app: Injectable, options: InjectEventsOptions<Stream> | string
): Promise<InjectedStream<Stream>> {
  const { lastEventId, signal, text = [], ...request }: InjectEventsOptions<Stream> = typeof options === 'string' ? { url: options } : options
  signal?.throwIfAborted()
  const leaving = new AbortController()
  const leave = (): void => { leaving.abort() }
  signal?.addEventListener('abort', leave, { once: true })
  try {
    const headers = headersOf(request.headers, lastEventId)
    const answer = await inject(app, { ...request, headers }, leaving.signal)
    const names = new Set<string>([...text, ...textEvents(answer)])
    const stream = await InjectedEvents.of(answer, {
      leaving, signal, isText: name => names.has(name), onEnd: () => { signal?.removeEventListener('abort', leave) }
    })
    return stream as unknown as InjectedStream<Stream>
  } catch (error) {
    signal?.removeEventListener('abort', leave)
    signal?.throwIfAborted()
    throw error
  }
}

function headersOf (given: InjectEventsOptions['headers'], lastEventId: string | undefined): NonNullable<InjectEventsOptions['headers']> {
  const headers = Object.fromEntries(Object.entries(given ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
  return {
    accept: 'text/event-stream',
    ...headers,
    // Node.js gives what a client sends as one character per byte.
    ...lastEventId !== undefined && { 'last-event-id': Buffer.from(lastEventId).toString('latin1') }
  }
}
