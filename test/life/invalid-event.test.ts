import t from 'tap'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { ACME_FRAME, acme, halt, price, prices, START } from './streams.js'

const declared = { schema: { response: { 200: prices } } }
const wrong = price({ symbol: 'ACME', value: 'not a number' as never })
const HALT_FRAME = 'event: halt\ndata: {"reason":"caught"}\n\n'

t.test('an event that is wrong is thrown at its yield', async t => {
  t.test('where the generator can catch it and go on', async t => {
    const { app } = await loadedApp(t)
    const caught: unknown[] = []
    app.get('/', declared, async function * () {
      yield acme
      try {
        yield wrong
      } catch (error) {
        caught.push((error as { code: string }).code, (error as Error).message)
      }
      yield halt({ reason: 'caught' })
    })
    t.equal((await app.inject('/')).body, START + ACME_FRAME + HALT_FRAME)
    t.same(caught, ['FST_ERR_SSE_INVALID_EVENT', "event 'price': /value should be number"])
  })

  t.test('and what the generator yields in its catch block is its next event', async t => {
    const { app } = await loadedApp(t)
    app.get('/', declared, async function * () {
      try {
        yield wrong
      } catch {
        yield halt({ reason: 'caught' })
      }
    })
    t.equal((await app.inject('/')).body, START + HALT_FRAME)
  })

  t.test('through yield * and stream.from', async t => {
    const { app } = await loadedApp(t)
    async function * inner (): AsyncGenerator<typeof acme> { yield wrong }
    app.get('/', declared, async function * () {
      try {
        yield * prices.from(inner)
      } catch {
        yield halt({ reason: 'caught' })
      }
    })
    t.equal((await app.inject('/')).body, START + HALT_FRAME)
  })

  t.test('with an error of the route where nobody catches it and nothing was sent', async t => {
    const { app } = await loadedApp(t)
    app.get('/', declared, async function * () { yield wrong })
    t.match((await app.inject('/')).json(), { statusCode: 500, code: 'FST_ERR_SSE_INVALID_EVENT' })
  })

  t.test('and the stream is broken off where nobody catches it later', async t => {
    const { app, listen, closed } = await loadedApp(t)
    let cleanedUp = false
    app.get('/', declared, async function * () {
      try {
        yield acme
        yield wrong
      } finally {
        cleanedUp = true
      }
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ ended }) => ended !== undefined)
    t.equal(client.body, START + ACME_FRAME)
    t.notOk(client.isComplete)
    t.match(await closed(), { reason: 'error', events: 1 })
    t.ok(cleanedUp)
  })
})

t.test('an iterator without throw gets return, and its stream fails', async t => {
  const { app, listen } = await loadedApp(t)
  let returned = 0
  const events = [acme, wrong, acme]
  app.get('/', declared, () => ({
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: events.shift() as typeof acme }),
      return: async () => {
        returned++
        return { done: true as const, value: undefined }
      }
    })
  }))
  const client = new RawClient(t, (await listen()).port).request('/')
  await client.until(({ ended }) => ended !== undefined)
  t.equal(client.body, START + ACME_FRAME)
  t.notOk(client.isComplete)
  t.equal(returned, 1)
})

t.test('a wrong event is logged once per route and event name, even if it is caught', async t => {
  const { app, logs } = await loadedApp(t)
  const source = async function * (): AsyncGenerator<typeof acme | ReturnType<typeof halt>> {
    for (const event of [wrong, wrong, halt({ reason: 5 as never }), { event: 'nobody' } as never, { event: 'knows' } as never]) {
      try { yield event } catch { /* what this test is about */ }
    }
  }
  app.get('/a', declared, source)
  app.get('/b', declared, source)
  for (const url of ['/a', '/a', '/b']) await app.inject(url)
  const refused = logs.filter(({ msg }) => msg.startsWith('an event was refused'))
  t.strictSame(refused.map(({ route, err }) => `${String(route)} ${err?.message}`), [
    "GET /a event 'price': /value should be number",
    "GET /a event 'halt': /reason should be string",
    "GET /a the event name should be one of 'price', 'halt', instead got 'nobody'",
    "GET /b event 'price': /value should be number",
    "GET /b event 'halt': /reason should be string",
    "GET /b the event name should be one of 'price', 'halt', instead got 'nobody'"
  ])
  t.ok(refused.every(({ level }) => level === 50))
})

t.test('a generator that swallows such errors in an endless loop lets the event loop turn', async t => {
  const { app, listen, closed } = await loadedApp(t)
  app.get('/', declared, async function * () {
    yield acme
    for (;;) {
      try { yield wrong } catch { /* what this test is about */ }
    }
  })
  const client = new RawClient(t, (await listen()).port).request('/')
  await client.until(({ body }) => body === START + ACME_FRAME)
  client.socket.destroy()
  t.match(await closed(), { reason: 'client' })
})

t.test('validate: false sends what the schema would refuse, without what it does not declare', async t => {
  const { app } = await loadedApp(t, { validate: false })
  app.get('/', declared, async function * () {
    yield price({ symbol: 'ACME', value: 1.5, secret: 'no' } as never)
  })
  t.equal((await app.inject('/')).body, START + 'event: price\ndata: {"symbol":"ACME","value":1.5}\n\n')
})
