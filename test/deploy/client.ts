import type { Test } from 'tap'
import { Agent, type Dispatcher, fetch, request } from 'undici'
import { EventSource } from 'eventsource'
import { certificate } from '../helpers/certificate.js'
import { Inbox } from '../helpers/inbox.js'

export const PROTOCOLS = ['HTTP/1.1', 'HTTP/2'] as const
export type Protocol = typeof PROTOCOLS[number]

export interface OpenStream {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  /** The body's bytes, as they come. */
  readonly chunks: Inbox<Buffer>
  /** The body so far, of a body that is text. */
  readonly text: () => string
  /** How the body has ended. One that was broken off is cut. */
  readonly ended: Promise<'complete' | 'cut'>
  readonly leave: () => void
}

/** Opens a stream through a proxy, on a connection of its own. What was compressed stays so. */
export async function open (t: Test, url: string, { protocol = 'HTTP/1.1' as Protocol, headers = {} } = {}): Promise<OpenStream> {
  const left = new AbortController()
  const { statusCode, headers: answered, body } = await request(url, { dispatcher: agent(t, protocol), signal: left.signal, headers })
  const chunks = new Inbox<Buffer>()
  const ended = readAll(body, chunks).then(() => 'complete' as const, () => 'cut' as const)
  t.teardown(() => { left.abort() })
  return {
    status: statusCode,
    headers: answered,
    chunks,
    text: () => Buffer.concat(chunks.items).toString(),
    ended,
    leave: () => { left.abort() }
  }
}

/** A client that comes back by itself, and what it has got. */
export function follow (t: Test, url: string): Inbox<{ data: string, lastEventId: string }> {
  const dispatcher = agent(t, 'HTTP/1.1')
  const events = new Inbox<{ data: string, lastEventId: string }>()
  const source = new EventSource(url, {
    fetch: async (input, init) => await fetch(input as string, { ...init as object, dispatcher }) as never
  })
  source.addEventListener('message', ({ data, lastEventId }) => { events.push({ data, lastEventId }) })
  t.teardown(() => { source.close() })
  return events
}

function agent (t: Test, protocol: Protocol): Agent {
  const made = new Agent({ allowH2: protocol === 'HTTP/2', connect: { ca: certificate.cert }, headersTimeout: 0, bodyTimeout: 0 })
  t.teardown(async () => { await made.destroy() })
  return made
}

async function readAll (body: Dispatcher.ResponseData['body'], chunks: Inbox<Buffer>): Promise<void> {
  for await (const chunk of body) chunks.push(chunk as Buffer)
}
