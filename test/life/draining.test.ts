import { EventEmitter, once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import type { FastifySseOptions } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { ACME_FRAME, acme, prices, START } from './streams.js'

const schema = { response: { 200: prices } }

t.test('a drain ends the streams one after the other, each told when to come back', async t => {
  const { app, listen, logs } = await loadedApp(t, { retryMs: 1_000, closeSpreadMs: 500 })
  app.get('/', { schema }, (_request, reply) => {
    void reply.sse.send(acme)
    return reply.sse
  })
  const { port } = await listen()
  const clients: RawClient[] = []
  for (let i = 0; i < 5; i++) {
    const client = new RawClient(t, port).request('/')
    await client.until(({ body }) => body.endsWith(ACME_FRAME))
    clients.push(client)
  }
  t.equal(app.sse.isDraining, false)
  const drained = app.sse.drain({ overMs: 500 })
  t.equal(app.sse.isDraining, true, 'at once, so that a probe says so first')
  const open: number[] = []
  for (const client of clients) {
    await client.until(({ ended }) => ended !== undefined)
    open.push(clients.filter(({ ended }) => ended === undefined).length)
  }
  t.strictSame(open, [4, 3, 2, 1, 0])
  await drained
  for (const client of clients) {
    t.ok(client.isComplete)
    const [, retryMs] = /\nretry: (\d+)\n$/.exec(client.body) ?? []
    t.ok(Number(retryMs) >= 1_000 && Number(retryMs) <= 1_500, `told to wait ${retryMs} ms`)
  }
  t.strictSame(logs.filter(({ msg }) => msg === 'event stream closed').map(({ stream }) => stream?.['reason']), Array.from(clients, () => 'shutdown'))
  await app.sse.drain() // again is nothing more
})

t.test('while it drains, new streams are sent away as a browser survives it, and the rest is served', async t => {
  const { app } = await loadedApp(t, { retryMs: 1_500, closeSpreadMs: 0 })
  let handled = 0
  app.get('/', { schema }, async function * () { t.fail('started') })
  app.get('/plain', async () => ({ answered: ++handled }))
  app.get('/undeclared', async (_request, reply) => {
    handled++
    return reply.sse
  })
  await app.sse.drain({ overMs: 0 })
  const source = await app.inject({ url: '/', headers: { accept: 'text/event-stream' } })
  t.strictSame([source.statusCode, source.headers['content-type'], source.body], [200, 'text/event-stream', 'retry: 1500\n'])
  for (const url of ['/', '/undeclared']) {
    const { statusCode, headers, body } = await app.inject(url)
    t.equal(statusCode, 503)
    t.equal(headers['retry-after'], '2')
    t.match(JSON.parse(body), { code: 'FST_ERR_SSE_DRAINING', message: 'this server is about to close; try again in 2 seconds' })
  }
  t.match((await app.inject('/plain')).json(), { answered: 2 })
  t.equal((await app.inject({ method: 'HEAD', url: '/' })).statusCode, 200)
})

t.test('an error handler may make anything of that but a stream', async t => {
  const { app } = await loadedApp(t)
  app.setErrorHandler(async function * () { yield acme })
  app.route({ method: ['GET', 'POST'], url: '/', schema, handler: async function * () { t.fail('started') } })
  await app.sse.drain({ overMs: 0 })
  for (const method of ['GET', 'POST'] as const) t.match(await app.inject({ method, url: '/' }), { statusCode: 503 }, method)
})

t.test('a stream whose handler was busy when the drain began ends as soon as it begins', async t => {
  const { app, listen, closed } = await loadedApp(t)
  let goOn = (): void => {}
  const busy = new Promise<void>(resolve => {
    app.get('/', { schema }, async function * () {
      resolve()
      await new Promise<void>(resolve => { goOn = resolve })
      yield acme
    })
  })
  const client = new RawClient(t, (await listen()).port).request('/')
  await busy
  await app.sse.drain({ overMs: 0 })
  goOn()
  await client.until(({ ended }) => ended !== undefined)
  t.match(client.body, new RegExp(`^${START}retry: \\d+\\n$`))
  t.match(await closed(), { reason: 'shutdown' })
})

/** Asks on connections that are kept, one for each agent. @returns The status of the answer, or the code of the failure. */
async function ask (port: number, agent: Agent, method: string, path: string): Promise<number | string> {
  return await new Promise(resolve => {
    const asked = request({ port, host: '127.0.0.1', agent, method, path }, response => {
      response.resume().on('end', () => { resolve(response.statusCode as number) }).on('error', () => { resolve('cut') })
    })
    asked.on('error', (error: NodeJS.ErrnoException) => { resolve(String(error.code)) }).end()
  })
}

/** An app that counts its orders, and a connection to it on which one more waits for a stream to end. */
async function orderBehindStream (t: Test, options: FastifySseOptions = {}) {
  const { app, listen } = await loadedApp(t, options)
  const orders: number[] = []
  app.get('/', { schema }, (_request, reply) => reply.sse)
  app.get('/long', async function * () { for (;;) yield { data: 'x'.repeat(100_000) } })
  app.post('/orders', async () => ({ order: orders.push(1) }))
  const { port } = await listen()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => { agent.destroy() })
  const stream = ask(port, agent, 'GET', '/')
  const order = ask(port, agent, 'POST', '/orders')
  while (app.sse.metrics().routes[0]?.open !== 1) await nextTurn()
  return { app, port, agent, orders, stream, order }
}

t.test('a request that waits behind a stream which a drain ends is served', async t => {
  const { app, agent, orders, stream, order } = await orderBehindStream(t)
  const [socket] = Object.values(agent.sockets).flat() as [Socket]
  await app.sse.drain({ overMs: 0 })
  t.strictSame([await stream, await order, orders.length], [200, 200, 1])
  t.equal(socket.destroyed, false)
})

t.test('a connection on which a drain has ended a stream closes soon, if nothing comes', async t => {
  const { app, listen } = await loadedApp(t)
  app.get('/', { schema }, (_request, reply) => reply.sse)
  const client = new RawClient(t, (await listen()).port).request('/')
  await client.until(({ body }) => body === START)
  await app.sse.drain({ overMs: 0 })
  await client.until(({ isComplete }) => isComplete)
  t.equal(client.ended, undefined)
  await client.until(({ ended }) => ended === 'end')
})

t.test('so does one with a second stream that was asked for ahead', async t => {
  const { app, listen } = await loadedApp(t)
  app.get('/', { schema }, (_request, reply) => reply.sse)
  const client = new RawClient(t, (await listen()).port).request('/').request('/')
  while (app.sse.streams().length < 2) await nextTurn()
  await app.sse.drain({ overMs: 0 })
  await client.until(({ ended }) => ended === 'end')
  t.equal(client.text.split('HTTP/1.1 200').length, 3)
})

t.test('one that waits behind a stream which app.close() ends is not begun, since a 503 would be the end of an EventSource', async t => {
  const { app, port, orders, stream, order } = await orderBehindStream(t, { closeTimeoutMs: 500 })
  const slow = new RawClient(t, port).request('/long')
  slow.socket.pause()
  while (app.sse.metrics().routes[1]?.open !== 1) await nextTurn()
  const closed = app.close() // which takes its time
  t.strictSame([await stream, await order, orders.length], [200, 'ECONNRESET', 0])
  await closed
})

t.test('while it drains, the connection of a refusal closes, and the next request is served on another one', async t => {
  const { app, listen } = await loadedApp(t)
  app.get('/', { schema }, (_request, reply) => reply.sse)
  app.post('/orders', async () => ({ ordered: true }))
  const { port } = await listen()
  await app.sse.drain({ overMs: 0 })
  for (const headers of [['Accept: text/event-stream'], []]) {
    const client = new RawClient(t, port).request('/', { headers }).request('/', { headers })
    await client.until(({ ended }) => ended === 'end')
    t.match(client.text, /^HTTP\/1.1 (200|503) /)
    t.match(client.text, /^connection: close\r$/mi)
    t.equal(client.text.split('HTTP/1.1').length, 2, 'what was sent ahead is not answered')
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => { agent.destroy() })
  const answers = [ask(port, agent, 'GET', '/'), ask(port, agent, 'POST', '/orders')]
  t.strictSame(await Promise.all(answers), [503, 200])
})

t.test('over HTTP/2 the session of a refusal ends after what is under way on it', async t => {
  const { app, listen } = await loadedApp(t, {}, { http2: true } as FastifyServerOptions)
  app.get('/', { schema }, (_request, reply) => reply.sse)
  let goOn = (): void => {}
  app.get('/slow', async () => {
    await new Promise<void>(resolve => { goOn = resolve })
    return 'done'
  })
  const session = connect((await listen()).url)
  t.teardown(() => { session.destroy() })
  const slow = session.request({ ':path': '/slow' })
  await app.sse.drain({ overMs: 0 })
  const refused = session.request({ ':path': '/' })
  const [headers] = await once(refused, 'response') as [IncomingHttpHeaders]
  t.strictSame([headers[':status'], headers['connection']], [503, undefined])
  refused.resume()
  if (!session.closed) await once(session, 'goaway')
  goOn()
  t.equal((await slow.toArray()).join(''), 'done')
  if (!session.destroyed) await once(session, 'close')
})

t.test('an answer to a POST, which nobody can go on with, has until the end of the drain to complete, and never looks complete otherwise', async t => {
  const { app, listen } = await loadedApp(t)
  const next: Array<() => void> = []
  app.post('/', { schema }, async function * () {
    yield acme
    await new Promise<void>(resolve => { next.push(resolve) })
    yield acme
  })
  const { port } = await listen()
  const post = async (): Promise<RawClient> => {
    const client = new RawClient(t, port).request('/', { method: 'POST', headers: ['Content-Length: 0'] })
    await client.until(({ body }) => body.includes(ACME_FRAME))
    return client
  }
  const [first, second] = [await post(), await post()]
  const drained = app.sse.drain({ overMs: 300 })
  next[0]?.()
  await first.until(({ isComplete }) => isComplete)
  t.equal(first.body, `${START}${ACME_FRAME}${ACME_FRAME}`)
  t.equal(second.ended, undefined)
  await drained
  await second.until(({ ended }) => ended !== undefined)
  t.equal(second.isComplete, false)
  t.match(second.body, new RegExp(`^${START}${ACME_FRAME}retry: \\d+\\n$`))
})

t.test('so has one that begins meanwhile, since its handler was busy; after the drain it ends at once', async t => {
  const { app, listen, closed } = await loadedApp(t)
  const goOn: Array<() => void> = []
  app.post('/', { schema }, async () => {
    await new Promise<void>(resolve => { goOn.push(resolve) })
    return (async function * () {
      yield acme
      await once(gate, 'open')
      yield acme
    })()
  })
  const gate = new EventEmitter()
  const { port } = await listen()
  const post = async (): Promise<RawClient> => {
    const before = goOn.length
    const client = new RawClient(t, port).request('/', { method: 'POST', headers: ['Content-Length: 0'] })
    while (goOn.length === before) await nextTurn()
    return client
  }
  const [first, second] = [await post(), await post()]
  const drained = app.sse.drain({ overMs: 300 })
  goOn[0]?.()
  await first.until(({ body }) => body === `${START}${ACME_FRAME}`)
  gate.emit('open')
  await first.until(({ isComplete }) => isComplete)
  await drained
  goOn[1]?.()
  await second.until(({ ended }) => ended !== undefined)
  t.equal(second.isComplete, false)
  t.match([await closed(0), await closed(1)], [{ reason: 'complete' }, { reason: 'shutdown' }])
})

t.test('they end after all that can come back', async t => {
  const { app, listen } = await loadedApp(t)
  app.route({ method: ['GET', 'POST'], url: '/', schema, handler: (_request, reply) => reply.sse })
  const { port } = await listen()
  const clients: RawClient[] = []
  for (const method of ['POST', 'POST', 'POST', 'GET']) {
    const client = new RawClient(t, port).request('/', { method, headers: ['Content-Length: 0'] })
    await client.until(({ body }) => body === START)
    clients.push(client)
  }
  const order: string[] = []
  const ends = clients.map(async (client, n) => {
    await client.until(({ isComplete, ended }) => isComplete || ended !== undefined)
    order.push(n === 3 ? 'GET' : 'POST')
  })
  await app.sse.drain({ overMs: 200 })
  await Promise.all(ends)
  t.strictSame(order, ['GET', 'POST', 'POST', 'POST'])
})

t.test('it takes its time also where no stream is open, since probes have to see it', async t => {
  const { app } = await loadedApp(t)
  const beganAtMs = performance.now()
  await app.sse.drain({ overMs: 200 })
  t.ok(performance.now() - beganAtMs >= 199)
})

t.test('app.close() does not wait for a drain', async t => {
  const { app, listen } = await loadedApp(t)
  app.get('/', { schema }, (_request, reply) => reply.sse)
  const client = new RawClient(t, (await listen()).port).request('/')
  await client.until(({ body }) => body === START)
  const drained = app.sse.drain({ overMs: 100_000 })
  await app.close()
  await client.until(({ ended }) => ended !== undefined)
  t.ok(client.isComplete)
  await drained
})

t.test('a wrong option is refused', async t => {
  const { app } = await loadedApp(t)
  for (const overMs of [-1, Infinity, '1s']) {
    await t.rejects(app.sse.drain({ overMs: overMs as number }), { code: 'FST_ERR_SSE_OPTION_INVALID', message: /^drain\(\) option overMs should be a whole number/ })
  }
  t.equal(app.sse.isDraining, false)
})
