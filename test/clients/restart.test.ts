import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { launchChromium } from '../helpers/chromium.js'
import { testApp } from '../helpers/app.js'
import { Inbox } from '../helpers/inbox.js'
import { RawClient } from '../helpers/raw-client.js'
import { eventSourceKinds, type EventSourceKind, eventsOf, type Fired, hasGivenUp } from './event-sources.js'
import { servePage } from './page.js'

// A server stops while EventSources are connected to it, and another one starts on the same port: they come back by
// themselves, with the last event ID.

type Stop = (t: Test, app: FastifyInstance, port: number) => Promise<void>

const CLOSE_TIMEOUT_MS = 1_000

const STOPS: Record<string, Stop> = {
  'was closed': async (_t, app) => { await app.close() },
  'was closed, slowly because of another client,': async (t, app, port) => {
    const other = new RawClient(t, port)
    other.request('/huge')
    await other.until(({ text }) => text.includes('data: '))
    other.socket.pause()
    const startedAtMs = performance.now()
    await app.close()
    t.ok(performance.now() - startedAtMs > CLOSE_TIMEOUT_MS - 10, 'it did wait for the other client')
  },
  'has crashed': async (_t, app) => {
    app.server.closeAllConnections()
    await app.close()
  }
}

t.setTimeout(180_000)
const browser = await launchChromium(t)

for (const kind of eventSourceKinds(browser)) {
  for (const [how, stop] of Object.entries(STOPS)) {
    t.test(`${kind.name} comes back to a server that ${how} and has restarted`, async t => { await comesBack(t, kind, stop) })
  }
}

async function comesBack (t: Test, kind: EventSourceKind, stop: Stop): Promise<void> {
  const { app, port, url } = await startServer(t, 'before')
  const source = await kind.open(t, url, '/', ['message'])
  await source.fired.until(() => eventsOf(source).length === 1)

  await stop(t, app, port)
  await source.fired.until(items => errors(items) >= 3) // so it has tried while nobody was there
  const { seen } = await startServer(t, 'after', port)
  await source.fired.until(() => eventsOf(source).length === 2)

  t.strictSame(eventsOf(source), [['message', 'before', 'id of before'], ['message', 'after', 'id of after']])
  t.strictSame(seen.items, ['id of before'])
  t.notOk(hasGivenUp(source.fired.items))
  await source.close()
}

async function startServer (t: Test, name: string, port = 0): Promise<{ app: FastifyInstance, port: number, url: string, seen: Inbox<string | undefined> }> {
  const { app } = testApp(t, { retryMs: 20, closeSpreadMs: 0, closeTimeoutMs: CLOSE_TIMEOUT_MS })
  const seen = new Inbox<string | undefined>()
  servePage(app)
  app.get('/', async function * (_request, reply) {
    seen.push(reply.sse.lastEventId)
    yield { data: name, id: `id of ${name}` }
    await once(reply.sse.signal, 'abort')
  })
  // More than the buffers of a connection take in.
  app.get('/huge', async function * () { yield { data: 'x'.repeat(64 * 1024 * 1024) } })
  const url = await app.listen({ port, host: '127.0.0.1' })
  return { app, port: Number(new URL(url).port), url, seen }
}

function errors (fired: readonly Fired[]): number {
  return fired.filter(({ type }) => type === 'error').length
}
