import cookie from '@fastify/cookie'
import cors from '@fastify/cors'
import { build } from 'esbuild'
import type { FastifyInstance } from 'fastify'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { Channel } from '../../types/channel.js'
import { loadedApp } from '../helpers/app.js'
import { layCable } from '../helpers/cable.js'
import { launchChromium } from '../helpers/chromium.js'
import { Inbox } from '../helpers/inbox.js'
import { servePage } from '../clients/page.js'
import { job, ticks } from './streams.js'

// The client in a page of Chromium.

t.setTimeout(120_000)
const browser = await launchChromium(t)
const { outputFiles: [script] } = await build({
  entryPoints: ['lib/client/connect.ts'], bundle: true, format: 'esm', platform: 'browser', write: false
})

/** Tests where there is a browser; that there is none was said above. */
function test (name: string, run: (t: Test) => Promise<void>): void {
  if (browser !== undefined) t.test(name, run)
}

const RETRY_MS = 20

interface Served {
  app: FastifyInstance
  port: number
  url: string
  channel: Channel<typeof ticks.schemas>
  /** Publishes the next number. */
  publish: () => Promise<unknown>
}

async function serve (t: Test, port = 0): Promise<Served> {
  const { app } = await loadedApp(t, { retryMs: RETRY_MS, closeSpreadMs: 0, heartbeatMs: 50 })
  const channel = app.sse.channel('ticks', ticks, { history: { maxEvents: 1_000 } })
  servePage(app)
  app.get('/client.js', async (_request, reply) => await reply.type('text/javascript').send(script?.text))
  app.get('/worker.js', async (_request, reply) => await reply.type('text/javascript').send(`
    import { connect } from '/client.js'
    const [stream, events] = [connect('/job'), []]
    for await (const { event } of stream) events.push(event)
    postMessage([events, await stream.closed])
  `))
  app.get('/ticks', { schema: { response: { 200: ticks } } }, request => channel.subscribe(request))
  app.get('/job', { schema: { response: { 200: job } } }, async function * () {
    yield job.event.progress({ percent: 50 })
    yield job.event.done()
  })
  app.post<{ Body: string }>('/echo', async function * (request) { yield { data: request.body } })
  const url = await app.listen({ port, host: '127.0.0.1' })
  let n = 0
  return { app, channel, url, port: Number(new URL(url).port), publish: async () => await channel.publish(ticks.event.tick({ n: n++ })) }
}

/** A page with a stream, and what that tells. */
interface Opened { page: Page, events: Inbox<[event: string, data: unknown]>, states: Inbox<string> }

/** @param options the source of the options, in the page */
async function open (t: Test, pageUrl: string, url: string, options = '{}'): Promise<Opened> {
  const context = await (browser as Browser).newContext()
  t.teardown(async () => { await context.close() })
  const page = await context.newPage()
  const [events, states] = [new Inbox<[string, unknown]>(), new Inbox<string>()]
  await page.exposeFunction('tellEvent', (event: string, data: unknown) => { events.push([event, data]) })
  await page.exposeFunction('tellState', (state: string) => { states.push(state) })
  await page.goto(`${pageUrl}/page`)
  await page.evaluate(`import('/client.js').then(({ connect }) => {
    globalThis.stream = connect(${JSON.stringify(url)}, ${options})
    stream.onState(tellState)
    ;(async () => { for await (const { event, data } of stream) tellEvent(event, data) })().catch(error => tellEvent(error.code, String(error)))
    ;['online', 'offline', 'freeze', 'resume'].forEach(type => [document, globalThis].forEach(target => target.addEventListener(type, () => tellState(type))))
  })`)
  return { page, events, states }
}

/** The numbers that have come. */
function numbers ({ events }: Opened): number[] {
  return events.items.filter(([event]) => event === 'tick').map(([, data]) => (data as { n: number }).n)
}

async function opens ({ states }: Opened): Promise<void> {
  await states.until(items => items.includes('open'))
}

async function gets (opened: Opened, count: number): Promise<void> {
  await opened.events.until(() => numbers(opened).length >= count)
}

test('a page reads a stream by a relative URL to its end', async t => {
  const { url } = await serve(t)
  const { events, states, page } = await open(t, url, 'job')
  await states.until(items => items.includes('closed'))
  t.strictSame(events.items, [['progress', { percent: 50 }], ['done', null]])
  t.strictSame(states.items.slice(-2), ['open', 'closed'])
  t.equal(await page.evaluate('stream.closed'), 'complete')
})

test('a page posts', async t => {
  const { url } = await serve(t)
  const { events, states } = await open(t, url, '/echo', "{ method: 'POST', body: 'größe', text: ['message'] }")
  await states.until(items => items.includes('closed'))
  t.strictSame(events.items, [['message', 'größe']])
})

test('a worker reads a stream to its end', async t => {
  const { url } = await serve(t)
  const context = await (browser as Browser).newContext()
  t.teardown(async () => { await context.close() })
  const page = await context.newPage()
  await page.goto(`${url}/page`)
  t.strictSame(await page.evaluate(`new Promise(resolve => {
    new Worker('/worker.js', { type: 'module' }).onmessage = ({ data }) => { resolve(data) }
  })`), [['progress', 'done'], 'complete'])
})

test('a page is told of an option that is wrong, and of an answer that is no stream', async t => {
  const { url } = await serve(t)
  const { events, page } = await open(t, url, '/page')
  await events.until(({ length }) => length === 1)
  t.strictSame(events.items, [['FST_ERR_SSE_CLIENT_CONTENT_TYPE', 'EventStreamError: the answer is 200 text/html']])
  for (const [given, options] of [['http://a:b@c', {}], ['/', { method: 'GET IT' }], ['/', { body: 'x' }]]) {
    t.equal(await page.evaluate(`import('/client.js').then(({ connect }) => {
      try { connect(${JSON.stringify(given)}, ${JSON.stringify(options)}) } catch (error) { return error.code }
    })`), 'FST_ERR_SSE_CLIENT_OPTION')
  }
})

test('a page comes back to a server that was restarted', async t => {
  const first = await serve(t)
  const opened = await open(t, first.url, '/ticks')
  await opens(opened)
  await first.publish()
  await gets(opened, 1)
  const id = await opened.page.evaluate('stream.lastEventId')
  await first.app.close()
  await opened.states.until(items => items.filter(state => state === 'waiting').length >= 2)

  const second = await serve(t, first.port)
  await opened.events.until(items => items.some(([event]) => event === 'stream-gap'))
  await second.publish()
  await gets(opened, 2)
  t.strictSame(opened.events.items, [
    ['tick', { n: 0 }], ['stream-gap', { requested: id, earliest: (await second.channel.position()).replace(/\d+$/, '0') }], ['tick', { n: 0 }]
  ])
})

test('a page that was offline comes back when it is online, however long it would have waited, and misses nothing', async t => {
  const { url, port, publish } = await serve(t)
  const cable = await layCable(t, port)
  const opened = await open(t, url.replace(String(port), String(cable.port)), '/ticks', '{ headers: () => ({}) }')
  await opens(opened)
  await publish()
  await gets(opened, 1)

  await opened.page.context().setOffline(true)
  cable.cut()
  await opened.states.until(items => items.includes('offline') && items.includes('waiting'))
  // From now on no wait of its own ends, but for what the server asks for.
  await opened.page.evaluate(`{
    const { setTimeout } = globalThis
    globalThis.setTimeout = (call, ms) => ms <= ${RETRY_MS} ? setTimeout(call, ms) : tellState('sleeps')
  }`)
  await opened.states.until(items => items.includes('sleeps'))
  for (let n = 0; n < 3; n++) await publish()
  t.strictSame(numbers(opened), [0])
  await opened.page.context().setOffline(false)
  await gets(opened, 4)
  t.strictSame(numbers(opened), [0, 1, 2, 3])
})

test('a page whose network is silent finds out by itself', async t => {
  const { url, port, publish } = await serve(t)
  const cable = await layCable(t, port)
  const opened = await open(t, url.replace(String(port), String(cable.port)), '/ticks', '{ staleAfterMs: 500, maxRetryMs: 100 }')
  await opens(opened)
  await publish()
  await gets(opened, 1)
  cable.drop('all')
  await opened.states.until(items => items.includes('waiting'))
  t.match(await opened.page.evaluate('String(stream.lastError ?? "it tries already")'), /nothing came for 500 ms|it tries already/)
  await publish()
  cable.restore()
  await gets(opened, 2)
  t.strictSame(numbers(opened), [0, 1])
})

// Chromium does not freeze a page without a window. The debugger stops its scripts and its timers all the same; the event
// 'resume' is in waking.test.ts.
test('a page that stood still goes on, and misses nothing', async t => {
  const { url, publish } = await serve(t)
  const opened = await open(t, url, '/ticks', '{ staleAfterMs: 500, maxRetryMs: 0 }')
  await opens(opened)
  await publish()
  await gets(opened, 1)
  const devTools = await opened.page.context().newCDPSession(opened.page)
  await devTools.send('Debugger.enable')
  for (const [round, standsMs] of [50, 600].entries()) {
    const paused = new Promise(resolve => { devTools.once('Debugger.paused', resolve) })
    await devTools.send('Debugger.pause')
    await paused
    for (let n = 0; n < 5; n++) await publish()
    await new Promise(resolve => setTimeout(resolve, standsMs)) // time is what it is about
    t.equal(numbers(opened).length, 1 + 5 * round)
    await devTools.send('Debugger.resume')
    await gets(opened, 1 + 5 * (round + 1))
  }
  t.strictSame(numbers(opened), Array.from({ length: 11 }, (_, n) => n))
})

test('a page of another origin sends its cookies, and asks first whether it may send a Last-Event-ID', async t => {
  const page = await serve(t)
  const { app } = await loadedApp(t, { retryMs: 20, closeSpreadMs: 0 })
  await app.register(cookie)
  const seen: unknown[] = []
  app.addHook('onRequest', async ({ method, headers }) => {
    seen.push([method, headers.cookie, headers['last-event-id'], headers['access-control-request-headers']])
  })
  await app.register(cors, { origin: page.url, credentials: true, allowedHeaders: ['Last-Event-ID'], exposedHeaders: ['Retry-After'] })
  app.get('/login', async (_request, reply) => await reply.setCookie('user', 'Ann', { sameSite: 'lax', path: '/' }).type('text/html').send(''))
  app.get('/', async function * (_request, reply) {
    if (reply.sse.lastEventId === 'größe') reply.code(403).header('retry-after', '7').send('enough')
    else yield { data: 1, id: 'größe' }
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })

  const opened = await open(t, page.url, `${url}/`, `{ credentials: 'include', fetch: async (...asked) => {
    if (!globalThis.isIn) await fetch('${url}/login', { credentials: 'include' })
    globalThis.isIn = true
    return await fetch(...asked)
  } }`)
  await opened.events.until(({ length }) => length === 2)
  t.strictSame(opened.events.items, [['message', 1], ['FST_ERR_SSE_CLIENT_REFUSED', 'EventStreamError: the answer is 403 text/plain; charset=utf-8']])
  t.strictSame(await opened.page.evaluate("[stream.lastError.answer.body, stream.lastError.answer.headers.get('retry-after')]"), ['enough', '7'])
  t.strictSame(seen, [
    ['GET', undefined, undefined, undefined],
    ['GET', 'user=Ann', undefined, undefined],
    ['OPTIONS', undefined, undefined, 'last-event-id'],
    ['GET', 'user=Ann', Buffer.from('größe').toString('latin1'), undefined]
  ])
})
