import { setImmediate as nextTurn } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import { eventStream } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { opened, received } from './clients.js'
import { count, counts } from './streams.js'

t.test('an event reaches all who subscribe, with the id that publish() gave', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  app.get('/', { schema: { response: { 200: counts } } }, request => channel.subscribe(request))
  const { url } = await listen()
  const clients = await Promise.all([opened(t, url), opened(t, url), opened(t, url)])

  const id = await channel.publish(count(1))
  for (const client of clients) {
    t.strictSame(await received(client, 1), [1])
    t.strictSame(client.items.at(-1), { id, event: 'count', data: '1' })
  }
})

t.test('events go out in the order in which publish() was called, whoever waits for it', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  app.get('/', request => channel.subscribe(request))
  const client = await opened(t, (await listen()).url)

  const ids = await Promise.all([1, 2, 3].map(async n => await channel.publish(count(n))))
  for (let n = 4; n <= 6; n++) ids.push(await channel.publish(count(n)))
  await nextTurn()
  for (let n = 7; n <= 9; n++) ids.push(await channel.publish(count(n)))
  t.strictSame(await received(client, 9), [1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.strictSame(client.items.slice(1).map(({ id }) => id), ids)
})

t.test('an event that is wrong rejects, and reaches nobody', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  app.get('/', request => channel.subscribe(request))
  const client = await opened(t, (await listen()).url)
  const before = await channel.position()

  for (const [event, options, code] of [
    [{ event: 'count', data: 'one' }, {}, 'FST_ERR_SSE_INVALID_EVENT'],
    [{ event: 'number', data: 1 }, {}, 'FST_ERR_SSE_UNKNOWN_EVENT'],
    [{ event: 'stream-gap', data: {} }, {}, 'FST_ERR_SSE_UNKNOWN_EVENT'],
    [{ comment: 'all of you' }, {}, 'FST_ERR_SSE_UNKNOWN_EVENT'],
    [undefined, {}, 'FST_ERR_SSE_INVALID_EVENT'],
    [{ event: 'count', data: 1, retry: -1 }, {}, 'FST_ERR_SSE_FIELD_INVALID'],
    [{ event: 'count', data: 1, id: 7 }, {}, 'FST_ERR_SSE_PUBLISH_INVALID'],
    [count(1), { topic: '' }, 'FST_ERR_SSE_PUBLISH_INVALID'],
    [count(1), { topic: 1 }, 'FST_ERR_SSE_PUBLISH_INVALID'],
    [count(1), { key: 'a' }, 'FST_ERR_SSE_PUBLISH_INVALID'],
    [count(1), { topics: ['a'] }, 'FST_ERR_SSE_PUBLISH_INVALID']
  ] as const) {
    await t.rejects(channel.publish(event as never, options as never), { code })
  }
  t.equal(await channel.position(), before)
  await channel.publish(count(2))
  t.strictSame(await received(client, 1), [2])
})

t.test('it works before the server is ready, and outside of requests', async t => {
  const { app } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  await channel.publish(count(1))
  await app.ready()
  await channel.publish(count(2))
  const seen: unknown[] = []
  for await (const event of channel.subscribe({}, { from: 'start' })) {
    seen.push(event.data)
    if (seen.length === 2) break
  }
  t.strictSame(seen, [1, 2])
})

t.test('shared schemas that are added after the first event was published are known', async t => {
  const { app } = await loadedApp(t)
  const early = app.sse.channel('early', counts)
  await early.publish(count(1))
  app.addSchema({ $id: 'size', type: 'integer' })
  const late = app.sse.channel('late', eventStream({ size: Type.Ref('size') }))
  await app.ready()
  await t.rejects(late.publish({ event: 'size', data: 'big' as never }), { code: 'FST_ERR_SSE_INVALID_EVENT' })
  t.type(await late.publish({ event: 'size', data: 3 as never }), 'string')
})

t.test('a schema that can\'t be compiled keeps the server from starting', async t => {
  const { app } = await loadedApp(t)
  app.sse.channel('broken', eventStream({ a: Type.Ref('missing') }))
  await t.rejects(async () => { await app.ready() }, { code: 'FST_ERR_SSE_SCHEMA_BUILD', message: /channel 'broken'.*event 'a'/ })
})

t.test('opened later, a channel whose schema can\'t be compiled fails at once, and leaves its name free', async t => {
  const { app } = await loadedApp(t)
  await app.ready()
  t.throws(() => app.sse.channel('broken', eventStream({ a: Type.Ref('missing') })), { code: 'FST_ERR_SSE_SCHEMA_BUILD' })
  t.type(await app.sse.channel('broken', counts).publish(count(1)), 'string')
})

t.test('an idempotency key is used once', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  app.get('/', request => channel.subscribe(request))
  const client = await opened(t, (await listen()).url)

  const ids = [
    await channel.publish(count(1), { idempotencyKey: 'order-1' }),
    await channel.publish(count(1), { idempotencyKey: 'order-1' }),
    await channel.publish(count(2), { idempotencyKey: 'order-2' })
  ]
  t.equal(ids[0], ids[1])
  t.not(ids[0], ids[2])
  t.strictSame(await received(client, 2), [1, 2])
})

t.test('an event is encoded once, and what is undeclared does not leave', async t => {
  const { app, listen } = await loadedApp(t)
  let encoded = 0
  const Spied = Type.Transform(Type.Number()).Decode(n => n).Encode(n => { encoded++; return n })
  const spied = eventStream({ a: Type.Object({ n: Spied }) })
  const channel = app.sse.channel('spied', spied)
  app.get('/', { schema: { response: { 200: spied } } }, request => channel.subscribe(request))
  const { url } = await listen()
  const clients = await Promise.all(Array.from({ length: 5 }, async () => await opened(t, url)))
  await channel.publish({ event: 'a', data: { n: 1, secret: 2 } as { n: number } })
  for (const client of clients) t.strictSame(await received(client, 1), [{ n: 1 }])
  t.equal(encoded, 1)
})

t.test('nothing is written from within publish()', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  const order: string[] = []
  app.get('/', request => channel.subscribe(request, { filter: () => { order.push('delivered'); return true } }))
  await opened(t, (await listen()).url)
  const published = channel.publish(count(1))
  order.push('called')
  await published
  order.push('published')
  await nextTurn()
  t.strictSame(order, ['called', 'published', 'delivered'])
})

t.test('a channel that is wrong fails when it is opened', async t => {
  const { app } = await loadedApp(t)
  app.sse.channel('counts', counts)
  for (const [name, stream, options, code, message] of [
    ['counts', counts, {}, 'FST_ERR_SSE_CHANNEL_EXISTS', /'counts' is open already/],
    ['', counts, {}, 'FST_ERR_SSE_CHANNEL_INVALID', /1 to 255 characters/],
    ['a', {}, {}, 'FST_ERR_SSE_CHANNEL_INVALID', /eventStream\(\), instead got 'Object'/],
    ['a', counts, { size: 1 }, 'FST_ERR_SSE_OPTION_INVALID', /size should be one of/],
    ['a', counts, { history: { maxEvents: -1 } }, 'FST_ERR_SSE_OPTION_INVALID', /maxEvents/],
    ['a', counts, { retain: 'latest' }, 'FST_ERR_SSE_CHANNEL_INVALID', /needs a key/],
    ['a', counts, { key: () => 'a' }, 'FST_ERR_SSE_CHANNEL_INVALID', /retain 'latest'/]
  ] as const) {
    t.throws(() => app.sse.channel(name, stream as never, options as never), { code, message })
  }
})
