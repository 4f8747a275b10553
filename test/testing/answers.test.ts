import { once } from 'node:events'
import compress from '@fastify/compress'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import { eventStream } from '../../lib/index.js'
import { injectEvents } from '../../lib/testing/inject-events.js'
import { bareApp, loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { acme, acmeReceived, declared, halt, type prices } from './streams.js'

t.test('an answer that is no event stream has its text, and says so to who asks for events', async t => {
  const { app } = await loadedApp(t)
  const onRequest = async (): Promise<never> => { throw Object.assign(new Error('who are you?'), { statusCode: 401 }) }
  app.get('/', { ...declared, onRequest }, async function * () { yield acme(1) })
  const stream = await injectEvents<typeof prices>(app, '/')
  t.equal(stream.status, 401)
  t.equal(stream.headers['content-type'], 'application/json; charset=utf-8')
  t.equal(stream.body, '{"statusCode":401,"error":"Unauthorized","message":"who are you?"}')
  const refusal = {
    code: 'FST_ERR_SSE_TEST_NO_STREAM',
    message: `GET / answered with 401 application/json; charset=utf-8 instead of an event stream: ${stream.body}`
  }
  await t.rejects(stream.take(1), refusal)
  await t.rejects(stream.until('price'), refusal)
  await t.rejects(stream.rest(), refusal)
  await t.rejects((async () => { for await (const event of stream) t.fail(event.event) })(), refusal)
})

t.test('an answer without a body has an empty text', async t => {
  const { app } = await loadedApp(t)
  app.post('/', async (_request, reply) => await reply.code(204).send())
  const stream = await injectEvents(app, { method: 'POST', url: '/?x=1' })
  t.equal(stream.status, 204)
  t.equal(stream.body, '')
  await t.rejects(stream.take(1), { message: 'POST /?x=1 answered with 204 instead of an event stream: its body is empty' })
})

t.test('a route that is not there answers like any other that is no stream', async t => {
  const { app } = await loadedApp(t)
  t.equal((await injectEvents(app, '/nowhere')).status, 404)
})

t.test('an error before the first event is an answer like any other', async t => {
  const { app } = await loadedApp(t)
  app.get('/', declared, async function * () { throw new Error('too early') })
  t.match(JSON.parse((await injectEvents(app, '/')).body), { statusCode: 500, message: 'too early' })
})

t.test('what is asked for in vain is told with what has come', async t => {
  const { app } = await loadedApp(t)
  app.get('/', declared, async function * () {
    yield acme(1)
    yield halt({ reason: 'lunch' })
  })
  app.get('/none', declared, async function * () {})
  app.get('/many', declared, async function * () { for (let n = 1; n <= 7; n++) yield acme(n) })
  const failure = async (url: string, ask: (stream: Awaited<ReturnType<typeof injectEvents>>) => Promise<unknown>): Promise<{ code?: string, message?: string }> => {
    const stream = await injectEvents(app, url)
    return await ask(stream).then(() => ({}), (error: Error & { code: string }) => ({ code: error.code, message: error.message }))
  }
  const code = 'FST_ERR_SSE_TEST_ENDED'
  t.strictSame(await failure('/', stream => stream.take(3)), { code, message: 'GET / ended after 2 events (price, halt), where one more was expected' })
  t.strictSame(await failure('/', stream => stream.take(4)), { code, message: 'GET / ended after 2 events (price, halt), where 2 more were expected' })
  t.strictSame(await failure('/', stream => stream.until('open')), { code, message: "GET / ended after 2 events (price, halt), where 'open' was expected" })
  t.strictSame(await failure('/none', stream => stream.take(1)), { code, message: 'GET /none ended after no event, where one was expected' })
  t.strictSame(await failure('/none', stream => stream.take(2)), { code, message: 'GET /none ended after no event, where 2 were expected' })
  t.strictSame(await failure('/many', stream => stream.until('halt')), {
    code, message: "GET /many ended after 7 events (…, price, price, price, price, price), where 'halt' was expected"
  })
})

t.test('a stream that is cut is told from one that is complete', async t => {
  const job = eventStream({ step: Type.Integer(), done: Type.Null() }, { final: ['done'] })
  const { app } = await loadedApp(t)
  const failure = deferred()
  app.get('/fails', declared, async function * () {
    yield acme(1)
    await failure.promise
    throw new Error('half-way')
  })
  app.get('/unfinished', { schema: { response: { 200: job } } }, async function * () { yield job.event.step(1) })

  const cut = { code: 'FST_ERR_SSE_TEST_CUT', message: "GET /fails was cut after 1 event (price); its close record gives the reason 'error', and the app's log tells more", cause: { code: 'LIGHT_ECONNRESET' } }
  for (const ask of ['take', 'rest', 'iteration']) {
    const stream = await injectEvents<typeof prices>(app, '/fails')
    t.strictSame(await stream.take(1), [acmeReceived(1)])
    failure.resolve()
    await t.rejects(async () => {
      if (ask === 'take') await stream.take(1)
      else if (ask === 'rest') await stream.rest()
      else for await (const event of stream) t.fail(event.event)
    }, cut, ask)
    await t.rejects(stream.take(1), cut, 'and so is everything after it')
    t.match(await stream.close(), { reason: 'error' })
  }
  await t.rejects((await injectEvents(app, '/unfinished')).rest(), { code: 'FST_ERR_SSE_TEST_CUT' })
})

t.test('what has come of a stream before it was cut is given first, however late it is asked for', async t => {
  const { app, closed } = await loadedApp(t)
  app.get('/', declared, async function * () {
    yield acme(1)
    yield acme(2)
    throw new Error('at once')
  })
  for (const isLate of [false, true]) {
    const stream = await injectEvents<typeof prices>(app, '/')
    if (isLate) {
      await closed()
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    }
    t.strictSame(await stream.take(1), [acmeReceived(1)])
    t.strictSame(await stream.take(1), [acmeReceived(2)])
    await t.rejects(stream.take(1), { code: 'FST_ERR_SSE_TEST_CUT', message: /^GET \/ was cut after 2 events \(price, price\)/ })
  }
})

t.test('a stream that is not of this plugin is cut for an unknown reason', async t => {
  const { app } = bareApp(t)
  app.get('/', async (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    setImmediate(() => reply.raw.destroy())
  })
  const stream = await injectEvents(app, '/')
  await t.rejects(stream.rest(), {
    code: 'FST_ERR_SSE_TEST_CUT', message: "GET / was cut after 1 event (message); its close record gives the reason 'unknown', and the app's log tells more"
  })
})

t.test('a content type is one in capitals, too, and is not another that begins like it', async t => {
  const { app } = bareApp(t)
  app.get('/:type', async (request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': decodeURIComponent((request.params as { type: string }).type) }).end('data: 1\n\n')
  })
  for (const type of ['Text/Event-Stream', 'text/event-stream ; charset=UTF-8']) {
    const stream = await injectEvents(app, `/${encodeURIComponent(type)}`)
    t.strictSame(await stream.rest(), [{ event: 'message', data: 1 }], type)
  }
  t.equal((await injectEvents(app, `/${encodeURIComponent('text/event-streams')}`)).body, 'data: 1\n\n')
})

t.test('a compressed event stream says that it is not read', async t => {
  const { app } = await loadedApp(t)
  await app.register(compress, { customTypes: /event-stream/ })
  app.get('/', declared, async function * (_request, reply) {
    yield acme(1)
    await once(reply.sse.signal, 'abort')
  })
  const stream = await injectEvents<typeof prices>(app, { url: '/', headers: { 'accept-encoding': 'gzip' } })
  t.equal(stream.headers['content-encoding'], 'gzip')
  for (const asked of [stream.take(1), stream.rest()]) {
    await t.rejects(asked, {
      code: 'FST_ERR_SSE_TEST_ENCODED', message: "GET / answered with an event stream in the content-encoding 'gzip', which is not read here; ask without accept-encoding"
    })
  }
  t.match(await stream.close(), { reason: 'client' })
  await t.resolveMatch((await injectEvents<typeof prices>(app, '/')).take(1), [acmeReceived(1)])
})

t.test('the answer to a HEAD is a stream without events', async t => {
  const { app } = await loadedApp(t)
  app.get('/', declared, async function * () { yield acme(1) })
  const stream = await injectEvents(app, { method: 'HEAD', url: '/' })
  t.equal(stream.headers['content-type'], 'text/event-stream')
  t.strictSame(await stream.rest(), [])
  t.ok(await stream.close())
})

t.test('a stream that a handler writes by itself is read, and can be left', async t => {
  const { app } = await loadedApp(t)
  const left = deferred()
  app.get('/', async (_request, reply) => {
    reply.hijack()
    reply.raw.on('close', left.resolve)
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
  })
  const stream = await injectEvents(app, '/')
  t.strictSame(await stream.take(1), [{ event: 'message', data: 1 }])
  t.match(await stream.close(), { reason: 'client' })
  await left.promise
})

t.test('what inject rejects with is passed on', async t => {
  const { app } = await loadedApp(t)
  await app.close()
  await t.rejects(injectEvents(app, '/'), { code: 'FST_ERR_REOPENED_CLOSE_SERVER' })
})
