import t, { type Test } from 'tap'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { open, opened, payloads, received, resume } from './clients.js'
import { gone, quote, quotes } from './streams.js'

type Quote = { symbol: string, value?: number }

async function serve (t: Test, maxKeys = 100) {
  const { app, listen, closed } = await loadedApp(t)
  const channel = app.sse.channel('quotes', quotes, { retain: 'latest', key: ({ data: { symbol } }) => symbol, maxKeys })
  app.get('/', { schema: { response: { 200: quotes } } }, request => channel.subscribe(request))
  app.get('/live', request => channel.subscribe(request, { from: 'live' }))
  app.get('/a', request => channel.subscribe(request, { topics: ['a'] }))
  const { url, port } = await listen()
  const say = async (symbol: string, value: number, topic?: string): Promise<string> =>
    await channel.publish(quote({ symbol, value }), topic === undefined ? {} : { topic })
  return { app, channel, url, port, say, closed }
}

t.test('a new subscriber gets the newest of every key, then live events', async t => {
  const { url, say } = await serve(t)
  for (const [symbol, value] of [['A', 1], ['B', 2], ['A', 3], ['C', 4], ['B', 5]] as const) await say(symbol, value)
  const client = await open(t, url)
  t.strictSame(await received(client, 3), [{ symbol: 'A', value: 3 }, { symbol: 'C', value: 4 }, { symbol: 'B', value: 5 }])
  for (let value = 6; value < 10; value++) await say('A', value)
  t.strictSame((await received(client, 7)).slice(3), [6, 7, 8, 9].map(value => ({ symbol: 'A', value })), 'all of them, since it is not slow')

  const live = await opened(t, `${url}/live`)
  await say('D', 1)
  t.strictSame(await received(live, 1), [{ symbol: 'D', value: 1 }])
})

t.test('who comes back gets the newest of what has changed since, deletions included', async t => {
  const { channel, url, say } = await serve(t)
  await say('A', 1)
  await say('B', 1)
  const id = await say('C', 1)
  await say('A', 2)
  await say('A', 3)
  await channel.publish(gone({ symbol: 'B' }), { tombstone: true })
  t.strictSame(await received(await resume(t, url, id), 2), [{ symbol: 'A', value: 3 }, { symbol: 'B' }])
  t.strictSame(await received(await open(t, url), 2), [{ symbol: 'C', value: 1 }, { symbol: 'A', value: 3 }], 'and who is new hears nothing of them')
  await say('B', 4)
  t.strictSame(await received(await open(t, url), 3), [{ symbol: 'C', value: 1 }, { symbol: 'A', value: 3 }, { symbol: 'B', value: 4 }])
})

t.test('topics hold for what is retained as well', async t => {
  const { url, say } = await serve(t)
  await say('A', 1, 'a')
  await say('B', 1, 'b')
  const client = await open(t, `${url}/a`)
  await received(client, 1)
  await say('B', 2, 'b')
  await say('A', 2, 'a')
  t.strictSame(await received(client, 2), [{ symbol: 'A', value: 1 }, { symbol: 'A', value: 2 }])
})

t.test('a gap is followed by the newest of every key', async t => {
  const { url, say } = await serve(t)
  await say('A', 1)
  await say('B', 2)
  const back = await resume(t, url, 'old.7')
  t.strictSame(await received(back, 2), [{ symbol: 'A', value: 1 }, { symbol: 'B', value: 2 }])
  t.match(back.items[0], { event: 'stream-gap', data: /"requested":"old.7"/ })

  t.test('also for who leaves right after it', async t => {
    t.strictSame(await received(await resume(t, url, back.items[0]?.id ?? ''), 2), [{ symbol: 'A', value: 1 }, { symbol: 'B', value: 2 }])
  })
})

t.test('beyond maxKeys, who may have missed a key that was dropped is told of a gap', async t => {
  const { url, say } = await serve(t, 2)
  const id = await say('A', 1)
  const second = await say('B', 1)
  await say('C', 1)
  t.strictSame(payloads((await opened(t, url)).items).length > 0, true)
  t.strictSame(await received(await resume(t, url, second), 1), [{ symbol: 'C', value: 1 }])
  const back = await resume(t, url, id)
  t.strictSame(await received(back, 2), [{ symbol: 'B', value: 1 }, { symbol: 'C', value: 1 }])
  t.notOk(back.items.some(({ event }) => event === 'stream-gap'), 'A was known to it')
  await say('D', 1)
  t.match((await opened(t, url, { 'last-event-id': id })).items, [{ event: 'stream-gap' }], 'B was not')
})

t.test('a slow subscriber is spared what was replaced, and ends with the newest of every key', async t => {
  const { channel, port, say, closed } = await serve(t, 1_000)
  const client = new RawClient(t, port)
  client.socket.pause()
  client.request('/')
  while (channel.subscriberCount() === 0) await new Promise(resolve => { setImmediate(resolve) })
  const symbols = Array.from({ length: 200 }, (_, i) => `S${i}${'x'.repeat(100)}`)
  const rounds = 400
  for (let value = 0; value < rounds; value++) {
    await Promise.all(symbols.map(async symbol => await say(symbol, value)))
    await new Promise(resolve => { setImmediate(resolve) })
  }
  client.socket.resume()
  await client.until(({ text }) => symbols.every(symbol => text.includes(`{"symbol":"${symbol}","value":${rounds - 1}}`)))
  const events = client.body.split('\n\n').flatMap(frame => /data: (\{.*\})/.exec(frame)?.[1] ?? []).map(data => JSON.parse(data) as Quote)
  t.ok(events.length < symbols.length * rounds / 2, `${events.length} of ${symbols.length * rounds} were sent`)
  const last = new Map<string, number>()
  for (const { symbol, value = NaN } of events) {
    if (!(value > (last.get(symbol) ?? -1))) t.fail(`${symbol} went from ${last.get(symbol)} to ${value}`)
    last.set(symbol, value)
  }
  t.strictSame(new Set(last.values()), new Set([rounds - 1]))
  const ids = [...client.body.matchAll(/^id: \w+\.(\d+)$/gm)].map(([, offset]) => Number(offset))
  t.ok(ids.every((id, i) => i === 0 || id > (ids[i - 1] as number)), 'and ids ascend')
  client.socket.destroy()
  t.equal((await closed()).conflated, symbols.length * rounds - events.length, 'its record says how many it was spared')
})

t.test('publish() may name the key, and refuses an event without one', async t => {
  const { app } = await loadedApp(t)
  const channel = app.sse.channel('quotes', quotes, { retain: 'latest', key: () => undefined as never })
  await t.rejects(channel.publish(quote({ symbol: 'A', value: 1 })), { code: 'FST_ERR_SSE_PUBLISH_INVALID', message: /key\(\) should return a non-empty string/ })
  t.type(await channel.publish(quote({ symbol: 'A', value: 1 }), { key: 'A' }), 'string')
})
