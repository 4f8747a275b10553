import t from 'tap'
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
  t.equal(await app.sse.drain(), await drained, 'again is nothing more')
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
