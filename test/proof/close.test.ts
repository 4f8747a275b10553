import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import t, { type Test } from 'tap'
import { loadedApp, type TestApp } from '../helpers/app.js'
import { type Deferred, deferred } from '../helpers/deferred.js'
import { RawClient } from '../helpers/raw-client.js'
import { notes } from './ask.js'
import { expectSurvival } from './survival.js'

expectSurvival(t)
t.setTimeout(180_000)

const retryMs = 4_000
const closeSpreadMs = 3_000

/** Moments of a server's end that requests wait for. */
interface Moments {
  /** The first stream is told to end. */
  closing: Deferred<void>
  /** All streams have ended. */
  late: Deferred<void>
}

interface State {
  streams: number
  handler: (request: FastifyRequest, reply: FastifyReply, reached: () => void, moments: Moments) => unknown
  options?: (reached: () => void, moments: Moments) => RouteShorthandOptions
  /** How the client behaves. Default: it reads, and gets a clean end. */
  client?: 'does not read' | 'gets no clean end' | 'has had a stream before'
}

const note = { event: 'box', data: { any: 1 } }
const bigNote = { event: 'text', data: 'x'.repeat(256 * 1024) }
const { promise: never } = deferred()

async function aborted ({ sse: { signal } }: FastifyReply): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

/** Resolves when what was written does not get away any more. */
async function stuck ({ raw }: FastifyReply): Promise<void> {
  for (let turns = 0; turns < 10; turns = raw.writableLength > 0 ? turns + 1 : 0) await turn()
}

/** Those that end when they are asked to, or whose response can end without them. */
const WILLING: Record<string, State> = {
  'before-the-first-event': {
    streams: 100,
    handler: (_, reply, reached) => (async function * () {
      reached()
      await aborted(reply)
    })()
  },
  'before-the-first-event-deaf': {
    streams: 100,
    handler: (_, _reply, reached) => (async function * () {
      reached()
      await never
    })()
  },
  quiet: {
    streams: 150,
    handler: (_, reply, reached, { closing }) => (async function * () {
      yield note
      reached()
      await aborted(reply)
      closing.resolve()
    })()
  },
  deaf: {
    streams: 100,
    handler: (_, _reply, reached) => (async function * () {
      yield note
      reached()
      await never
    })()
  },
  'fails-to-clean-up': {
    streams: 100,
    handler: (_, reply, reached) => (async function * () {
      try {
        yield note
        reached()
        await aborted(reply)
      } finally {
        // eslint-disable-next-line no-unsafe-finally
        throw new Error('no end')
      }
    })()
  },
  'never-returns': {
    streams: 50,
    handler (_request, _reply, reached) {
      const results = [note]
      return {
        [Symbol.asyncIterator]: () => ({
          next () {
            const value = results.shift()
            if (value !== undefined) return { done: false, value }
            reached()
            return never
          },
          return: () => never
        })
      }
    }
  },
  'idle-sink': {
    streams: 100,
    handler (_, reply, reached) {
      void reply.sse.send(note).then(reached)
      return reply.sse
    }
  },
  'busy-sink': {
    streams: 50,
    handler (_, reply, reached) {
      const timer = setInterval(() => { void reply.sse.send(note).then(reached) }, 1)
      void aborted(reply).then(() => { clearInterval(timer) })
      return reply.sse
    }
  },
  'second-on-its-connection': {
    streams: 100,
    client: 'has had a stream before',
    handler: (_, reply, reached) => (async function * () {
      yield note
      reached()
      await aborted(reply)
    })()
  },
  'async-pre-handler': {
    streams: 50,
    options: (reached, { closing }) => ({
      async preHandler () {
        reached()
        await closing.promise
        await turn()
      }
    }),
    handler: () => (async function * () { yield note })()
  },
  'late-pre-handler': {
    streams: 50,
    options: (reached, { late }) => ({
      async preHandler () {
        reached()
        await late.promise
      }
    }),
    handler: (_, reply) => reply.sse
  },
  'async-on-send': {
    streams: 50,
    options: (reached, { closing }) => ({
      async onSend (_request, _reply, payload) {
        reached()
        await closing.promise
        return payload
      }
    }),
    handler: (_, reply) => (async function * () {
      yield note
      await aborted(reply)
    })()
  }
}

/** Those that only the end of their connection ends. */
const UNWILLING: Record<string, State> = {
  backpressure: {
    streams: 20,
    client: 'does not read',
    handler (_, reply, reached) {
      void stuck(reply).then(reached)
      return (async function * () { for (;;) yield bigNote })()
    }
  },
  'sink-with-a-queue': {
    streams: 20,
    client: 'does not read',
    handler (_, reply, reached) {
      void stuck(reply).then(reached)
      void (async () => { while (await reply.sse.send(bigNote)); })()
      return reply.sse
    }
  },
  'endless-on-send': {
    streams: 20,
    client: 'gets no clean end',
    options: reached => ({
      async onSend () {
        reached()
        await never
      }
    }),
    handler: (_, reply) => (async function * () {
      yield note
      await aborted(reply)
    })()
  }
}

interface Clients { told: RawClient[], cut: RawClient[], unread: Socket[] }

/** An app with all these streams open, each in its state. */
async function openAll (t: Test, states: Record<string, State>, closeTimeoutMs: number): Promise<TestApp & Clients> {
  const testApp = await loadedApp(t, { retryMs, closeSpreadMs, closeTimeoutMs, commitAfterMs: Infinity, maxBufferedBytes: Infinity })
  const { app, listen } = testApp
  const moments = { closing: deferred(), late: deferred() }
  const waiting = new Map<string, () => void>()
  for (const [name, { handler, options }] of Object.entries(states)) {
    const reached = (): void => { waiting.get(name)?.() }
    app.get(`/${name}`, { schema: { response: { 200: notes } }, ...options?.(reached, moments) }, (request, reply) => handler(request, reply, reached, moments) as never)
  }
  app.get('/short', async function * () { yield { data: 'short' } })
  app.addHook('preClose', async () => { moments.late.resolve() })

  const { port } = await listen()
  const clients: Clients = { told: [], cut: [], unread: [] }
  for (const [name, { streams, client }] of Object.entries(states)) {
    let left = streams
    const allReached = new Promise<void>(resolve => { waiting.set(name, () => { if (--left === 0) resolve() }) })
    for (let n = 0; n < streams; n++) await visit(t, port, name, client, clients)
    await allReached
  }
  return { ...testApp, ...clients }
}

async function visit (t: Test, port: number, name: string, how: State['client'], { told, cut, unread }: Clients): Promise<void> {
  if (how === 'does not read') {
    const socket = connect(port, '127.0.0.1').pause()
    socket.on('error', () => {})
    socket.write(`GET /${name} HTTP/1.1\r\nHost: test\r\n\r\n`)
    t.teardown(() => { socket.destroy() })
    unread.push(socket)
    return
  }
  const client = new RawClient(t, port)
  if (how === 'has had a stream before') {
    await client.request('/short').until(({ isComplete }) => isComplete)
    client.text = ''
  }
  client.request(`/${name}`)
  if (how === 'gets no clean end') cut.push(client)
  else told.push(client)
}

async function timeToClose ({ app }: TestApp): Promise<number> {
  const startedAtMs = performance.now()
  await app.close()
  return performance.now() - startedAtMs
}

async function assertTold (t: Test, clients: RawClient[]): Promise<void> {
  const delays = new Set<number>()
  for (const client of clients) {
    await client.until(({ ended }) => ended !== undefined)
    const [, delay] = /\nretry: (\d+)\n$/.exec(client.body) ?? []
    delays.add(Number(delay))
    if (client.ended !== 'end' || !client.isComplete || !(Number(delay) >= retryMs && Number(delay) <= retryMs + closeSpreadMs)) {
      t.fail('a client was not told', { found: client.text, ended: client.ended })
    }
  }
  t.ok(delays.size > clients.length / 2, `${clients.length} clients were told to come back, each after its own time`)
}

async function assertNothingLeft (t: Test, { app, logs, told, cut, unread }: TestApp & Clients, streams: number): Promise<void> {
  for (const socket of [...told, ...cut].map(({ socket }) => socket).concat(unread)) {
    if (!socket.closed) await once(socket.resume(), 'close')
  }
  const connections = await new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => { if (error === null) resolve(count); else reject(error) })
  })
  t.equal(connections, 0)
  const reasons = logs.filter(({ msg }) => msg === 'event stream closed').map(({ stream }) => stream?.['reason'])
  t.equal(reasons.filter(reason => reason === 'shutdown').length, streams)
  const left = (): string[] => process.getActiveResourcesInfo().filter(name => name.startsWith('TCP'))
  for (let turns = 0; turns < 1_000 && left().length > 0; turns++) await turn()
  t.same(left(), [], 'no socket is left')
}

t.test('an app with 1,000 open streams that are willing to end closes at once', async t => {
  const closeTimeoutMs = 8_000
  const opened = await openAll(t, WILLING, closeTimeoutMs)
  const { told } = opened
  t.ok(told.length >= 1_000)
  const elapsedMs = await timeToClose(opened)
  t.ok(elapsedMs < closeTimeoutMs, `it took ${Math.round(elapsedMs)} ms`)
  await assertTold(t, told)
  await assertNothingLeft(t, opened, told.length)
})

t.test('an app with 1,000 open streams in every state closes in its time', async t => {
  const closeTimeoutMs = 3_000
  const opened = await openAll(t, { ...UNWILLING, ...WILLING }, closeTimeoutMs)
  const { told, cut, unread } = opened
  const streams = told.length + cut.length + unread.length
  t.ok(streams >= 1_000, `${streams} streams are open`)
  const elapsedMs = await timeToClose(opened)
  t.ok(elapsedMs < closeTimeoutMs + 1_000, `it took ${Math.round(elapsedMs)} ms`)
  await assertTold(t, told)
  for (const client of cut) {
    await client.until(({ ended }) => ended !== undefined)
    t.notOk(client.isComplete, 'what was cut does not look complete')
  }
  await assertNothingLeft(t, opened, streams)
})
