import t from 'tap'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { open, opened, payloads, received, resume } from './clients.js'
import { count, counts, total } from './streams.js'

t.test('a snapshot takes the place of what is gone, and exactly the events after it follow', async t => {
  const { app, listen } = await loadedApp(t)
  let sum = 0
  const channel = app.sse.channel('counts', counts, {
    history: { maxEvents: 2 },
    snapshot: () => [total({ sum })]
  })
  const add = async (n: number): Promise<string> => {
    sum += n
    return await channel.publish(count(n))
  }
  app.get('/', { schema: { response: { 200: counts } } }, request => channel.subscribe(request))
  const { url } = await listen()
  const first = await add(1)
  for (const n of [2, 3, 4]) await add(n)

  const back = await resume(t, url, first)
  await received(back, 1)
  await add(5)
  t.strictSame(await received(back, 2), [{ sum: 10 }, 5])
  t.strictSame(back.items.map(({ event }) => event), ['total', 'stream-position', 'count'], 'no gap is told')
  t.equal(back.items[0]?.id, undefined, 'who leaves amid the snapshot has no part of it')

  const third = await resume(t, url, back.items[1]?.id ?? '')
  t.strictSame(await received(third, 1), [5], 'and who leaves after it goes on from there')
})

t.test('all who need it at the same time share one, those of other topics another', async t => {
  const { app, listen } = await loadedApp(t)
  const asked: unknown[] = []
  const taken = deferred()
  const channel = app.sse.channel('counts', counts, {
    history: { maxEvents: 1 },
    snapshot: async ({ topics, position }) => {
      asked.push({ topics, position })
      await taken.promise
      return [total({ sum: 1 })]
    }
  })
  app.get('/', request => channel.subscribe(request))
  app.get('/a', request => channel.subscribe(request, { topics: ['a', 'b'] }))
  app.get('/b', request => channel.subscribe(request, { topics: ['b', 'a'] }))
  const { url } = await listen()
  for (let n = 0; n < 3; n++) await channel.publish(count(n))
  const clients = await Promise.all(Array.from({ length: 60 }, async (_, i) => await resume(t, `${url}/${['', 'a', 'b'][i % 3] ?? ''}`, 'old.1')))
  while (asked.length < 2) await nextTurn()
  taken.resolve()
  for (const client of clients) t.strictSame(await received(client, 1), [{ sum: 1 }])
  const position = await channel.position()
  t.strictSame(asked, [{ topics: undefined, position }, { topics: ['a', 'b'], position }])
})

t.test('events that are published while it is taken follow it, and one that knows what it holds says so', async t => {
  const { app, listen } = await loadedApp(t)
  const taken = deferred()
  let held = ''
  const channel = app.sse.channel('counts', counts, {
    snapshot: async () => {
      await taken.promise
      return { events: [total({ sum: 3 })], position: held }
    }
  })
  app.get('/', request => channel.subscribe(request, { from: 'snapshot' }))
  const { url } = await listen()
  await channel.publish(count(1))
  const client = await open(t, url)
  held = await channel.publish(count(2))
  await channel.publish(count(3))
  taken.resolve()
  t.strictSame(await received(client, 2), [{ sum: 3 }, 3])
})

t.test('it passes the filter of live events', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts, { snapshot: () => [count(1), count(2), count(3)] })
  app.get('/', request => channel.subscribe(request, { from: 'snapshot', filter: ({ data }) => data !== 2 }))
  const client = await open(t, (await listen()).url)
  await client.until(events => events.some(({ event }) => event === 'stream-position'))
  t.strictSame(payloads(client.items), [1, 3])
})

t.test('where it fails, the gap is told instead', async t => {
  const { app, listen, logged } = await loadedApp(t)
  const failures: Array<() => never[]> = [
    () => { throw new Error('no database') },
    () => [{ event: 'count', data: 'three' }] as never[],
    () => ({ events: [], position: 'another.1' }) as unknown as never[]
  ]
  for (const [i, snapshot] of failures.entries()) {
    const channel = app.sse.channel(`counts ${i}`, counts, { snapshot })
    app.get(`/${i}`, request => channel.subscribe(request))
  }
  const { url } = await listen()
  for (const i of failures.keys()) {
    const back = await opened(t, `${url}/${i}`, { 'last-event-id': 'old.1' })
    t.match(back.items, [{ event: 'stream-gap', data: /"requested":"old.1"/ }])
  }
  await logged(({ err, msg }) => err?.message === 'no database' && msg === 'a snapshot failed; a gap is told in its place')
  await logged(({ err }) => err?.code === 'FST_ERR_SSE_INVALID_EVENT')
  await logged(({ err }) => err?.code === 'FST_ERR_SSE_SNAPSHOT_INVALID')
})
