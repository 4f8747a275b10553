import t from 'tap'
import { once } from 'node:events'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { ACME_FRAME, acme, prices, START } from './streams.js'

const declared = { schema: { response: { 200: prices } } }

t.test('a stream begins with its first event', async t => {
  t.test('and what the generator did to the reply before it holds', async t => {
    const { app } = await loadedApp(t)
    app.get('/', declared, async function * (request, reply) {
      reply.code(200).header('x-first', 'set inside')
      await Promise.resolve()
      reply.header('cache-control', 'private')
      yield acme
    })
    const { statusCode, headers, body } = await app.inject('/')
    t.equal(statusCode, 200)
    t.match(headers, {
      'content-type': /^text\/event-stream$/,
      'cache-control': /^private$/,
      'x-accel-buffering': 'no',
      'x-first': 'set inside'
    })
    t.equal(body, START + ACME_FRAME)
  })

  t.test('in one write with the head and the retry line', async t => {
    const { app, listen } = await loadedApp(t)
    let release = (): void => {}
    app.get('/', declared, async function * () {
      yield acme
      await new Promise<void>(resolve => { release = resolve })
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    const chunks: string[] = []
    client.socket.on('data', chunk => { chunks.push(String(chunk)) })
    await client.until(({ body }) => body === START + ACME_FRAME)
    t.equal(chunks.length, 1)
    release()
  })
})

t.test('a quiet stream begins after commitAfterMs', async t => {
  const { app, listen } = await loadedApp(t, { commitAfterMs: 20 })
  app.get('/', declared, async function * (request, reply) {
    await once(reply.sse.signal, 'abort')
  })
  const client = new RawClient(t, (await listen()).port).request('/')
  await client.until(({ body }) => body === START)
  t.match(client.text, /^HTTP\/1\.1 200 OK\r\n/)
})

t.test('commitAfterMs: 0 sends the head before the first event, and what the first step did to the reply with it', async t => {
  const { app, listen } = await loadedApp(t)
  app.get('/', { ...declared, sse: { commitAfterMs: 0 } }, async function * (request, reply) {
    reply.header('x-step', 'first')
    await once(reply.sse.signal, 'abort')
  })
  const client = new RawClient(t, (await listen()).port).request('/')
  await client.until(({ body }) => body === START)
  t.match(client.text, /\r\nx-step: first\r\n/)
})

t.test('commitAfterMs: Infinity waits for the first event', async t => {
  const { app, listen } = await loadedApp(t)
  let release = (): void => {}
  const started = new Promise<void>(resolve => {
    app.get('/', { ...declared, sse: { commitAfterMs: Infinity } }, async function * () {
      resolve()
      await new Promise<void>(resolve => { release = resolve })
      yield acme
    })
  })
  const client = new RawClient(t, (await listen()).port).request('/')
  await started
  t.equal(client.text, '')
  release()
  await client.until(({ body }) => body === START + ACME_FRAME)
})

t.test('reply.sse begins with its first event at once, whatever commitAfterMs says', async t => {
  const { app, listen } = await loadedApp(t, { commitAfterMs: Infinity })
  app.get('/', declared, (request, reply) => reply.sse)
  const client = new RawClient(t, (await listen()).port).request('/')
  await client.until(({ body }) => body === START)
})

t.test('retryMs is told first, 0 too', async t => {
  const { app } = await loadedApp(t, { retryMs: 0 })
  app.get('/', declared, async function * () { yield acme })
  t.equal((await app.inject('/')).body, 'retry: 0\n' + ACME_FRAME)
})

t.test('events that are ready in one tick leave in one write, and one that comes alone leaves in its own tick', async t => {
  const { app, listen } = await loadedApp(t)
  let next = (): void => {}
  app.get('/', declared, async function * () {
    yield acme
    yield acme
    await new Promise<void>(resolve => { next = resolve })
    yield acme
    await new Promise<void>(resolve => { next = resolve })
  })
  const client = new RawClient(t, (await listen()).port).request('/')
  const chunks: string[] = []
  client.socket.on('data', chunk => { chunks.push(String(chunk)) })
  await client.until(({ body }) => body === START + ACME_FRAME + ACME_FRAME)
  next()
  await client.until(({ body }) => body.endsWith(ACME_FRAME.repeat(3)))
  t.equal(chunks.length, 2)
  t.ok(chunks[0]?.endsWith(ACME_FRAME + ACME_FRAME + '\r\n'))
  next()
})

t.test('a generator that yields nothing makes an empty stream', async t => {
  const { app, closed } = await loadedApp(t)
  app.get('/', declared, async function * () {})
  const { statusCode, body } = await app.inject('/')
  t.equal(statusCode, 200)
  t.equal(body, START)
  t.match(await closed(), { route: 'GET /', reason: 'complete', events: 0, bytes: START.length })
})

t.test('a stream of an HTTP/1.0 client is not chunked', async t => {
  const { app, listen } = await loadedApp(t)
  app.get('/', declared, async function * () { yield acme })
  const client = new RawClient(t, (await listen()).port).request('/', { version: '1.0' })
  await client.until(({ ended }) => ended === 'end')
  t.notMatch(client.text, /transfer-encoding/i)
  t.equal(client.body, START + ACME_FRAME)
})
