import t from 'tap'
import { setImmediate as turn } from 'node:timers/promises'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { ACME_FRAME, acme, job, prices, progress, START } from './streams.js'

const declared = { schema: { response: { 200: prices } } }

t.test('before the response has begun, an error is an ordinary error of the route', async t => {
  const { app, closed } = await loadedApp(t)
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    reply.code(error.statusCode ?? 500).send({ told: error.message })
  })
  app.get('/', declared, async function * () {
    await turn()
    throw Object.assign(new Error('no upstream'), { statusCode: 502 })
  })
  const { statusCode, headers, body } = await app.inject('/')
  t.equal(statusCode, 502)
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  t.notOk(headers['x-accel-buffering'])
  t.equal(body, '{"told":"no upstream"}')
  t.match(await closed(), { reason: 'error', events: 0, bytes: 0 })
})

t.test('undefined thrown before the response has begun is an error too', async t => {
  const { app } = await loadedApp(t)
  // eslint-disable-next-line no-throw-literal
  app.get('/', declared, async function * () { throw undefined })
  const { statusCode, json } = await app.inject('/')
  t.equal(statusCode, 500)
  t.match(json(), { code: 'FST_ERR_SSE_SOURCE_FAILED' })
})

t.test('after the response has begun', async t => {
  t.test('what was accepted is sent, and the response is broken off without its last chunk', async t => {
    const { app, listen, logged, closed } = await loadedApp(t)
    app.get('/', declared, async function * () {
      yield acme
      await turn()
      yield acme
      throw new Error('feed lost')
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ ended }) => ended !== undefined)
    t.equal(client.body, START + ACME_FRAME + ACME_FRAME)
    t.notOk(client.isComplete)
    t.match(await logged(({ err }) => err?.message === 'feed lost'), { level: 50, reqId: 'req-1' })
    t.match(await closed(), { reason: 'error', events: 2 })
  })

  t.test('a large backlog is sent to a slow reader first', async t => {
    const { app, listen } = await loadedApp(t)
    const big = { data: 'x'.repeat(1024 * 1024) }
    app.get('/', async function * () {
      yield big
      throw new Error('feed lost')
    })
    const client = new RawClient(t, (await listen()).port)
    client.socket.pause()
    client.request('/')
    await turn()
    client.socket.resume()
    await client.until(({ ended }) => ended !== undefined)
    t.ok(client.body.endsWith('x\n\n'))
    t.equal(client.body.length, START.length + 'data: \n\n'.length + big.data.length)
    t.notOk(client.isComplete)
  })

  t.test('an HTTP/1.0 response is reset, since there the end of the connection would be the end of the body', async t => {
    const { app, listen } = await loadedApp(t)
    app.get('/', declared, async function * () {
      yield acme
      await turn()
      throw new Error('feed lost')
    })
    const client = new RawClient(t, (await listen()).port).request('/', { version: '1.0' })
    await client.until(({ ended }) => ended !== undefined)
    t.equal(client.ended, 'reset')
  })

  t.test("a fetch of it rejects, and core's line about it is not in the log", async t => {
    const { app, listen, closed, logs } = await loadedApp(t)
    app.get('/', declared, async function * () {
      yield acme
      await turn()
      throw new Error('feed lost')
    })
    const response = await fetch((await listen()).url)
    await t.rejects(response.text(), { message: 'terminated' })
    await closed()
    t.same(logs.filter(({ msg }) => msg.includes('prematurely')), [])
  })
})

t.test('onStreamError', async t => {
  t.test('gets the error, and what it returns is the last event before a clean end', async t => {
    const { app, listen, closed } = await loadedApp(t)
    const failed: unknown[] = []
    app.get('/:n', {
      schema: { response: { 200: prices } },
      sse: {
        onStreamError (error, request) {
          failed.push(error.message, request.url)
          return { event: 'halt', data: { reason: 'failed' } }
        }
      }
    }, async function * () {
      yield acme
      throw new Error('feed lost')
    })
    const client = new RawClient(t, (await listen()).port).request('/7')
    await client.until(({ isComplete }) => isComplete)
    t.equal(client.body, START + ACME_FRAME + 'event: halt\ndata: {"reason":"failed"}\n\n')
    t.same(failed, ['feed lost', '/7'])
    t.match(await closed(), { reason: 'error', events: 2 })
  })

  for (const [what, onStreamError] of Object.entries({
    'returns nothing': (): undefined => undefined,
    throws: (): never => { throw new Error('worse') },
    'returns an event that is wrong': () => ({ event: 'halt', data: 5 })
  })) {
    t.test(`breaks the response off where it ${what}`, async t => {
      const { app, listen, closed } = await loadedApp(t)
      app.get('/', { ...declared, sse: { onStreamError } }, async function * () {
        yield acme
        throw new Error('feed lost')
      })
      const client = new RawClient(t, (await listen()).port).request('/')
      await client.until(({ ended }) => ended !== undefined)
      t.equal(client.body, START + ACME_FRAME)
      t.notOk(client.isComplete)
      t.match(await closed(), { reason: 'error' })
    })
  }

  t.test('is not asked before the response has begun', async t => {
    const { app } = await loadedApp(t, { onStreamError: () => { throw new Error('not reached') } })
    app.get('/', declared, async function * () { throw new Error('no upstream') })
    t.match((await app.inject('/')).json(), { statusCode: 500, message: 'no upstream' })
  })
})

t.test('a stream that declares final events and ends without one has failed', async t => {
  t.test('with an error where nothing was sent', async t => {
    const { app } = await loadedApp(t)
    app.get('/', { schema: { response: { 200: job } } }, async function * () {})
    t.match((await app.inject('/')).json(), { statusCode: 500, code: 'FST_ERR_SSE_FINAL_MISSING' })
  })

  t.test('broken off where something was', async t => {
    const { app, listen, closed } = await loadedApp(t)
    app.get('/', { schema: { response: { 200: job } } }, async function * () { yield progress({ percent: 50 }) })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ ended }) => ended !== undefined)
    t.notOk(client.isComplete)
    t.match(await closed(), { reason: 'error', events: 1 })
  })
})
