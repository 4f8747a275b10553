import t from 'tap'
import { EventStreamError } from '../../lib/client/connect.js'
import { loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { all, EVENT_STREAM, failure, open, serve, statesOf } from './server.js'

// Answers that are no stream: which of them end it, and what their errors say.

for (const status of [400, 401, 403, 404, 405, 406, 409, 410, 422]) {
  t.test(`${status} fails the stream at once, with the answer`, async t => {
    const { url, requests } = await serve(t, response => {
      response.writeHead(status, { 'content-type': 'application/json', 'x-reason': 'some' }).end('{"message":"nö"}')
    })
    const stream = open(t, url)
    const error = await failure(all(stream)) as EventStreamError
    t.ok(error instanceof EventStreamError && error instanceof Error)
    t.equal(error.name, 'EventStreamError')
    t.equal(error.code, 'FST_ERR_SSE_CLIENT_REFUSED')
    t.equal(error.message, `the answer is ${status} application/json`)
    t.equal(error.answer?.status, status)
    t.equal(error.answer?.headers.get('x-reason'), 'some')
    t.equal(error.answer?.body, '{"message":"nö"}')
    t.equal(requests.items.length, 1)
  })
}

for (const status of [408, 425, 429, 500, 502, 503, 504]) {
  t.test(`${status} may heal, and is tried again`, async t => {
    const { url, requests } = await serve(t, (response, n) => {
      if (n < 2) response.writeHead(status).end('busy')
      else response.writeHead(204).end()
    })
    const stream = open(t, url)
    const [states, errors] = [statesOf(stream), [] as unknown[]]
    stream.onState(state => { if (state === 'waiting') errors.push(stream.lastError) })
    t.equal(await stream.closed, 'complete')
    t.strictSame(states.items, ['connecting', 'waiting', 'connecting', 'waiting', 'connecting', 'closed'])
    t.match(errors, [1, 2].map(() => ({ code: 'FST_ERR_SSE_CLIENT_REFUSED', answer: { status, body: 'busy' } })))
    t.equal(stream.lastError, undefined)
    t.equal(requests.items.length, 3)
  })
}

for (const type of ['text/html', 'application/json', '', 'text/event-streams', 'text/event-stream-of-sorts', 'x-text/event-stream']) {
  t.test(`a success of the type '${type}' fails the stream`, async t => {
    const { url } = await serve(t, response => {
      response.writeHead(200, type === '' ? {} : { 'content-type': type }).end('<h1>Sign in</h1>')
    })
    const error = await failure(all(open(t, url)))
    t.match(error, { code: 'FST_ERR_SSE_CLIENT_CONTENT_TYPE', message: `the answer is 200 ${type}`, answer: { status: 200, body: '<h1>Sign in</h1>' } })
  })
}

for (const type of ['text/event-stream', 'TEXT/Event-Stream', 'text/event-stream;charset=utf-8', 'text/event-stream ; charset=utf-8']) {
  t.test(`'${type}' is the type of a stream`, async t => {
    const { url } = await serve(t, response => { response.writeHead(200, { 'content-type': type }).end('data: 1\n\n') })
    t.strictSame(await all(open(t, url, { method: 'POST' })), [{ event: 'message', data: 1 }])
  })
}

t.test('what the plugin itself refuses is an answer, with its code', async t => {
  const { app, listen } = await loadedApp(t, {}, { forceCloseConnections: true })
  app.get('/', { schema: { response: { 200: (await import('./streams.js')).ticks } } }, async function * () {})
  const error = await failure(all(open(t, (await listen()).url, { headers: { accept: 'application/json' } }))) as EventStreamError
  t.equal(error.answer?.status, 406)
  t.equal(JSON.parse(error.answer?.body ?? '').code, 'FST_ERR_SSE_NOT_ACCEPTABLE')
})

t.test('of an error that goes on for ever the beginning is enough', async t => {
  const chunk = 'x'.repeat(1_000)
  const left = deferred()
  const { url } = await serve(t, (response, _n, request) => {
    response.writeHead(404)
    request.socket.on('close', () => { left.resolve() })
    const write = (): void => {
      while (response.write(chunk));
      response.once('drain', write)
    }
    write()
  })
  const { answer } = await failure(all(open(t, url))) as EventStreamError
  t.ok((answer?.body.length ?? 0) > 16 * 1024)
  t.ok((answer?.body.length ?? Infinity) < 256 * 1024)
  await left.promise
})

t.test('an error that is cut, or never ends, is an error all the same', async t => {
  const { url } = await serve(t, (response, n) => {
    response.writeHead(401, { 'content-length': 100 })
    response.write('half', () => { if (n === 0) response.destroy() })
  })
  for (const staleAfterMs of [Infinity, 100]) {
    t.match(await failure(all(open(t, url, { staleAfterMs }))), { code: 'FST_ERR_SSE_CLIENT_REFUSED', answer: { status: 401, body: 'half' } })
  }
})

t.test('an answer without a body is one with an empty body', async t => {
  const fetch = async (): Promise<Response> => new Response(null, { status: 403 })
  t.match(await failure(all(open(t, 'http://127.0.0.1', { fetch }))), { answer: { status: 403, body: '' } })
})

t.test('204 completes any stream', async t => {
  for (const options of [{}, { method: 'POST', final: ['done'] }]) {
    const { url } = await serve(t, response => { response.writeHead(204).end() })
    t.equal(await open(t, url, options).closed, 'complete')
  }
})

t.test('an event that is no JSON fails the stream', async t => {
  const { url, requests } = await serve(t, response => { response.writeHead(200, EVENT_STREAM).end('id: 1\ndata: 1\n\nid: 2\nevent: log\ndata: [DONE]\n\n') })
  const stream = open(t, url)
  const iterator = stream[Symbol.asyncIterator]()
  t.strictSame((await iterator.next()).value, { event: 'message', data: 1, id: '1' })
  const error = await failure(iterator.next()) as EventStreamError
  t.match(error, { code: 'FST_ERR_SSE_CLIENT_EVENT', message: /^an event 'log' is not valid, or no JSON \(see the option text\)/ })
  t.ok(error.cause instanceof SyntaxError)
  t.equal(stream.lastEventId, '1', 'who comes back gets it again')
  t.equal(requests.items.length, 1)
})

t.test('what validate throws fails the stream, before anybody gets the event', async t => {
  const { url } = await serve(t, response => { response.writeHead(200, EVENT_STREAM).end('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n') })
  const bad = new Error('too much')
  for (const validate of [
    (event: { data: unknown }) => { if (event.data === 2) throw bad },
    async (event: { data: unknown }) => { if (event.data === 2) throw bad }
  ]) {
    const stream = open(t, url, { validate })
    const got: unknown[] = []
    const error = await failure((async () => { for await (const { data } of stream) got.push(data) })()) as EventStreamError
    t.strictSame(got, [1])
    t.equal(error.code, 'FST_ERR_SSE_CLIENT_EVENT')
    t.equal(error.cause, bad)
  }
})

t.test('an event longer than maxEventLength fails the stream before it is all there', async t => {
  const line = `data: ${'x'.repeat(1_000)}\n`
  const { url } = await serve(t, response => {
    response.writeHead(200, EVENT_STREAM).write('data: 1\n\n')
    const write = (): void => {
      while (response.write(line));
      response.once('drain', write)
    }
    write()
  })
  const stream = open(t, url, { maxEventLength: 100_000 })
  const got: unknown[] = []
  const error = await failure((async () => { for await (const { data } of stream) got.push(data) })())
  t.strictSame(got, [1])
  t.match(error, { code: 'FST_ERR_SSE_CLIENT_EVENT', message: 'an event is longer than maxEventLength' })
})

t.test('an event of 15 Mi characters is read by default, and one of any length where there is no limit', async t => {
  const { url } = await serve(t, response => { response.writeHead(200, EVENT_STREAM).end(`data: "${'x'.repeat(15 * 1024 * 1024)}"\n\n`) })
  for (const maxEventLength of [undefined, Infinity]) {
    const [event] = await all(open(t, url, { method: 'POST', ...maxEventLength !== undefined && { maxEventLength } }))
    t.equal((event?.data as string).length, 15 * 1024 * 1024)
  }
})
