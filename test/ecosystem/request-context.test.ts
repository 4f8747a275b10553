import { EventEmitter, once } from 'node:events'
import { text as textOf } from 'node:stream/consumers'
import { setImmediate as turn, setTimeout as timeout } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import requestContext from '@fastify/request-context'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { FastifyReply, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import sse, { eventStream, type FastifySseOptions, type StreamOptions } from '../../lib/index.js'
import { bareApp, type TestApp } from '../helpers/app.js'
import { type Deferred, deferred } from '../helpers/deferred.js'
import { connect } from '../helpers/event-stream-client.js'
import { RawClient } from '../helpers/raw-client.js'

declare module '@fastify/request-context' {
  interface RequestContextData { user: string }
}

const texts = eventStream({ text: Type.String() })
const { text } = texts.event

t.test('two users at once never see the store of the other, over thousands of events', async t => {
  const EVENTS = 3_000
  const QUIET_AFTER = 2_950
  // More than the kernel keeps for a connection, by far, before the client has to have read it.
  const padding = 'x'.repeat(5_000)
  const { app, listen, witness, looks, mistakes } = contextApp(t, { heartbeatMs: 20 })
  const raws = new Map<unknown, FastifyReply['raw']>()
  const quiet = new Map<unknown, Deferred<void>>()
  const meet = meeting(2)
  app.after(() => {
    app.get('/', { schema: { response: { 200: texts } } }, async function * (request, reply) {
      const name = request.headers['x-user']
      const look = witness(request)
      const heard = deferred()
      quiet.set(name, heard)
      raws.set(name, reply.raw)
      for (let n = 0; n < EVENTS; n++) {
        look('before a yield')
        yield text(`${String(name)} ${n} ${padding}`)
        look('after a yield')
        // Now and then it waits for what may bring the context of the other along.
        if (n % 64 === 0) await turn()
        else if (n % 100 === 0) await meet()
        else if (n % 333 === 0) await timeout(1)
        else if (n + 1 === QUIET_AFTER) await heard.promise
        look('after an await')
      }
    })
  })
  const { url } = await listen()

  await Promise.all(['ada', 'grace'].map(async name => {
    const response = await connect(t, url, { headers: { 'x-user': name } })
    await blocked(() => raws.get(name))
    const events: EventSourceMessage[] = []
    const parser = createParser({
      onEvent: event => { events.push(event) },
      onComment: () => { if (events.length === QUIET_AFTER) quiet.get(name)?.resolve() }
    })
    for await (const chunk of response.setEncoding('utf8')) {
      parser.feed(chunk as string)
      await turn() // read slowly
    }
    t.equal(events.length, EVENTS)
    t.ok(events.every(({ data }, n) => data.startsWith(`"${name} ${n} x`)), `${name} got the events of ${name}, in order`)
  }))
  t.strictSame(mistakes, [])
  t.equal(looks.length, 2 * 3 * EVENTS)
})

interface Source {
  look: (place: string) => void
  signal: AbortSignal
  fail: Promise<Error>
}

const kinds: Record<string, (source: Source) => AsyncIterable<unknown>> = {
  'a generator that waits': async function * ({ look, signal, fail }) {
    try {
      yield text('first')
      const failed = await Promise.race([fail, once(signal, 'abort')])
      look('after the last await')
      if (failed instanceof Error) throw failed
    } finally {
      look('in the end')
    }
  },
  'a generator that is held back at a yield': async function * ({ look }) {
    try {
      yield text('first')
      for (;;) yield text('x'.repeat(10_000))
    } finally {
      look('in the end')
      await turn()
      look('after an await in the end')
    }
  },
  'an iterator of its own': ({ look, fail }) => ({
    [Symbol.asyncIterator]: () => {
      let n = 0
      return {
        next: async () => {
          look('in next')
          if (n++ > 0) throw await fail
          return { done: false, value: text('first') }
        },
        return: async () => {
          look('in the end')
          return { done: true, value: undefined }
        }
      }
    }
  })
}

interface Visit { client: RawClient, url: string, fail: Deferred<Error> }

const ends: Record<string, { end?: (visit: Visit) => unknown, reason: string, options?: StreamOptions }> = {
  'a client that leaves on a connection that another user had before': {
    end: ({ client }) => { client.socket.destroy() },
    reason: 'client'
  },
  'the timer that watches the streams of all users, for its age,': { reason: 'max-age', options: { maxAgeMs: 40 } },
  'the timer that watches the streams of all users, for its stall,': { reason: 'stalled', options: { stallTimeoutMs: 40 } },
  'another user who closes the server': {
    end: async ({ url }) => { await fetch(`${url}/close`, { method: 'POST', headers: { 'x-user': 'ada', connection: 'close' } }) },
    reason: 'shutdown'
  },
  'a failure that another user causes': {
    end: async ({ url }) => { await fetch(`${url}/fail`, { method: 'POST', headers: { 'x-user': 'ada', connection: 'close' } }) },
    reason: 'error'
  }
}

for (const [who, { end, reason, options = {} }] of Object.entries(ends)) {
  for (const [kind, source] of Object.entries(kinds)) {
    const isHeldBack = kind.endsWith('at a yield')
    // What is held back can't fail, and nothing else stalls.
    if (isHeldBack ? reason === 'error' || reason === 'max-age' : reason === 'stalled') continue

    t.test(`${kind} is in its own context when ${who} ends its stream`, async t => {
      const { app, listen, witness, looks, mistakes } = contextApp(t, {
        closeTimeoutMs: 100,
        onStreamError: (_error, request) => {
          witness(request)('in onStreamError')
          return undefined
        }
      })
      const fail = deferred<Error>()
      const aborted = deferred()
      const ended = deferred<unknown>()
      let raw: FastifyReply['raw'] | undefined
      app.after(() => {
        app.get('/nothing', async () => ({}))
        app.post('/fail', async () => {
          fail.resolve(new Error('failed'))
          return {}
        })
        app.post('/close', async () => {
          app.close().catch(t.fail)
          return {}
        })
        app.get('/ada', { sse: { heartbeatMs: 20 } }, async function * (_request, reply) {
          yield { data: 'first' }
          await once(reply.sse.signal, 'abort')
        })
        app.get('/', { schema: { response: { 200: texts } }, sse: options }, (request, reply) => {
          raw = reply.raw
          const look = witness(request)
          const { signal, closed } = reply.sse
          signal.addEventListener('abort', () => {
            look('in an abort listener')
            aborted.resolve()
          })
          closed.then(({ reason }) => {
            look('after the close')
            ended.resolve(reason)
          }, t.fail)
          return source({ look, signal, fail: fail.promise })
        })
      })
      const { url, port } = await listen()

      // The stream of Ada is the first, and the one to be watched most, so that the timer is hers. Then she has the connection that Grace has after her.
      await connect(t, `${url}/ada`, { headers: { 'x-user': 'ada' } })
      const client = new RawClient(t, port)
      client.request('/nothing', { headers: ['x-user: ada'] })
      await client.until(({ text }) => text.endsWith('{}'))
      client.request('/', { headers: ['x-user: grace'] })
      await client.until(({ text }) => text.includes('data: "first"'))
      if (isHeldBack) client.socket.pause()
      if (isHeldBack && reason !== 'stalled') await blocked(() => raw)
      await end?.({ client, url, fail })
      await aborted.promise
      client.socket.resume()
      t.equal(await ended.promise, reason)
      await turn()
      t.strictSame(mistakes, [])
      t.strictSame([...new Set(looks)].sort(), [
        'in an abort listener',
        'after the close',
        ...(isHeldBack ? ['in the end', 'after an await in the end'] : []),
        ...(kind.endsWith('waits') ? ['after the last await', 'in the end'] : []),
        ...(kind.endsWith('own') ? reason === 'error' ? ['in next'] : ['in next', 'in the end'] : []),
        ...(reason === 'error' ? ['in onStreamError'] : [])
      ].sort())
    })
  }
}

t.test('what another user pushes is sent in the context of the user who gets it', async t => {
  const { app, listen, witness, looks, mistakes } = contextApp(t, {})
  const bus = new EventEmitter()
  app.addHook('onSend', async request => { if (request.url === '/') witness(request)('in onSend') })
  app.after(() => {
    app.post('/publish', async () => {
      bus.emit('text', 'hello')
      return {}
    })
    // No answer but by reply.sse, and that only once something is published.
    app.get('/', { schema: { response: { 200: texts } } }, (request, reply) => {
      const look = witness(request)
      reply.sse.signal.addEventListener('abort', () => { look('in an abort listener') })
      bus.once('text', data => {
        reply.sse.send(text(data)).then(() => { look('after it was sent') }, t.fail)
        reply.sse.end()
      })
      bus.emit('listening')
    })
  })
  const { url } = await listen()
  const listening = once(bus, 'listening')
  const response = connect(t, url, { headers: { 'x-user': 'grace' } })
  await listening
  await fetch(`${url}/publish`, { method: 'POST', headers: { 'x-user': 'ada', connection: 'close' } })
  t.equal(await textOf(await response), 'retry: 2000\nevent: text\ndata: "hello"\n\n')
  t.strictSame(mistakes.filter(mistake => !mistake.includes('after it was sent')), [])
  t.ok(looks.includes('in onSend'))
})

interface ContextApp extends TestApp {
  /** Looks whose store is there, from now on, at places of this request. */
  witness: (request: FastifyRequest) => (place: string) => void
  /** The places that were looked at. */
  looks: string[]
  /** Where it was the store of somebody else. */
  mistakes: string[]
}

function contextApp (t: Test, options: FastifySseOptions): ContextApp {
  const bare = bareApp(t)
  const { app } = bare
  app.register(requestContext)
  app.after(() => {
    app.addHook('onRequest', async request => { request.requestContext.set('user', String(request.headers['x-user'])) })
  })
  app.register(sse, options)
  const looks: string[] = []
  const mistakes: string[] = []
  return {
    ...bare,
    looks,
    mistakes,
    witness: ({ headers: { 'x-user': expected } }) => place => {
      looks.push(place)
      const user = app.requestContext.get('user')
      if (user !== expected) mistakes.push(`${String(user)} instead of ${String(expected)} ${place}`)
    }
  }
}

/** Everybody who calls it waits until all have, so that the last one resumes the others. */
function meeting (size: number): () => Promise<void> {
  let waiting = 0
  let all = deferred()
  return async () => {
    const { promise, resolve } = all
    if (++waiting === size) {
      waiting = 0
      all = deferred()
      resolve()
    }
    await promise
  }
}

/** Waits until no more can be written to a response that its client does not read. */
async function blocked (raw: () => FastifyReply['raw'] | undefined): Promise<void> {
  while (raw()?.writableNeedDrain !== true) await turn()
}
