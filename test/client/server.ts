import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { connect, type ClientState, type ClientStream, type ConnectOptions, type DeclaredStream } from '../../lib/client/connect.js'
import { Inbox } from '../helpers/inbox.js'

export const EVENT_STREAM = { 'content-type': 'text/event-stream' }

interface Server {
  readonly url: string
  readonly port: number
  /** All requests so far. */
  readonly requests: Inbox<IncomingMessage>
}

/** A server that answers its n-th request, counted from 0, as it is told. Closed with the test. */
export async function serve (t: Test, answer: (response: ServerResponse, n: number, request: IncomingMessage) => void): Promise<Server> {
  const requests = new Inbox<IncomingMessage>()
  const listener: RequestListener = (request, response) => {
    requests.push(request)
    answer(response, requests.items.length - 1, request)
  }
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}/`, port, requests }
}

/** A client that comes back at once, and is closed with the test. */
export function open<Stream extends DeclaredStream = DeclaredStream> (
  t: Test, url: string | URL, options: ConnectOptions<Stream> = {}
): ClientStream<Stream> {
  const stream = connect<Stream>(url, { retryMs: 0, maxRetryMs: 0, ...options })
  t.teardown(() => { stream.close() })
  return stream
}

/** The states of a client, from the one that it has. */
export function statesOf (stream: Pick<ClientStream, 'state' | 'onState'>): Inbox<ClientState> {
  const states = new Inbox<ClientState>()
  states.push(stream.state)
  stream.onState(state => { states.push(state) })
  return states
}

/** All that comes. */
export async function all<Item> (items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

/** The error with which a promise rejects. */
export async function failure (promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(value => { throw new Error(`it resolved with ${String(value)}`) }, (error: unknown) => error)
}

/** What unhandled rejections are about, while nobody else handles them. */
export function unhandledRejections (t: Test): Inbox<unknown> {
  const unhandled = new Inbox<unknown>()
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', reason => { unhandled.push(reason) })
  t.teardown(() => {
    process.removeAllListeners('unhandledRejection')
    for (const other of others) process.on('unhandledRejection', other)
  })
  return unhandled
}
