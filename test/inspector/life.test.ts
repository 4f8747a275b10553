import { mock } from 'node:test'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import sse from '../../lib/index.js'
import { inspector } from '../../lib/inspector/inspector.js'
import { type Client, open, opened } from '../channels/clients.js'
import { count } from '../channels/streams.js'
import { loadedApp } from '../helpers/app.js'
import { forRouter } from '../helpers/fastify-features.js'
import { everybody, inspected, type Now, PREFIX } from './setting.js'

/** What the page was told last. */
function nowOf (page: Client): Now | undefined {
  const event = page.items.filter(({ event }) => event === 'now').at(-1)
  return event && JSON.parse(event.data) as Now
}

async function told (page: Client, isIt: (now: Now) => boolean): Promise<Now> {
  await page.until(() => {
    const now = nowOf(page)
    return now !== undefined && isIt(now)
  })
  return nowOf(page) as Now
}

const watch = async (t: Test, url: string, order = 'oldest'): Promise<Client> => await open(t, `${url}${PREFIX}/events?order=${order}`)

t.test('a page is told what there is, with its clients, and then once a second', async t => {
  const { channel, listen } = await inspected(t, undefined, {}, { trustProxy: true })
  const { url } = await listen()
  const begun = await channel.position()
  await channel.publish(count(1))
  const client = await opened(t, `${url}/counts/ann?token=secret`, { 'user-agent': 'a browser', 'x-forwarded-for': '192.0.2.7', 'last-event-id': begun })
  const page = await watch(t, url)
  const first = await told(page, ({ streams }) => streams.total === 1)
  t.strictSame(page.items.map(({ event }) => event), ['server', 'history', 'now'])
  t.match(JSON.parse(page.items[0]?.data ?? ''), { pid: process.pid, node: process.version, isOpen: true, page: /^[\w-]{16}$/ })
  t.strictSame(JSON.parse(page.items[1]?.data ?? ''), [])
  t.match(first.streams.rows, [{
    route: 'GET /counts/:name',
    events: 1,
    gaps: 0,
    isResumed: true,
    queuedBytes: 0,
    eventsPerSecond: null,
    client: { path: '/counts/ann', address: '192.0.2.7', userAgent: 'a browser', resumedFrom: begun }
  }])
  t.match(first.channels, { total: 1, rows: [{ channel: 'counts', subscribers: 1, published: 1, topics: [], keeps: 'newest 1,000 events, 8 MiB' }] })
  t.notOk(JSON.stringify(page.items).includes('secret'))

  await channel.publish(count(2))
  const now = await told(page, ({ sample }) => (sample?.eventsPerSecond ?? 0) > 0)
  t.ok((now.streams.rows[0]?.eventsPerSecond ?? 0) > 0 && (now.sample?.bytesPerSecond ?? 0) > 0 && now.sample?.streams === 1)
  t.equal(nowOf(page)?.channels.rows[0]?.publishedPerSecond, now.sample?.eventsPerSecond)
  client.leave()
  t.match((await told(page, ({ streams }) => streams.total === 0)).streams, { total: 0, rows: [] })
  const other = await watch(t, url)
  await told(other, () => true)
  t.ok((JSON.parse(other.items[1]?.data ?? '') as object[]).length >= 2, 'who comes later is told what was seen before')
})

t.test('its own streams are not among those shown, but are counted in the metrics', async t => {
  const { app, listen } = await inspected(t)
  const { url } = await listen()
  const page = await watch(t, url)
  await opened(t, `${url}${PREFIX}/tail?channel=counts`)
  const now = await told(page, ({ channels }) => channels.rows[0]?.subscribers === 1)
  t.equal(now.streams.total, 0)
  t.equal(app.sse.streams().length, 2)
  const open = app.sse.metrics().routes.filter(({ open }) => open === 1).map(({ route }) => route)
  t.strictSame(open, [`GET ${PREFIX}/events`, `GET ${PREFIX}/tail`])
})

t.test('a page may choose the order, and what is no order is the usual one', async t => {
  const { listen } = await inspected(t)
  const { url } = await listen()
  for (const name of ['a', 'b']) await open(t, `${url}/counts/${name}`)
  const first = async (order: string): Promise<string | undefined> => {
    const page = await watch(t, url, order)
    const { streams } = await told(page, ({ streams }) => streams.total === 2)
    page.leave()
    return streams.rows[0]?.client?.path
  }
  t.equal(await first('oldest'), '/counts/a')
  t.equal(await first('newest'), '/counts/b')
  t.equal(await first('constructor'), '/counts/a')
})

t.test('a querystring parser of the app may make nothing of it', async t => {
  const { app } = await inspected(t, undefined, {}, forRouter({ querystringParser: () => null as never }))
  t.equal((await app.inject(`${PREFIX}/tail?channel=counts`)).statusCode, 404)
})

t.test('when the last page has gone no timer runs, and no generator', async t => {
  const { app, listen, closed } = await inspected(t)
  const { url } = await listen()
  const spy = mock.method(globalThis, 'setInterval')
  t.teardown(() => { mock.restoreAll() })
  // Those of a second are the inspector's, and the plugin's own, which watches streams while there are any.
  const running = (): number => spy.mock.calls.filter(({ arguments: [, ms], result }) => ms === 1_000 && (result as { _destroyed?: boolean } | undefined)?._destroyed !== true).length
  t.equal(running(), 0)
  const pages = [await watch(t, url), await watch(t, url)]
  for (const page of pages) await told(page, () => true)
  t.equal(running(), 2)
  for (const [n, page] of pages.entries()) {
    page.leave()
    t.match(await closed(n), { route: `GET ${PREFIX}/events`, reason: 'client' })
  }
  while (running() > 0 || app.sse.metrics().unfinishedSources > 0) await new Promise(setImmediate)
})

t.test('a server that closes is not held up, and pages are told to come back', async t => {
  const { app, listen } = await inspected(t)
  const { url } = await listen()
  const page = await watch(t, url)
  const tailed = await opened(t, `${url}${PREFIX}/tail?channel=counts`)
  await told(page, () => true)
  const begunAtMs = performance.now()
  await app.close()
  t.ok(performance.now() - begunAtMs < 3_000, 'which is less than it would wait for streams')
  t.equal(await page.ended, 'whole')
  t.equal(await tailed.ended, 'whole')
})

t.test('it may be below a prefix of others, and a proxy may take off what is before', async t => {
  const { app } = await loadedApp(t, {}, { rewriteUrl: ({ url = '' }) => url.replace(/^\/behind/, '') })
  await app.register(async scope => { await scope.register(inspector, { prefix: PREFIX, authorize: everybody }) }, { prefix: '/admin' })
  for (const [path, location] of [['/admin/_sse', './_sse/'], ['/admin/_sse?x=1', './_sse/'], ['/behind/admin/_sse', './_sse/']] as const) {
    const { statusCode, headers } = await app.inject(path)
    t.strictSame([statusCode, headers.location], [307, location])
  }
  for (const path of ['/admin/_sse/', '/behind/admin/_sse/?x=1']) t.match((await app.inject(path)).body, /^<!doctype html>/)
  for (const [file, type] of [['inspector.js', 'text/javascript; charset=utf-8'], ['inspector.css', 'text/css; charset=utf-8'], ['inspector.svg', 'image/svg+xml']] as const) {
    const { statusCode, headers } = await app.inject(`/admin/_sse/${file}`)
    t.strictSame([statusCode, headers['content-type']], [200, type])
  }
})

t.test('an app that ignores slashes, and one with schemas of another library, have it as well', async t => {
  const app = Fastify(forRouter({ ignoreTrailingSlash: true }))
  t.teardown(async () => { await app.close() })
  app.setValidatorCompiler(() => { throw new Error('no schema of mine') })
  app.setSerializerCompiler(() => { throw new Error('no schema of mine') })
  app.register(sse)
  app.register(inspector, { prefix: PREFIX, authorize: everybody })
  await app.ready()
  t.equal((await app.inject(PREFIX)).statusCode, 307)
  t.equal((await app.inject(`${PREFIX}/`)).statusCode, 200)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  await told(await watch(t, `http://127.0.0.1:${port}`), ({ streams }) => streams.total === 0)
})
