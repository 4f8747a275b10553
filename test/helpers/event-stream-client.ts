import { once } from 'node:events'
import { type IncomingMessage, request, type RequestOptions } from 'node:http'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { Test } from 'tap'

/** The events of a whole body. */
export function decode (body: string): EventSourceMessage[] {
  const events: EventSourceMessage[] = []
  createParser({ onEvent: event => events.push(event), onError: error => { throw error } }).feed(body)
  return events
}

/** The events of a body, as they arrive. */
export async function * eventsOf (body: unknown): AsyncGenerator<EventSourceMessage, undefined> {
  const arrived: EventSourceMessage[] = []
  const parser = createParser({ onEvent: event => arrived.push(event), onError: error => { throw error } })
  const decoder = new TextDecoder()
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    yield * arrived.splice(0)
  }
}

/**
 * Asks for a stream on a connection of its own, closed with the test. Destroying the response leaves the stream; an
 * aborted `fetch` does too, but then opens a connection that it does not use, and a closing server waits for that.
 */
export async function connect (t: Test, url: string, options: RequestOptions = {}): Promise<IncomingMessage> {
  const sent = request(url, { agent: false, ...options }).end()
  t.teardown(() => { sent.destroy() })
  const [response] = await once(sent, 'response') as [IncomingMessage]
  response.on('error', () => {}) // the test sees it where it reads
  return response
}
