import { AsyncLocalStorage } from 'node:async_hooks'
import t from 'tap'
import { loadedApp } from '../helpers/app.js'
import { connect, eventsOf } from '../helpers/event-stream-client.js'
import { ticks } from './account.js'

const SUBSCRIBERS = 100
const EVENTS = 50

t.test('filters, and the code that iterates a subscription, run in the context of their own request, whoever publishes', async t => {
  const { app, listen } = await loadedApp(t)
  const storage = new AsyncLocalStorage<string>()
  const channel = app.sse.channel('ticks', ticks)
  const seen = new Map<string, Set<string | undefined>>()
  app.addHook('onRequest', (request, _reply, done) => { storage.run(request.url, done) })
  const look = (url: string): void => {
    const stores = seen.get(url) ?? new Set()
    seen.set(url, stores.add(storage.getStore()))
  }
  const filterOf = (url: string) => () => {
    look(url)
    return true
  }
  app.get('/returned/:n', { schema: { response: { 200: ticks } } }, request => channel.subscribe(request, { from: 'start', filter: filterOf(request.url) }))
  app.get('/iterated/:n', { schema: { response: { 200: ticks } } }, async function * (request) {
    try {
      for await (const event of channel.subscribe(request, { from: 'start', filter: filterOf(request.url) })) {
        look(request.url)
        yield event
      }
    } finally {
      look(request.url)
    }
  })
  app.get('/delegated/:n', { schema: { response: { 200: ticks } } }, async function * (request) {
    yield * channel.subscribe(request, { from: 'start', filter: filterOf(request.url) })
  })
  app.post('/publish', async () => await channel.publish({ event: 'tick', data: { channel: 0, offset: 1, pad: '' } }))
  const { url } = await listen()

  await app.inject({ method: 'POST', url: '/publish' })
  const kinds = ['returned', 'iterated', 'delegated']
  const streams = await Promise.all(Array.from({ length: SUBSCRIBERS }, async (_, n) => eventsOf(await connect(t, `${url}/${kinds[n % 3]}/${n}`))))
  const read = Promise.all(streams.map(async stream => {
    let left = EVENTS
    for await (const { event } of stream) if (event === 'tick' && --left === 0) break
  }))
  for (let n = 1; n < EVENTS; n++) {
    if (n % 2 === 0) await app.inject({ method: 'POST', url: '/publish' })
    else await storage.run('publisher', async () => await channel.publish({ event: 'tick', data: { channel: 0, offset: 1, pad: '' } }))
  }
  await read
  t.equal(seen.size, SUBSCRIBERS)
  for (const [request, stores] of seen) if (stores.size !== 1 || !stores.has(request)) t.same([...stores], [request])
})
