import { once } from 'node:events'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { eventStream, raw } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { streaming } from './answers.js'
import { all, EVENT_STREAM, failure, open, serve, statesOf, unhandledRejections } from './server.js'
import { job, mixed, ticks } from './streams.js'
import type { ClientState, ClientStream, ConnectOptions, ReceivedEvent } from '../../types/client.js'

// What is read, by whom, and how it ends.

async function listen (t: Test, declare: (app: FastifyInstance) => void): Promise<string> {
  const { app, listen } = await loadedApp(t, { retryMs: 0 }, { forceCloseConnections: true })
  declare(app)
  return (await listen()).url
}

t.test('events of all kinds arrive as they are declared', async t => {
  const { price, time, log, nothing } = mixed.event
  const url = await listen(t, app => {
    app.get('/', { schema: { response: { 200: mixed } }, sse: { onComplete: 'stop' } }, async function * () {
      yield price({ symbol: 'ÄCME 🚀', value: 1.5 }, { id: 7 })
      yield time(new Date(0))
      yield { comment: 'not an event' }
      yield log('two\nlines')
      yield log('')
      yield nothing()
      yield raw('[DONE]')
    })
  })
  const stream = open<typeof mixed>(t, url, { text: ['log', 'message'] })
  t.strictSame(await all(stream as AsyncIterable<ReceivedEvent>), [
    { event: 'price', data: { symbol: 'ÄCME 🚀', value: 1.5 }, id: '7' },
    { event: 'time', data: '1970-01-01T00:00:00.000Z' },
    { event: 'log', data: 'two\nlines' },
    { event: 'log', data: '' },
    { event: 'nothing', data: null },
    { event: 'message', data: '[DONE]' }
  ])
  t.equal(await stream.closed, 'complete')
})

t.test('the error event that the server sends last is an event of the stream', async t => {
  const url = await listen(t, app => {
    app.get('/', {
      schema: { response: { 200: mixed } },
      sse: { onStreamError: error => mixed.event.failed({ message: error.message }) }
    }, async function * () {
      yield mixed.event.nothing()
      throw new Error('out of paper')
    })
  })
  const stream = open<typeof mixed>(t, url, { final: [], reconnect: false })
  const failed = deferred<string>()
  stream.on('failed', ({ message }) => { failed.resolve(message) })
  t.equal(await failed.promise, 'out of paper')
})

t.test('a final event ends the stream for good', async t => {
  let runs = 0
  const url = await listen(t, app => {
    app.get('/', { schema: { response: { 200: job } } }, async function * () {
      runs++
      yield job.event.progress({ percent: 50 })
      yield job.event.done()
    })
  })
  const stream = open<typeof job>(t, url)
  const states = statesOf(stream)
  t.strictSame(await all(stream), [
    { event: 'progress', data: { percent: 50 } },
    { event: 'done', data: null, id: 'stream-end' }
  ])
  t.equal(await stream.closed, 'complete')
  t.strictSame(states.items, ['connecting', 'open', 'closed'])
  t.equal(runs, 1)
})

t.test('who comes with the id of the end is told that nothing is left', async t => {
  const url = await listen(t, app => {
    app.get('/', { schema: { response: { 200: job } } }, async function * () { yield job.event.done() })
  })
  const stream = open<typeof job>(t, url, { lastEventId: 'stream-end' })
  t.strictSame(await all(stream), [])
  t.equal(await stream.closed, 'complete')
})

t.test('a POST has a body and headers, and is complete when its stream ends', async t => {
  const url = await listen(t, app => {
    app.post<{ Body: { prompt: string } }>('/', async function * (request) {
      yield { data: request.body.prompt }
      yield { data: request.headers['x-user'] }
      yield { data: request.headers.accept }
    })
  })
  const stream = open(t, url, {
    method: 'post',
    headers: { 'content-type': 'application/json', 'x-user': 'Ann' },
    body: JSON.stringify({ prompt: 'Hello' }),
    text: ['message']
  })
  t.strictSame((await all(stream)).map(({ data }) => data), ['Hello', 'Ann', 'text/event-stream'])
  t.equal(await stream.closed, 'complete')
})

t.test('an Accept header of its own is kept', async t => {
  const { url, requests } = await serve(t, response => { response.writeHead(204).end() })
  await open(t, url, { headers: new Headers({ Accept: '*/*' }) }).closed
  t.equal(requests.items[0]?.headers.accept, '*/*')
})

t.test('another success than 200 may be a stream as well', async t => {
  const url = await listen(t, app => {
    app.post('/', { schema: { response: { 201: ticks } } }, async function * (_request, reply) {
      reply.code(201)
      yield ticks.event.tick({ n: 1 })
    })
  })
  t.strictSame(await all(open(t, url, { method: 'POST' })), [{ event: 'tick', data: { n: 1 } }])
})

t.test('what asks the server may be replaced, and gets the credentials and the method', async t => {
  const asked: Array<[url: string, init: RequestInit]> = []
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    asked.push([url, init])
    return new Response(null, { headers: EVENT_STREAM })
  }
  await open(t, 'http://127.0.0.1/x#y', { fetch, credentials: 'include', method: 'DELETE' }).closed
  t.equal(asked.length, 1)
  const [url, { method, credentials, cache, body }] = asked[0] as [string, RequestInit & { cache?: string }]
  t.strictSame({ url, method, credentials, cache, body }, {
    url: 'http://127.0.0.1/x#y', method: 'DELETE', credentials: 'include', cache: 'no-store', body: undefined
  })
})

t.test('listeners get the data and the event, each of its name, until they are removed', async t => {
  const url = await listen(t, app => {
    app.get('/', { schema: { response: { 200: mixed } }, sse: { onComplete: 'stop' } }, async function * () {
      for (const value of [1, 2, 3]) {
        yield mixed.event.price({ symbol: 'ACME', value }, { id: value })
        yield mixed.event.nothing()
      }
    })
  })
  const stream = open<typeof mixed>(t, url)
  const heard: unknown[] = []
  stream.on('price', (data, event) => { heard.push([data.value, event.id]) })
  const remove = stream.on('nothing', data => {
    heard.push(data)
    remove()
  })
  t.equal(await stream.closed, 'complete')
  t.strictSame(heard, [[1, '1'], null, [2, '2'], [3, '3']])
})

t.test('a listener beside an iteration hears what is iterated', async t => {
  const url = await listen(t, app => {
    app.get('/', { sse: { onComplete: 'stop' } }, async function * () { for (const data of [1, 2, 3]) yield { data } })
  })
  const stream = open(t, url)
  const heard: unknown[] = []
  stream.on('message', data => { heard.push(data) })
  t.strictSame((await all(stream)).map(({ data }) => data), [1, 2, 3])
  t.strictSame(heard, [1, 2, 3])
})

t.test('what listeners throw is an unhandled rejection, and stops nobody', async t => {
  const unhandled = unhandledRejections(t)
  const url = await listen(t, app => {
    app.get('/', { sse: { onComplete: 'stop' } }, async function * () { for (const data of [1, 2]) yield { data } })
  })
  const stream = open(t, url)
  const heard: unknown[] = []
  stream.onState(state => { throw new Error(state) })
  stream.on('message', data => { throw new Error(String(data)) })
  stream.on('message', data => { heard.push(data) })
  t.equal(await stream.closed, 'complete')
  t.strictSame(heard, [1, 2])
  await unhandled.until(({ length }) => length === 4)
  t.strictSame(unhandled.items.map(error => (error as Error).message), ['open', '1', '2', 'closed'])
})

t.test('a state is told until its listener is removed', async t => {
  const { url } = await serve(t, response => { response.writeHead(204).end() })
  const stream = open(t, url)
  const states = statesOf(stream)
  stream.onState(() => { t.fail('it was removed') })()
  t.equal(stream.state, 'connecting')
  t.equal(await stream.closed, 'complete')
  t.equal(stream.state, 'closed')
  t.strictSame(states.items, ['connecting', 'closed'])
})

t.test('leaving the loop closes the connection, and stops the generator of the server', async t => {
  const stopped = deferred()
  const url = await listen(t, app => {
    app.get('/', { schema: { response: { 200: ticks } } }, async function * (_request, reply) {
      try {
        yield ticks.event.tick({ n: 1 })
        await once(reply.sse.signal, 'abort')
      } finally {
        stopped.resolve()
      }
    })
  })
  const stream = open<typeof ticks>(t, url)
  const got: unknown[] = []
  for await (const event of stream) {
    got.push(event)
    if (got.length === 1) break
  }
  t.strictSame(got, [{ event: 'tick', data: { n: 1 } }])
  t.equal(stream.state, 'closed')
  t.equal(await stream.closed, 'closed')
  await stopped.promise
})

for (const [how, close] of Object.entries({
  'close()': ({ stream }) => { stream.close() },
  'its signal': ({ controller }) => { controller.abort() }
} satisfies Record<string, (opened: { stream: { close: () => void }, controller: AbortController }) => void>)) {
  t.test(`${how} ends an iteration that waits`, async t => {
    const { url, requests } = await serve(t, response => { response.writeHead(200, EVENT_STREAM).write('data: 1\n\n') })
    const controller = new AbortController()
    const stream = open(t, url, { signal: controller.signal })
    const iterator = stream[Symbol.asyncIterator]()
    t.strictSame(await iterator.next(), { done: false, value: { event: 'message', data: 1 } })
    const next = iterator.next()
    close({ stream, controller })
    t.equal((await next).done, true)
    t.equal((await iterator.next()).done, true)
    t.equal(await stream.closed, 'closed')
    const [request] = requests.items
    if (request?.socket.destroyed === false) await once(request.socket, 'close')
    stream.close()
    t.equal(stream.state, 'closed')
  })
}

t.test('a signal that has aborted asks nobody', async t => {
  const stream = open(t, 'http://127.0.0.1:9/', { signal: AbortSignal.abort(), fetch: async () => t.fail('it asks') as never })
  t.strictSame(await all(stream), [])
  t.equal(await stream.closed, 'closed')
})

const CLOSERS: Record<string, { status: number, options?: (close: () => void) => ConnectOptions, state?: ClientState, requests: number }> = {
  'is asked for headers': { status: 200, requests: 0, options: close => ({ headers: () => { close(); return {} } }) },
  'is asked for a body': { status: 200, requests: 0, options: close => ({ method: 'POST', body: () => { close(); return '' } }) },
  'is told that it is open': { status: 200, requests: 1, state: 'open' },
  'is told that it waits': { status: 503, requests: 1, state: 'waiting' }
}

for (const [when, { status, options, state, requests: expected }] of Object.entries(CLOSERS)) {
  t.test(`who closes it when he ${when} is obeyed at once`, async t => {
    const { url, requests } = await serve(t, response => {
      response.writeHead(status, EVENT_STREAM)
      if (status === 200) response.flushHeaders()
      else response.end()
    })
    const close = (): void => { stream.close() }
    const stream: ClientStream = open(t, url, { retryMs: 3_600_000, ...options?.(() => { queueMicrotask(close) }) })
    stream.onState(told => { if (told === state) close() })
    t.strictSame(await all(stream), [])
    t.equal(await stream.closed, 'closed')
    t.equal(requests.items.length, expected)
  })
}

t.test('an event that comes when it is closed is not handed on', async t => {
  const [arrived, validated] = [deferred(), deferred()]
  const { url } = await serve(t, response => { response.writeHead(200, EVENT_STREAM).end('id: 1\ndata: 1\n\n') })
  const stream = open(t, url, {
    validate: async () => {
      arrived.resolve()
      await validated.promise
    }
  })
  const events = all(stream)
  await arrived.promise
  stream.close()
  validated.resolve()
  t.strictSame(await events, [])
})

t.test('a stream can be read once', async t => {
  const { url } = await serve(t, response => { response.writeHead(200, EVENT_STREAM).write('data: 1\n\n') })
  const iterated = open(t, url)
  iterated[Symbol.asyncIterator]()
  t.throws(() => iterated[Symbol.asyncIterator](), { code: 'FST_ERR_SSE_CLIENT_ITERATED', name: 'EventStreamError' })

  const heard = open(t, url)
  await new Promise<void>(resolve => { heard.on('message', () => { resolve() }) })
  const error = await failure(all(heard)) as { code?: string }
  t.equal(error.code, 'FST_ERR_SSE_CLIENT_ITERATED')
})

t.test('a failure is thrown to who iterates, however late, and by closed', async t => {
  const unhandled = unhandledRejections(t)
  const { url } = await serve(t, response => { response.writeHead(404).end() })
  const stream = open(t, url)
  await statesOf(stream).until(items => items.includes('closed'))
  await new Promise(setImmediate)
  t.strictSame(unhandled.items, [])
  const error = await failure(all(stream))
  t.match(error, { code: 'FST_ERR_SSE_CLIENT_REFUSED' })
  t.equal(await failure(stream.closed), error)
  t.equal(stream.lastError, error)
  await new Promise(setImmediate)
  t.strictSame(unhandled.items, [])
})

t.test('a failure is an unhandled rejection for who listens, unless closed is looked at', async t => {
  const unhandled = unhandledRejections(t)
  const { url } = await serve(t, response => { response.writeHead(404).end() })
  const alone = open(t, url)
  alone.on('message', () => {})
  await unhandled.until(({ length }) => length === 1)
  t.equal(unhandled.items[0], alone.lastError)

  const heeded = open(t, url)
  heeded.on('message', () => {})
  t.match(await failure(heeded.closed), { code: 'FST_ERR_SSE_CLIENT_REFUSED' })
  await new Promise(setImmediate)
  t.equal(unhandled.items.length, 1)
})

t.test('a name that is nobody\'s is an event like others', async t => {
  const anything = eventStream({ __proto__x: Type.Null(), constructor: Type.Null() })
  const url = await listen(t, app => {
    app.get('/', { schema: { response: { 200: anything } }, sse: { onComplete: 'stop' } }, async function * () {
      yield anything.event.constructor()
    })
  })
  t.strictSame(await all(open<typeof anything>(t, url)), [{ event: 'constructor', data: null }])
})

t.test('the last event ID is that of the last event that was handed out', async t => {
  const fetch = async (): Promise<Response> => streaming(['id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n'], 'stays open')
  const stream = open(t, 'http://127.0.0.1', { fetch, lastEventId: '0' })
  while (stream.state !== 'open') await new Promise(setImmediate)
  await new Promise(setImmediate)
  t.equal(stream.lastEventId, '0', 'though the first has arrived')
  const iterator = stream[Symbol.asyncIterator]()
  for (const id of ['1', '2']) {
    await iterator.next()
    t.equal(stream.lastEventId, id)
  }
})

t.test('who begins to listen while listeners are called is called from the next event on', async t => {
  const stream = open(t, 'http://127.0.0.1', { fetch: async () => streaming(['data: 1\n\ndata: 2\n\n'], 'stays open') })
  const calls: unknown[] = []
  let again = (): void => {}
  const listen = (): void => {
    const stop = stream.on('message', data => {
      calls.push(data)
      stop()
      listen()
      if (calls.length === 2) again()
    })
  }
  const second = new Promise<void>(resolve => { again = resolve })
  listen()
  await second
  t.strictSame(calls, [1, 2])

  const states: string[] = []
  const watch = (): void => {
    const stop = stream.onState(state => {
      states.push(state)
      stop()
      watch()
    })
  }
  watch()
  stream.close()
  t.strictSame(states, ['closed'])
})

t.test('closing ends a stream whose event is still looked at', async t => {
  const stream = open(t, 'http://127.0.0.1', {
    fetch: async () => streaming(['data: 1\n\n'], 'stays open'), validate: async () => { await new Promise(() => {}) }
  })
  const next = stream[Symbol.asyncIterator]().next()
  while (stream.state !== 'open') await new Promise(setImmediate)
  stream.close()
  t.equal((await next).done, true)
})
