import { EventEmitter, on } from 'node:events'
import type { FastifyReply } from 'fastify'
import type { Test } from 'tap'
import type { FastifySseOptions } from '../../lib/index.js'
import { testApp, type TestApp } from '../helpers/app.js'
import { Inbox } from '../helpers/inbox.js'
import { type Changes, type Proxy, type ProxyKind, startProxy } from './proxy.js'

/** A stream that was asked for, as the instance sees it. */
export interface Served {
  readonly lastEventId: string | undefined
  readonly send: (data: number, id?: number) => void
  /** Breaks it off. */
  readonly fail: () => void
}

/** An app whose streams send what the test sends, and that says on /ready whether it wants more of them. */
export interface Instance extends TestApp {
  readonly port: number
  /** The streams on `/`, and those on `/large`, which begin with a large event in their first write. */
  readonly served: Inbox<Served>
  /** What /ready has answered. */
  readonly checked: Inbox<number>
  isReady: boolean
}

/** What proxies that compress begin to compress. */
export const LARGE = 'x'.repeat(2048)

export async function startInstance (t: Test, options: FastifySseOptions = {}): Promise<Instance> {
  // A proxy keeps connections that it does not use, and a closing server would wait for those.
  const bare = testApp(t, options, { forceCloseConnections: true })
  const { app } = bare
  const served = new Inbox<Served>()
  const checked = new Inbox<number>()
  app.get('/', async (_request, reply) => {
    served.push(pushed(reply))
    return reply.sse
  })
  app.get('/large', async function * (_request, reply) {
    const events = new EventEmitter()
    const numbers = on(events, 'number', { signal: reply.sse.signal })
    served.push({ lastEventId: undefined, send: data => { events.emit('number', data) }, fail: () => { events.emit('error', new Error('failed')) } })
    yield { data: LARGE }
    for await (const [data] of numbers) yield { data }
  })
  app.get('/ready', async (_request, reply) => {
    const status = instance.isReady ? 200 : 503
    reply.raw.once('finish', () => { checked.push(status) })
    return reply.code(status).send('')
  })
  const instance = { ...bare, served, checked, isReady: true, port: 0 }
  instance.port = (await bare.listen()).port
  return instance
}

/** An instance behind a proxy that is set up as the page says but for these changes. Undefined where that is not installed. */
export async function startBehind (
  t: Test, kind: ProxyKind, { options = {} as FastifySseOptions, changes = {} as Changes } = {}
): Promise<{ instance: Instance, proxy: Proxy } | undefined> {
  const instance = await startInstance(t, options)
  const proxy = await startProxy(t, kind, [instance.port], changes)
  return proxy === undefined ? undefined : { instance, proxy }
}

function pushed ({ sse }: FastifyReply): Served {
  return {
    lastEventId: sse.lastEventId,
    send (data, id) { void sse.send(id === undefined ? { data } : { data, id }) },
    fail () {
      // The rejection is what makes the stream fail.
      sse.sendAll(failing()).catch(() => {})
    }
  }
}

async function * failing (): AsyncGenerator<never> {
  throw new Error('the source has failed')
}
