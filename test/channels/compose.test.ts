import { AsyncLocalStorage } from 'node:async_hooks'
import t from 'tap'
import { Type } from '@sinclair/typebox'
import { eventStream } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { open, opened, payloads, received, resume } from './clients.js'
import { count, counts, note, notes, quote, quotes } from './streams.js'

t.test('several channels share a connection, and one id resumes all of them', async t => {
  const { app, listen } = await loadedApp(t)
  const numbers = app.sse.channel('counts', counts)
  const texts = app.sse.channel('notes', notes)
  const both = eventStream({ ...counts.schemas, ...notes.schemas })
  app.get('/', { schema: { response: { 200: both } } }, request => app.sse.merge(numbers.subscribe(request), texts.subscribe(request)))
  const { url } = await listen()
  const client = await opened(t, url)
  await numbers.publish(count(1))
  await texts.publish(note('a'))
  t.strictSame(await received(client, 2), [1, 'a'])
  client.leave()

  await texts.publish(note('b'))
  await numbers.publish(count(2))
  await texts.publish(note('c'))
  const back = await resume(t, url, client.items.at(-1)?.id ?? '')
  const missed = await received(back, 3)
  t.strictSame(new Set(missed), new Set([2, 'b', 'c']))
  t.ok(missed.indexOf('b') < missed.indexOf('c'))
  await numbers.publish(count(3))
  await received(back, 4)

  t.test('from whichever event it left', async t => {
    for (const [i, { id }] of [...client.items, ...back.items].entries()) {
      const seen = payloads([...client.items, ...back.items].slice(0, i + 1))
      const rest = await received(await resume(t, url, id ?? ''), 6 - seen.length)
      t.strictSame([...seen, ...rest].sort(), [1, 2, 3, 'a', 'b', 'c'])
    }
  })
})

t.test('a page can be rendered with the position of all, and connects without a gap', async t => {
  const { app, listen } = await loadedApp(t)
  const numbers = app.sse.channel('counts', counts)
  const texts = app.sse.channel('notes', notes)
  app.get('/', request => app.sse.merge(numbers.subscribe(request), texts.subscribe(request)))
  const { url } = await listen()
  await numbers.publish(count(1))
  const position = await app.sse.position(texts, numbers)
  await numbers.publish(count(2))
  await texts.publish(note('a'))
  const client = await open(t, `${url}/?lastEventId=${position}`)
  t.strictSame(new Set(await received(client, 2)), new Set([2, 'a']))
  t.notOk(client.items.some(({ event }) => event === 'stream-gap'))
})

t.test('a gap in one channel is told, and the others go on', async t => {
  const { app, listen } = await loadedApp(t)
  const numbers = app.sse.channel('counts', counts, { history: { maxEvents: 1 } })
  const texts = app.sse.channel('notes', notes)
  app.get('/', request => app.sse.merge(numbers.subscribe(request), texts.subscribe(request)))
  const { url } = await listen()
  const client = await opened(t, url)
  client.leave()
  for (let n = 0; n < 3; n++) await numbers.publish(count(n))
  await texts.publish(note('a'))
  const back = await resume(t, url, client.items[0]?.id ?? '')
  t.strictSame(await received(back, 1), ['a'])
  await back.until(events => events.some(({ event }) => event === 'stream-gap'))
  const { earliest } = JSON.parse(back.items.find(({ event }) => event === 'stream-gap')?.data ?? '') as { earliest: string }
  t.strictSame(new Set(await received(await resume(t, url, earliest), 1)), new Set([2]), 'and who comes back with its earliest gets what is left')
})

t.test('merge() takes subscriptions that were not used, of one subscriber', async t => {
  const { app } = await loadedApp(t)
  const numbers = app.sse.channel('counts', counts)
  const texts = app.sse.channel('notes', notes)
  const code = 'FST_ERR_SSE_SUBSCRIBE_INVALID'
  t.throws(() => app.sse.merge(), { code })
  t.throws(() => app.sse.merge({} as never), { code })
  t.throws(() => app.sse.merge(numbers.subscribe({ lastEventId: 'a.1' }), texts.subscribe({})), { code })
  t.throws(() => app.sse.merge(...Array.from({ length: 21 }, () => numbers.subscribe({}))), { code, message: /20 subscriptions at most/ })
  const used = numbers.subscribe({})
  app.sse.merge(used)
  t.throws(() => app.sse.merge(used), { code: 'FST_ERR_SSE_SUBSCRIPTION_STARTED' })
  t.throws(() => used[Symbol.asyncIterator](), { code: 'FST_ERR_SSE_SUBSCRIPTION_STARTED' })
  const closed = numbers.subscribe({})
  closed.close()
  t.throws(() => app.sse.merge(closed), { code: 'FST_ERR_SSE_SUBSCRIPTION_STARTED' })
})

t.test('a handler may yield its own events first, and resume stays right', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  app.get('/', { schema: { response: { 200: counts } } }, async function * (request, reply) {
    if (reply.sse.lastEventId === undefined) yield { event: 'total' as const, data: { sum: 0 } }
    yield * channel.subscribe(request)
  })
  const { url } = await listen()
  const client = await open(t, url)
  await client.until(({ length }) => length === 2)
  t.match(client.items, [{ event: 'total', id: undefined }, { event: 'stream-position', id: /\w/ }])
  await channel.publish(count(1))
  await received(client, 2)
  client.leave()
  await channel.publish(count(2))
  t.strictSame(await received(await resume(t, url, client.items.at(-1)?.id ?? ''), 1), [2])
  t.strictSame(await received(await resume(t, url, client.items[1]?.id ?? ''), 2), [1, 2])
})

t.test('what a subscription gives to code is decoded once, shared and frozen', async t => {
  const { app } = await loadedApp(t)
  let decoded = 0
  const At = Type.Transform(Type.String()).Decode(text => { decoded++; return new Date(text) }).Encode(date => date.toISOString())
  const times = eventStream({ at: Type.Object({ time: At }) })
  const channel = app.sse.channel('times', times)
  const events = Promise.all(Array.from({ length: 3 }, async () => {
    for await (const event of channel.subscribe({})) if (event.event === 'at') return event
    return undefined
  }))
  await new Promise(resolve => { setImmediate(resolve) })
  const id = await channel.publish({ event: 'at', data: { time: new Date(7), secret: 1 } as { time: Date } })
  const [first, second, third] = await events
  t.strictSame({ ...first }, { event: 'at', data: { time: new Date(7) }, id })
  t.equal(first, second)
  t.equal(second, third)
  t.equal(decoded, 1)
  t.throws(() => { (first as { data: { time: Date } }).data.time = new Date() }, TypeError)
})

t.test('events that a handler only passes on are neither decoded nor encoded again; those it changes are checked', async t => {
  const { app, listen } = await loadedApp(t)
  const seen: string[] = []
  const Spied = Type.Transform(Type.Number()).Decode(n => { seen.push('decode'); return n }).Encode(n => { seen.push('encode'); return n })
  const spied = eventStream({ n: Spied })
  const channel = app.sse.channel('spied', spied)
  app.get('/returned', { schema: { response: { 200: spied } } }, request => channel.subscribe(request))
  app.get('/undeclared', request => channel.subscribe(request))
  app.get('/sent', { schema: { response: { 200: spied } } }, (request, reply) => {
    void reply.sse.sendAll(channel.subscribe(request))
    return reply.sse
  })
  app.get('/changed', { schema: { response: { 200: spied } } }, async function * (request) {
    for await (const event of channel.subscribe(request)) yield event.event === 'n' ? { ...event, data: event.data * 10 } : event
  })
  const { url } = await listen()
  const clients = await Promise.all(['/returned', '/undeclared', '/sent'].map(async path => await opened(t, url + path)))
  await channel.publish({ event: 'n', data: 1 })
  for (const client of clients) t.strictSame(await received(client, 1), [1])
  t.strictSame(seen, ['encode'])

  const changed = await opened(t, `${url}/changed`)
  await channel.publish({ event: 'n', data: 2 })
  t.strictSame(await received(changed, 1), [20])
  t.strictSame(seen, ['encode', 'encode', 'decode', 'encode'])
})

t.test('a route that declares the events by other schemas checks them by its own', async t => {
  const { app, listen, logged } = await loadedApp(t)
  const channel = app.sse.channel('quotes', quotes)
  const narrow = eventStream({ quote: Type.Object({ symbol: Type.String() }), gone: quotes.schemas.gone })
  const strict = eventStream({ quote: Type.Object({ symbol: Type.String(), value: Type.Number({ maximum: 5 }) }), gone: quotes.schemas.gone })
  app.get('/narrow', { schema: { response: { 200: narrow } } }, (request): never => channel.subscribe(request) as never)
  app.get('/strict', { schema: { response: { 200: strict } } }, (request): never => channel.subscribe(request) as never)
  const { url } = await listen()
  const [narrowed, checked] = await Promise.all([opened(t, `${url}/narrow`), opened(t, `${url}/strict`)])
  const id = await channel.publish(quote({ symbol: 'A', value: 1 }))
  t.strictSame(await received(narrowed, 1), [{ symbol: 'A' }])
  t.strictSame(narrowed.items.at(-1)?.id, id)
  t.strictSame(await received(checked, 1), [{ symbol: 'A', value: 1 }])
  await channel.publish(quote({ symbol: 'A', value: 10 }))
  t.equal(await checked.ended, 'cut')
  await logged(({ err }) => err?.code === 'FST_ERR_SSE_INVALID_EVENT')
})

t.test('filters and loops see the async context of their own request, not the publisher\'s', async t => {
  const { app, listen } = await loadedApp(t)
  const user = new AsyncLocalStorage<string>()
  const channel = app.sse.channel('counts', counts)
  app.addHook('onRequest', (request, reply, done) => { user.run(request.headers['x-user'] as string, done) })
  const seen: string[] = []
  const look = (where: string): true => { seen.push(`${where} ${user.getStore()}`); return true }
  app.get('/filter', request => channel.subscribe(request, { filter: () => look('filter') }))
  app.get('/loop', async function * (request) {
    for await (const event of channel.subscribe(request)) {
      look('loop')
      yield event
    }
  })
  const { url } = await listen()
  const filtered = await opened(t, `${url}/filter`, { 'x-user': 'Ann' })
  const looped = await opened(t, `${url}/loop`, { 'x-user': 'Bob' })
  seen.length = 0
  await user.run('publisher', async () => await channel.publish(count(1)))
  await received(filtered, 1)
  await received(looped, 1)
  t.strictSame(seen.sort(), ['filter Ann', 'loop Bob'])
})

t.test('a subscription that is returned twice is an ordinary error of the route', async t => {
  const { app } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  const shared = channel.subscribe({})
  shared[Symbol.asyncIterator]()
  app.get('/', { schema: { response: { 200: counts } } }, () => shared)
  const { statusCode, body } = await app.inject('/')
  t.equal(statusCode, 500)
  t.match(JSON.parse(body), { code: 'FST_ERR_SSE_SUBSCRIPTION_STARTED' })
  t.equal((await app.inject('/')).statusCode, 500)
})

t.test('a header that can\'t be sent is an ordinary error as well, and leaves no subscriber behind', async t => {
  const { app } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  app.get('/', { schema: { response: { 200: counts } } }, (request, reply) => {
    reply.header('x-broken', 'a\nb')
    return channel.subscribe(request)
  })
  app.setErrorHandler((_error, _request, reply) => { void reply.removeHeader('x-broken').code(500).send({ failed: true }) })
  const { statusCode, body } = await app.inject('/')
  t.strictSame([statusCode, JSON.parse(body)], [500, { failed: true }])
  t.equal(channel.subscriberCount(), 0)
})

t.test('a handler that reads a subscription for an answer of another kind is told when it ends', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  app.get('/', async request => {
    const seen: unknown[] = []
    try {
      for await (const { event } of channel.subscribe(request, { expiresAt: Date.now() + 30 })) seen.push(event)
    } catch (error) {
      return { seen, code: (error as { code: string }).code }
    }
  })
  const { url } = await listen()
  t.strictSame(await (await fetch(url)).json(), { seen: ['stream-position'], code: 'FST_ERR_SSE_STREAM_CLOSED' })
})
