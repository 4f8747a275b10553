import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import basicAuth from '@fastify/basic-auth'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import Fastify, { type InjectOptions } from 'fastify'
import t, { type Test } from 'tap'
import sse from '../../lib/index.js'
import { type Authorize, inspector } from '../../lib/inspector/inspector.js'
import { opened } from '../channels/clients.js'
import { count } from '../channels/streams.js'
import { bareApp, loadedApp } from '../helpers/app.js'
import { connect } from '../helpers/event-stream-client.js'
import { everybody, inspected, JSON_TYPE, PREFIX } from './setting.js'

const HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store, no-transform'
}

const PATHS = ['', '/', '/inspector.js', '/inspector.css', '/inspector.svg', '/events', '/tail?channel=counts', '/nothing'].map(path => PREFIX + path)
const ACTIONS: InjectOptions[] = [
  { method: 'POST', url: `${PREFIX}/publish`, headers: JSON_TYPE, payload: '{"channel":"counts","event":"count","data":1}' },
  { method: 'POST', url: `${PREFIX}/close`, headers: JSON_TYPE, payload: '{"id":"x"}' }
]
const ALL: InjectOptions[] = [...PATHS.map(url => ({ url })), ...ACTIONS]

function inProduction (t: Test): void {
  const { NODE_ENV } = process.env
  process.env['NODE_ENV'] = 'production'
  t.teardown(() => {
    if (NODE_ENV === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = NODE_ENV
  })
}

t.test('in production there is no inspector without authorize', async t => {
  inProduction(t)
  const { app } = await loadedApp(t)
  await t.rejects(async () => await app.register(inspector, { prefix: PREFIX }), {
    code: 'FST_ERR_SSE_INSPECTOR_UNAUTHORIZED', message: /await app\.register\(inspector, \{ prefix, authorize \}\)$/
  })
})

t.test('in production there is one with it', async t => {
  inProduction(t)
  const { app } = await inspected(t)
  t.equal((await app.inject(`${PREFIX}/`)).statusCode, 200)
})

const ASYNC_WITH_CALLBACK: Authorize = async (_request, _reply, done) => { done() }

t.test('wrong options fail at registration', async t => {
  for (const [options, message] of [
    [{}, "option prefix should be a path of its own, such as '/_sse', instead got 'undefined'"],
    [{ prefix: '/' }, "option prefix should be a path of its own, such as '/_sse', instead got '/'"],
    [{ prefix: PREFIX, authorize: 'me' }, "option authorize should be a function, instead got 'me'"],
    [{ prefix: PREFIX, authorize: ASYNC_WITH_CALLBACK }, "option authorize should be a hook that returns a promise or calls back, not both, instead got 'function ASYNC_WITH_CALLBACK'"],
    [{ prefix: PREFIX, authorise: everybody }, "option authorise should be one of prefix, authorize, instead got 'authorise'"]
  ] as const) {
    const { app } = bareApp(t)
    app.register(sse)
    app.register(inspector, options as never)
    await t.rejects(async () => await app.ready(), { code: 'FST_ERR_SSE_OPTION_INVALID', message })
  }
})

t.test('it comes after the plugin itself', async t => {
  const app = Fastify()
  app.register(inspector, { prefix: PREFIX })
  await t.rejects(async () => await app.ready(), /The dependency 'fastify-typed-sse' of plugin 'fastify-typed-sse\/inspector' is not registered/)
})

t.test('authorize is asked for everything under the prefix, and for nothing else', async t => {
  const asked: string[] = []
  const { app, channel } = await inspected(t, {
    authorize: (request, reply) => {
      asked.push(request.url)
      reply.code(401).send({ message: 'who are you?' })
    }
  })
  app.get('/other', async () => 'others')
  t.equal((await app.inject('/other')).statusCode, 200)
  t.strictSame(asked, [])
  const before = await channel.position()
  for (const each of ALL) {
    const { statusCode, headers, body } = await app.inject(each)
    t.strictSame([statusCode, body], [401, '{"message":"who are you?"}'], String(each.url))
    t.match(headers, HEADERS)
  }
  t.strictSame(asked, ALL.map(({ url }) => url))
  t.equal(await channel.position(), before, 'nothing was published')
})

t.test('a hook may let pass or refuse in each way that Fastify knows, and by what is false', async t => {
  const failure = Object.assign(new Error('not you'), { statusCode: 403, code: 'NOT_YOU' })
  const REFUSED = { statusCode: 403, code: 'FST_ERR_SSE_INSPECTOR_REFUSED', message: 'the inspector refuses this request: authorize says no' }
  const hooks: Array<[name: string, authorize: Authorize, refusal?: object]> = [
    ['done()', (_request, _reply, done) => { done() }],
    ['a promise', async () => {}],
    ['a promise of true', async () => true],
    ['true', () => true],
    ['done(error)', (_request, _reply, done) => { done(failure) }, { statusCode: 403, code: 'NOT_YOU' }],
    ['a rejection', async () => { throw failure }, { statusCode: 403, code: 'NOT_YOU' }],
    ['a throw', () => { throw failure }, { statusCode: 403, code: 'NOT_YOU' }],
    ['a promise of false', async () => false, REFUSED],
    ['false', () => false, REFUSED],
    ...[null, 0, ''].flatMap((value): typeof hooks => [[`a promise of ${value}`, async () => value, REFUSED], [String(value), () => value, REFUSED]]),
    // Fastify would take an error that is none for no error.
    ['a rejection without a reason', async () => await Promise.reject(undefined), REFUSED], // eslint-disable-line prefer-promise-reject-errors
    ['a throw of nothing', () => { throw null }, REFUSED], // eslint-disable-line no-throw-literal
    ['done(null, false)', (_request, _reply, done) => { (done as (error: null, said: boolean) => void)(null, false) }, REFUSED],
    ['done(null, true)', (_request, _reply, done) => { (done as (error: null, said: boolean) => void)(null, true) }],
    ['a promise, and done(error) later', (_request, _reply, done) => {
      setImmediate(done, failure)
      return Promise.resolve()
    }, { code: 'NOT_YOU' }],
    ['done(), and what a callback returns', (_request, _reply, done) => {
      done()
      return 0
    }],
    ['done(), and a promise that fails later', (_request, _reply, done) => {
      done()
      return Promise.reject(failure)
    }],
    ['a promise that fails, and done() later', (_request, _reply, done) => {
      setImmediate(done)
      return Promise.reject(failure)
    }, { code: 'NOT_YOU' }],
    ['an answer', async (_request, reply) => await reply.code(401).send({ code: 'ANSWER' }), { code: 'ANSWER' }],
    ['an answer, and false', async (_request, reply) => {
      reply.code(401).send({ code: 'ANSWER' })
      return false
    }, { code: 'ANSWER' }]
  ]
  for (const [name, authorize, refusal] of hooks) {
    const { app } = await inspected(t, { authorize })
    const answer = await app.inject(`${PREFIX}/`)
    if (refusal === undefined) t.equal(answer.statusCode, 200, name)
    else t.match(answer.json(), refusal, name)
  }
})

t.test('@fastify/basic-auth looks after it', async t => {
  const { app } = await loadedApp(t)
  await app.register(basicAuth, {
    authenticate: true,
    validate: async (name, password) => { if (name !== 'ann' || password !== 'secret') throw new Error('wrong') }
  })
  await app.register(inspector, { prefix: PREFIX, authorize: app.basicAuth })
  const refused = await app.inject(`${PREFIX}/`)
  t.equal(refused.statusCode, 401)
  t.match(refused.headers['www-authenticate'], /^Basic/)
  const authorization = `Basic ${Buffer.from('ann:secret').toString('base64')}`
  t.equal((await app.inject({ url: `${PREFIX}/`, headers: { authorization } })).statusCode, 200)
})

t.test('its streams are in no limit of the app, and take nobody\'s place', async t => {
  const { app, listen } = await inspected(t, { authorize: everybody }, { maxStreams: 1, maxStreamsPerKey: 1, streamKey: () => { throw new Error('no user') } })
  const { url } = await listen()
  const controller = new AbortController()
  t.teardown(() => { controller.abort() })
  const look = async (path: string): Promise<Response> => await fetch(`${url}${PREFIX}${path}`, { signal: controller.signal })
  for (const path of ['/events', '/events', '/tail?channel=counts']) t.equal((await look(path)).status, 200)
  t.equal(app.sse.streams().length, 3)
  t.equal(app.sse.metrics().refused, 0)
})

t.test('it works on a unix socket, where clients have no address', async t => {
  const { app } = await inspected(t)
  const folder = mkdtempSync(join(tmpdir(), 'sse-'))
  t.teardown(() => { rmSync(folder, { recursive: true }) })
  const socketPath = join(folder, 'socket')
  await app.listen({ path: socketPath })
  const stream = await connect(t, 'http://localhost/counts/x', { socketPath })
  t.equal(stream.statusCode, 200)
  const events = await connect(t, `http://localhost${PREFIX}/events`, { socketPath })
  let text = ''
  for await (const chunk of events) {
    text += String(chunk)
    if (text.includes('event: now')) break
  }
  t.match(text, /"address":""/)
})

t.test('without authorize there is nothing but numbers, and nothing can be done', async t => {
  const { app, channel, listen } = await inspected(t, {})
  const { url } = await listen()
  const start = await channel.position()
  await channel.publish(count(1))
  const client = await opened(t, `${url}/counts/a-name?token=a-token`, { 'user-agent': 'an-agent', 'last-event-id': start })
  const other = channel.subscribe({}, { topics: ['a-topic'] })[Symbol.asyncIterator]()
  void other.next()
  const page = await opened(t, `${url}${PREFIX}/events`)
  await page.until(events => events.some(({ event }) => event === 'now'))
  const text = JSON.stringify(page.items)
  for (const secret of ['a-name', 'a-token', 'an-agent', 'a-topic', '127.0.0.1', '"id"', 'client', start]) t.notOk(text.includes(secret), secret)
  const { data } = page.items.find(({ event }) => event === 'now') ?? {}
  const { streams, channels } = JSON.parse(data ?? '') as { streams: { total: number, rows: object[] }, channels: { rows: object[] } }
  t.strictSame(Object.keys(streams.rows[0] ?? {}), ['route', 'openedAt', 'eventsPerSecond', 'events', 'bytes', 'queuedBytes', 'isResumed', 'gaps'])
  t.match(channels.rows[0], { channel: 'counts', subscribers: 2, topicCount: 1 })
  t.match(JSON.parse(page.items[0]?.data ?? ''), { isOpen: false })

  const before = await channel.position()
  const [stream] = app.sse.streams()
  for (const each of [{ url: `${PREFIX}/tail?channel=counts` }, ACTIONS[0], { ...ACTIONS[1], payload: JSON.stringify({ id: stream?.id }) }]) {
    const { statusCode, body } = await app.inject(each as InjectOptions)
    t.strictSame([statusCode, body], [404, '{"message":"the inspector has nothing here"}'])
  }
  t.equal(await channel.position(), before)
  t.equal(app.sse.streams().length, 2, 'the client and the page')
  client.leave()
  await other.return?.()
})

t.test('every answer says that it is to be kept to itself', async t => {
  const { app } = await inspected(t)
  for (const each of ALL.filter(({ url }) => !/events|tail/.test(String(url)))) t.match((await app.inject(each)).headers, HEADERS, String(each.url))
  const { listen } = await inspected(t)
  const { url } = await listen()
  for (const path of ['/events', '/tail?channel=counts']) {
    const { response } = await opened(t, `${url}${PREFIX}${path}`)
    t.match(response.headers, { ...HEADERS, 'content-type': 'text/event-stream' }, path)
  }
})

t.test('its headers stand beside @fastify/helmet, also those of streams', async t => {
  const { app, listen } = await loadedApp(t)
  await app.register(helmet)
  await app.register(inspector, { prefix: PREFIX, authorize: everybody })
  app.get('/', async () => '')
  t.match((await app.inject('/')).headers['content-security-policy'], /upgrade-insecure-requests/)
  const { headers } = await app.inject(`${PREFIX}/`)
  t.match(headers, HEADERS)
  t.ok(headers['strict-transport-security'])
  const { url } = await listen()
  t.match((await opened(t, `${url}${PREFIX}/events`)).response.headers, HEADERS)
})

t.test('what another site sends is refused', async t => {
  const { app, channel } = await inspected(t, { authorize: everybody }, {}, { trustProxy: true })
  const before = await channel.position()
  const [publish = {}] = ACTIONS
  const ask = async (headers: Record<string, string>, options: InjectOptions = publish): Promise<number> => (
    (await app.inject({ ...options, headers: { ...JSON_TYPE, host: 'app.example:8080', ...headers } })).statusCode
  )
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    { 'sec-fetch-site': 'cross-site', origin: 'http://app.example:8080' },
    { origin: 'https://evil.example' },
    { origin: 'http://app.example' },
    { origin: 'null' }
  ]) t.equal(await ask(headers), 403, JSON.stringify(headers))
  t.equal(await channel.position(), before)

  for (const headers of [
    {},
    { 'sec-fetch-site': 'same-origin', origin: 'https://app.example', host: 'a.name.of.the.proxy' },
    { origin: 'http://app.example:8080' },
    { origin: 'https://app.example', host: 'app.example' },
    { origin: 'http://front.example', 'x-forwarded-host': 'front.example' }
  ]) t.equal(await ask(headers), 200, JSON.stringify(headers))

  const page = { url: `${PREFIX}/` }
  t.equal(await ask({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, page), 200, 'a link leads to it')
  t.equal(await ask({ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, page), 200)
  t.equal(await ask({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }, { url: `${PREFIX}/events` }), 403)
  t.equal(await ask({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, { url: `${PREFIX}/events` }), 403, 'nor does a link to its streams open one')
  t.equal(await ask({ origin: 'https://evil.example' }, { url: `${PREFIX}/events` }), 403)
})

t.test('an app that lets all sites read it does not open the inspector', async t => {
  const { app } = await loadedApp(t)
  await app.register(cors, { origin: true, credentials: true })
  await app.register(inspector, { prefix: PREFIX, authorize: everybody })
  for (const each of [{ url: `${PREFIX}/events` }, ...ACTIONS]) {
    const { statusCode } = await app.inject({ ...each, headers: { ...JSON_TYPE, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' } })
    t.equal(statusCode, 403)
  }
})

t.test('nothing but JSON is taken', async t => {
  const { app } = await inspected(t)
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => { done(null, body) })
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp']) {
    for (const each of ACTIONS) t.equal((await app.inject({ ...each, headers: { 'content-type': type } })).statusCode, 415, type)
  }
  t.equal((await app.inject({ ...ACTIONS[0], payload: '{"__proto__":{"x":1}}' } as InjectOptions)).statusCode, 400)
})
