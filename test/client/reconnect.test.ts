import { createServer } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { loadedApp } from '../helpers/app.js'
import { streaming } from './answers.js'
import { all, EVENT_STREAM, failure, open, serve, statesOf } from './server.js'
import { ticks } from './streams.js'

// When a client comes back, with what, and when it is over.

t.test('a client comes back with the id of the last event, whatever the id', async t => {
  const ids = ['7', 'a b,c="d"; e', '0', 'größe', 'ключ', '鍵 🚀', '~'.repeat(1_000)]
  const seen: unknown[] = []
  const { app, listen } = await loadedApp(t, { retryMs: 0 }, { forceCloseConnections: true })
  app.get('/', async function * (_request, reply) {
    seen.push(reply.sse.lastEventId)
    const id = ids[seen.length - 1]
    if (id === undefined) reply.code(204).send()
    else yield { data: 'a number', id }
  })
  const stream = open(t, (await listen()).url, { text: ['message'] })
  t.strictSame((await all(stream)).map(({ id }) => id), ids)
  t.strictSame(seen, [undefined, ...ids])
  t.equal(stream.lastEventId, ids.at(-1))
  t.equal(await stream.closed, 'complete')
})

t.test('an event without an id keeps the one before, and an empty id forgets it', async t => {
  const frames = ['id: 1\ndata: 1\n\ndata: 2\n\n', 'id\ndata: 3\n\n', '']
  const { url, requests } = await serve(t, (response, n) => {
    if (n === 3) response.writeHead(204).end()
    else response.writeHead(200, EVENT_STREAM).end(frames[n])
  })
  t.strictSame(await all(open(t, url, { lastEventId: 'given' })), [
    { event: 'message', data: 1, id: '1' }, { event: 'message', data: 2 }, { event: 'message', data: 3, id: '' }
  ])
  t.strictSame(requests.items.map(({ headers }) => headers['last-event-id']), ['given', '1', undefined, undefined])
})

t.test('headers and body are made for every connection', async t => {
  const seen: string[] = []
  const { url } = await serve(t, (response, n, request) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => { body += text }).on('end', () => {
      seen.push(`${request.headers.authorization} ${body}`)
      if (n === 2) response.writeHead(204).end()
      else response.writeHead(503).end()
    })
  })
  let [token, page] = [0, 0]
  const stream = open(t, url, {
    method: 'POST',
    reconnect: true,
    headers: async () => ({ authorization: `token ${++token}` }),
    body: () => `page ${++page}`
  })
  t.equal(await stream.closed, 'complete')
  t.strictSame(seen, ['token 1 page 1', 'token 2 page 2', 'token 3 page 3'])
})

t.test('headers that can not be made now are tried again', async t => {
  const { url } = await serve(t, response => { response.writeHead(204).end() })
  const offline = new Error('no token')
  let n = 0
  const stream = open(t, url, { headers: async () => { if (n++ === 0) throw offline; return {} } })
  const errors: unknown[] = []
  stream.onState(state => { if (state === 'waiting') errors.push(stream.lastError) })
  t.equal(await stream.closed, 'complete')
  t.match(errors, [{ code: 'FST_ERR_SSE_CLIENT_CUT', message: 'the connection broke: Error: no token', cause: offline }])
})

t.test('a client that begins before its server does waits for it', async t => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as { port: number }
  await new Promise(resolve => holder.close(resolve))

  const stream = open<typeof ticks>(t, `http://127.0.0.1:${port}/`)
  const states = statesOf(stream)
  await states.until(items => items.filter(state => state === 'waiting').length === 3)
  t.match(stream.lastError, { code: 'FST_ERR_SSE_CLIENT_CUT', message: 'the connection broke: TypeError: fetch failed' })
  const { app } = await loadedApp(t, {}, { forceCloseConnections: true })
  app.get('/', { schema: { response: { 200: ticks } }, sse: { onComplete: 'stop' } }, async function * () { yield ticks.event.tick({ n: 1 }) })
  await app.listen({ port, host: '127.0.0.1' })
  t.strictSame((await all(stream)).map(({ event }) => event), ['tick'])
})

t.test('a client comes back to a server that was restarted, and is told of the gap', async t => {
  const start = async (port: number) => {
    const { app } = await loadedApp(t, { closeSpreadMs: 0, retryMs: 20 }, { forceCloseConnections: true })
    const channel = app.sse.channel('ticks', ticks, { history: { maxEvents: 100 } })
    app.get('/', { schema: { response: { 200: ticks } } }, request => channel.subscribe(request))
    const url = await app.listen({ port, host: '127.0.0.1' })
    return { app, channel, url, port: Number(new URL(url).port) }
  }
  const first = await start(0)
  const stream = open<typeof ticks>(t, first.url)
  const iterator = stream[Symbol.asyncIterator]()
  const states = statesOf(stream)
  await states.until(items => items.includes('open'))
  await first.channel.publish(ticks.event.tick({ n: 1 }))
  const { value: one } = await iterator.next()
  t.strictSame(one.data, { n: 1 })
  t.equal(stream.lastEventId, one.id)

  const next = iterator.next()
  await first.app.close()
  await states.until(items => items.includes('waiting'))
  const second = await start(first.port)
  const { value: gap } = await next
  t.equal(gap.event, 'stream-gap')
  t.strictSame(gap.data, { requested: one.id, earliest: await second.channel.position() })
  await second.channel.publish(ticks.event.tick({ n: 2 }))
  t.strictSame((await iterator.next()).value.data, { n: 2 })
})

t.test('with final events, a stream that ends without one was cut', async t => {
  const { url, requests } = await serve(t, (response, n) => {
    response.writeHead(200, EVENT_STREAM).end(n === 0 ? 'event: progress\ndata: 1\n\n' : 'event: done\ndata: null\n\ndata: "too late"\n\n')
  })
  const stream = open(t, url, { method: 'POST', final: ['done'] })
  const got: unknown[] = []
  const error = await failure((async () => { for await (const { event } of stream) got.push(event) })())
  t.match(error, { code: 'FST_ERR_SSE_CLIENT_CUT', message: 'the stream ended too early' })
  t.strictSame(got, ['progress'])
  t.equal(requests.items.length, 1, 'the work is not done twice')

  const again = open(t, url, { method: 'POST', final: ['done'] })
  t.strictSame((await all(again)).map(({ event }) => event), ['done'])
  t.equal(await again.closed, 'complete')
})

t.test('a POST that may be sent again comes back until a final event', async t => {
  const { url, requests } = await serve(t, (response, n) => {
    response.writeHead(200, EVENT_STREAM)
    if (n === 0) response.end('id: 1\nevent: progress\ndata: 1\n\n')
    else if (n === 1) response.write('id: 2\nevent: progress\ndata: 2\n\nevent: progr', () => { response.destroy() })
    else response.end('event: done\ndata: null\n\n')
  })
  const stream = open(t, url, { method: 'POST', final: ['done'], reconnect: true })
  t.strictSame((await all(stream)).map(({ event, id }) => [event, id]), [['progress', '1'], ['progress', '2'], ['done', undefined]])
  t.strictSame(requests.items.map(({ method, headers }) => [method, headers['last-event-id']]), [['POST', undefined], ['POST', '1'], ['POST', '2']])
})

t.test('a cut is an error where nobody comes back', async t => {
  const { url, requests } = await serve(t, response => {
    response.writeHead(200, EVENT_STREAM).write('data: 1\n\ndata: 2', () => { response.destroy() })
  })
  for (const options of [{ method: 'POST' }, { reconnect: false }, { maxRetries: 0 }]) {
    const stream = open(t, url, options)
    const got: unknown[] = []
    const error = await failure((async () => { for await (const { data } of stream) got.push(data) })())
    t.match(error, { code: 'FST_ERR_SSE_CLIENT_CUT', message: 'the connection broke: TypeError: terminated' })
    t.ok((error as Error).cause instanceof TypeError)
    t.strictSame(got, [1])
  }
  t.equal(requests.items.length, 3)
})

t.test('a GET that is not to come back is complete when its stream ends', async t => {
  const { url, requests } = await serve(t, response => { response.writeHead(200, EVENT_STREAM).end('data: 1\n\n') })
  const stream = open(t, url, { reconnect: false })
  t.strictSame((await all(stream)).map(({ data }) => data), [1])
  t.equal(await stream.closed, 'complete')
  t.equal(requests.items.length, 1)
})

t.test('after so many attempts in vain it is over, but not after so many in all', async t => {
  // Two in vain, one of use, and then none.
  const { url, requests } = await serve(t, (response, n) => {
    if (n === 2) response.writeHead(200, EVENT_STREAM).end('data: 1\n\n')
    else response.writeHead(503).end()
  })
  const stream = open(t, url, { maxRetries: 2 })
  const error = await failure(all(stream))
  t.match(error, { code: 'FST_ERR_SSE_CLIENT_REFUSED', answer: { status: 503 } })
  t.equal(requests.items.length, 3 + 3)
})

t.test('streams without an event count as attempts in vain', async t => {
  const { url, requests } = await serve(t, response => { response.writeHead(200, EVENT_STREAM).end('retry: 0\n:\n') })
  t.match(await failure(all(open(t, url, { maxRetries: 2 }))), { code: 'FST_ERR_SSE_CLIENT_CUT', message: 'the stream ended too early' })
  t.equal(requests.items.length, 3)
})

t.test('what is read is the same wherever it is split', async t => {
  const text = '\uFEFF: ü\nretry: 0\nid: größe 🚀\nevent: größe 🚀\ndata: ["𝄞",\ndata: "€"]\n\ndata: [1]\r\rdata: [2]\r\n\r\ndata: [3]\n\ndata: "cut'
  const bytes = new TextEncoder().encode(text)
  const expected = [
    { event: 'größe 🚀', data: ['𝄞', '€'], id: 'größe 🚀' },
    { event: 'message', data: [1] }, { event: 'message', data: [2] }, { event: 'message', data: [3] }
  ]
  const splits = [[bytes], ...Array.from(bytes, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]), Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))]
  for (const split of splits) {
    t.strictSame(await all(open(t, 'http://127.0.0.1', { method: 'POST', fetch: async () => streaming(split) })), expected)
  }
})
