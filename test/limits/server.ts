import { once } from 'node:events'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import { Type } from '@sinclair/typebox'
import { eventStream, type FastifySseOptions } from '../../lib/index.js'
import type { Limits } from '../../lib/limits/limits.js'
import { loadedApp, type TestApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'

export const ticks = eventStream({ tick: Type.Integer() })
export const declared = { schema: { response: { 200: ticks } } }

/** The body of a stream of these tests that has begun. */
const FIRST = 'event: tick\ndata: 1\n\n'

const EVENT_SOURCE = ['Accept: text/event-stream']

/** Yields one event, and waits until its client leaves. */
export async function * tickUntilAborted (signal: AbortSignal): AsyncGenerator<ReturnType<typeof ticks.event.tick>> {
  yield ticks.event.tick(1)
  if (!signal.aborted) await once(signal, 'abort')
}

/** An app with a route at `/` whose streams stay open. */
export async function openApp (t: Test, options: FastifySseOptions, route: object = {}, server: FastifyServerOptions = {}): Promise<TestApp & { port: number, limits: Limits }> {
  const testApp = await loadedApp(t, options, server)
  testApp.app.get('/', { ...declared, ...route }, async function * (request, reply) { yield * tickUntilAborted(reply.sse.signal) })
  const { port } = await testApp.listen()
  return { ...testApp, port, limits: limitsOf(testApp.app) }
}

/** What the plugin counts. */
export function limitsOf (app: FastifyInstance): Limits {
  return (app as unknown as Record<symbol, { limits: Limits }>)[Symbol.for('fastify-typed-sse.registration')]?.limits as Limits
}

/** Opens a stream as an EventSource does, and waits for its first event. */
export async function openStream (t: Test, port: number, path = '/', headers: readonly string[] = []): Promise<RawClient> {
  const client = new RawClient(t, port).request(path, { headers: [...EVENT_SOURCE, ...headers] })
  await client.until(({ text }) => text.includes(FIRST))
  return client
}

/** Asks, and waits for an answer that ends. */
export async function ask (t: Test, port: number, path = '/', options: Parameters<RawClient['request']>[1] = {}): Promise<{ status: number, headers: Record<string, string>, body: string }> {
  const headers = options.headers ?? EVENT_SOURCE
  const client = new RawClient(t, port).request(path, { ...options, headers: [...headers, 'Connection: close'] })
  await client.until(({ ended }) => ended !== undefined)
  const [head = ''] = client.text.split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)])),
    body: client.body
  }
}

/** Resolves when so many streams are counted; rejects when that takes long. */
export async function untilOpen (limits: Limits, open: number): Promise<void> {
  const until = performance.now() + 5_000
  while (limits.open !== open) {
    if (performance.now() > until) throw new Error(`${limits.open} streams are counted instead of ${open}`)
    await new Promise(setImmediate)
  }
}
