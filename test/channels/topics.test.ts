import t from 'tap'
import type { Topic } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { open, opened, payloads, received, resume } from './clients.js'
import { count, counts } from './streams.js'
import { topicPrefix } from '../../lib/channel/topic-prefix.js'

t.test('who subscribes to topics gets their events, live and on replay', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  const wishes: Record<string, Topic[] | undefined> = {
    '/all': undefined,
    '/a': ['a'],
    '/ab': ['a', 'b'],
    '/orders': [topicPrefix('order.')],
    '/both': ['order.1', topicPrefix('order')],
    '/any': [topicPrefix('')]
  }
  for (const [path, topics] of Object.entries(wishes)) {
    app.get(path, { schema: { response: { 200: counts } } }, request => channel.subscribe(request, topics && { topics }))
  }
  const { url } = await listen()
  const begun = await channel.position()
  const clients = await Promise.all(Object.keys(wishes).map(async path => await opened(t, url + path)))

  const topics = ['a', 'b', undefined, 'order.1', 'order.22', 'ordered', 'ab', '*']
  for (const [n, topic] of topics.entries()) await channel.publish(count(n), topic === undefined ? {} : { topic })
  const expected: Record<string, number[]> = {
    '/all': [0, 1, 2, 3, 4, 5, 6, 7], '/a': [0], '/ab': [0, 1], '/orders': [3, 4], '/both': [3, 4, 5], '/any': [0, 1, 3, 4, 5, 6, 7]
  }
  const paths = Object.keys(wishes)
  for (const [i, client] of clients.entries()) {
    const path = paths[i] as string
    t.strictSame(await received(client, expected[path]?.length ?? 0), expected[path], `${path} live`)
    t.strictSame(await received(await resume(t, url + path, begun), expected[path]?.length ?? 0), expected[path], `${path} resumed`)
  }
  t.equal(channel.subscriberCount(), 12)
  t.equal(channel.subscriberCount('a'), 2 + 2 + 2 + 2)
  t.equal(channel.subscriberCount('order.1'), 2 + 2 + 2 + 2)
  t.equal(channel.subscriberCount('nobody'), 2 + 2)
})

t.test('a topic from a request is never a pattern', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('rooms', counts)
  app.get<{ Params: { room: string } }>('/:room', request => channel.subscribe(request, { topics: [request.params.room] }))
  const { url } = await listen()
  const clients = await Promise.all(['*', '.*', '%3E', '**'].map(async room => await opened(t, `${url}/${room}`)))
  await channel.publish(count(1), { topic: 'private' })
  for (const topic of ['*', '.*', '>', '**']) await channel.publish(count(2), { topic })
  for (const client of clients) t.strictSame(await received(client, 1), [2])
})

t.test('a filter is asked live, on replay, and with events as they were published', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  app.get('/', request => channel.subscribe(request, { from: 'start', filter: ({ event, data }) => event === 'count' && (data as number) % 2 === 0 }))
  const { url } = await listen()
  for (let n = 0; n < 5; n++) await channel.publish(count(n))
  const client = await open(t, url)
  await received(client, 3)
  for (let n = 5; n < 9; n++) await channel.publish(count(n))
  t.strictSame(await received(client, 5), [0, 2, 4, 6, 8])
})

t.test('a filter that throws fails its own stream, and one that returns a promise lets nothing through', async t => {
  const { app, listen, logged } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  app.get('/throws', request => channel.subscribe(request, { filter: () => { throw new Error('no') } }))
  app.get('/async', request => channel.subscribe(request, { filter: (async () => false) as never }))
  app.get('/fine', request => channel.subscribe(request))
  const { url } = await listen()
  const [throws, promises, fine] = await Promise.all([opened(t, `${url}/throws`), opened(t, `${url}/async`), opened(t, `${url}/fine`)])
  await channel.publish(count(1))
  t.equal(await throws.ended, 'cut')
  t.equal(await promises.ended, 'cut')
  t.strictSame(payloads([...throws.items, ...promises.items]), [])
  t.strictSame(await received(fine, 1), [1])
  await logged(({ err }) => err?.message === 'no')
  await logged(({ err }) => err?.code === 'FST_ERR_SSE_SUBSCRIBE_INVALID')
})

t.test('who gets few of the events is told from time to time where it stands, and so need not fear for its place', async t => {
  const { app, listen } = await loadedApp(t, { heartbeatMs: 20 })
  const channel = app.sse.channel('counts', counts, { history: { maxEvents: 10 } })
  app.get('/', request => channel.subscribe(request, { topics: ['rare'] }))
  const { url, port } = await listen()
  const client = new RawClient(t, port).request('/')
  await client.until(({ body }) => body.endsWith('data: null\n\n'))
  for (let n = 0; n < 100; n++) await channel.publish(count(n), { topic: 'often' })
  const position = await channel.position()
  const told = `event: stream-position\nid: ${position}\ndata: null\n\n`
  await client.until(({ body }) => body.endsWith(told))
  // Heartbeats come as often as positions are looked at.
  await client.until(({ body }) => body.endsWith(':\n:\n:\n:\n'))
  t.equal(client.body.split(told).length, 2, 'and not again while nothing moves')
  client.socket.destroy()
  await channel.publish(count(100), { topic: 'rare' })
  const back = await resume(t, url, position)
  t.strictSame(await received(back, 1), [100])
  t.notOk(back.items.some(({ event }) => event === 'stream-gap'))
})

t.test('subscribe() refuses what is no wish', async t => {
  const { app } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts)
  for (const [subscriber, options, message] of [
    [undefined, {}, /a request, or \{ lastEventId, signal, identity, scope \}, instead got 'undefined'/],
    [{ signal: {} }, {}, /signal is an AbortSignal/],
    [{ lastEventId: 7 }, {}, /lastEventId is a string, instead got '7'/],
    [{ raw: {} }, {}, /a request that has got to its handler/],
    [{}, { topics: [] }, /at least one topic/],
    [{}, { topics: 'a' }, /at least one topic/],
    [{}, { topics: [''] }, /a topic should be/],
    [{}, { topics: [{ prefix: 1 }] }, /a topic should be/],
    [{}, { filter: true }, /filter should be a function/],
    [{}, { from: 'now' }, /from should be/],
    [{}, { expiresAt: 'soon' }, /expiresAt should be/],
    [{}, { topic: 'a' }, /the options are topics, filter, from, expiresAt, instead got 'topic'/]
  ] as const) {
    t.throws(() => channel.subscribe(subscriber as never, options as never), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID', message })
  }
})
