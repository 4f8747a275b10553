import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import type { CloseRecord, StreamCloseMessage, StreamOpenMessage } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { prices } from './streams.js'

const schema = { response: { 200: prices } }
const acme = prices.event.price({ symbol: 'ACME', value: 1 })

/** What is published while the test runs, in its order. */
function published (t: Test): Array<[name: string, message: StreamOpenMessage | StreamCloseMessage]> {
  const messages: ReturnType<typeof published> = []
  for (const name of ['fastify-typed-sse:stream:open', 'fastify-typed-sse:stream:close']) {
    const listener = (message: unknown): void => { messages.push([name.split(':').at(-1) as string, message as StreamOpenMessage]) }
    subscribe(name, listener)
    t.teardown(() => { unsubscribe(name, listener) })
  }
  return messages
}

t.test('the record of a stream says which event its client has had', async t => {
  const { app, closed } = await loadedApp(t)
  app.get('/', { schema }, async function * () { yield acme })
  await app.inject('/')
  await app.inject({ url: '/', headers: { 'last-event-id': 'a-7' } })
  await app.inject('/?lastEventId=b')
  const { durationMs, ...first } = await closed(0)
  t.type(durationMs, 'number')
  t.strictSame(first, { route: 'GET /', reason: 'complete', events: 1, bytes: 60 })
  t.match(await closed(1), { reason: 'complete', resumedFrom: 'a-7' })
  t.match(await closed(2), { reason: 'complete', resumedFrom: 'b' })
})

t.test('it is logged at the level of its reason', async t => {
  const { app, logs } = await loadedApp(t, { closeLogLevel: { complete: 'debug' } })
  app.get('/complete', { schema }, async function * () {})
  app.get('/error', { schema, sse: { closeLogLevel: { error: 'fatal' } } }, async function * () { throw new Error('no prices') })
  app.get('/default', { schema, sse: { closeLogLevel: { complete: 'info' } } }, async function * () {})
  app.get('/silent', { schema, sse: { closeLogLevel: 'silent' } }, async function * () {})
  for (const url of ['/complete', '/error', '/default', '/silent']) await app.inject(url)
  t.strictSame(
    logs.filter(({ msg }) => msg === 'event stream closed').map(({ level, stream }) => [stream?.['route'], level]),
    [['GET /complete', 20], ['GET /error', 60], ['GET /default', 30]]
  )
})

t.test('onClose gets it and the request, in the async context of that request', async t => {
  const user = new AsyncLocalStorage<string>()
  const calls: unknown[][] = []
  const { app, closed } = await loadedApp(t, {
    onClose: (record, request) => { calls.push([record, request.url, user.getStore()]) }
  })
  app.addHook('onRequest', (request, _reply, done) => { user.run(request.url, done) })
  app.get('/:name', { schema }, async function * (_request, reply) {
    yield acme
    void reply.sse.closed.then(record => calls.push([record]))
  })
  await app.inject('/a')
  await app.inject('/b')
  const [a, b] = [await closed(0), await closed(1)] as unknown as [CloseRecord, CloseRecord]
  t.strictSame(calls.filter(({ length }) => length > 1), [[a, '/a', '/a'], [b, '/b', '/b']])
  t.strictSame(calls.filter(({ length }) => length === 1), [[a], [b]])
})

t.test('the onClose of a route is called in the place of that of its scope', async t => {
  const calls: string[] = []
  const { app } = await loadedApp(t, { onClose: () => { calls.push('scope') } })
  app.get('/', { schema, sse: { onClose: () => { calls.push('route') } } }, async function * () {})
  await app.inject('/')
  t.strictSame(calls, ['route'])
})

t.test('an onClose that fails is logged, and harms nobody', async t => {
  const { app, logged } = await loadedApp(t)
  app.get('/throws', { schema, sse: { onClose: () => { throw new Error('no ledger') } } }, async function * () { yield acme })
  app.get('/rejects', { schema, sse: { onClose: async () => { throw new Error('no database') } } }, async function * () { yield acme })
  for (const [url, message] of [['/throws', 'no ledger'], ['/rejects', 'no database']] as const) {
    const { statusCode, body } = await app.inject(url)
    t.equal(statusCode, 200)
    t.match(body, 'ACME')
    t.match(await logged(({ msg, err }) => msg === 'onClose failed' && err?.message === message), { level: 50 })
  }
})

t.test('all who are told of a stream are told in the async context of its request', async t => {
  const user = new AsyncLocalStorage<string>()
  const told: unknown[] = []
  const tell = (what: string): void => { told.push([what, user.getStore()]) }
  const { app, closed } = await loadedApp(t, { onClose: () => { tell('onClose') } })
  for (const name of ['open', 'close']) {
    const listener = (): void => { tell(name) }
    subscribe(`fastify-typed-sse:stream:${name}`, listener)
    t.teardown(() => { unsubscribe(`fastify-typed-sse:stream:${name}`, listener) })
  }
  app.addHook('onRequest', (request, _reply, done) => { user.run(request.url, done) })
  let alice: FastifyReply['sse']
  const open = deferred()
  app.get('/alice', { schema }, (_request, reply) => {
    alice = reply.sse
    open.resolve()
    return alice
  })
  app.get('/bob', async () => {
    await alice.send(acme)
    alice.end()
  })
  const stream = app.inject('/alice')
  await open.promise
  await app.inject('/bob')
  await stream
  await closed()
  t.strictSame(told, [['open', '/alice'], ['close', '/alice'], ['onClose', '/alice']])
})

t.test('node:diagnostics_channel tells when streams open and close', async t => {
  const messages = published(t)
  const { app, closed } = await loadedApp(t)
  app.get('/', { schema }, async function * () { yield acme })
  app.get('/fails', { schema }, async function * () { throw new Error('no prices') })
  app.get('/other', { schema: { response: { 200: prices, 404: {} } } }, async (_request, reply) => {
    reply.sse.signal.throwIfAborted()
    return await reply.code(404).send({})
  })
  app.get('/replaced', { schema, onSend: async () => 'instead' }, async function * () { yield acme })
  for (const url of ['/', '/fails', '/other', '/replaced']) await app.inject(url)
  const records = [await closed(0), await closed(1), await closed(2)]
  t.strictSame(messages.map(([name]) => name), ['open', 'close', 'close', 'close'], 'what never began was never open')
  const [opened, ...ended] = messages.map(([, message]) => message)
  t.match(opened, { route: 'GET /', request: { url: '/' } })
  t.strictSame(ended.map(message => (message as StreamCloseMessage).record), records)
  t.strictSame(ended.map(({ request }) => request.url), ['/', '/fails', '/replaced'])
  t.match(records[2], { reason: 'error' }, 'nobody has read it')
})
