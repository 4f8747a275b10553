import { once } from 'node:events'
import { Type } from '@sinclair/typebox'
import type { Browser } from 'playwright-core'
import t, { type Test } from 'tap'
import { eventStream } from '../../lib/index.js'
import { launchChromium } from '../helpers/chromium.js'
import { testApp, type TestApp } from '../helpers/app.js'
import { Inbox } from '../helpers/inbox.js'
import { eventSourceKinds, type EventSourceKind, eventsOf, hasGivenUp } from './event-sources.js'
import { openPage, servePage } from './page.js'

// What EventSources do when their stream ends: come back with the last event ID, stay away after a final event, and
// come back after a stream that was cut.

const SOON = { retryMs: 10 }

/** Node's fetch may leave a connection without any request, for which a closing server would wait a minute. */
const SERVER = { forceCloseConnections: true }

t.setTimeout(180_000)
const browser = await launchChromium(t)

for (const kind of eventSourceKinds(browser)) {
  t.test(`${kind.name} comes back with the id of the last event`, async t => {
    await comesBackWithId(t, kind, ['7', 'a b,c="d"; e', '0', '~'.repeat(1000)])
  })
  if (kind.sendsUtf8) {
    t.test(`${kind.name} comes back with an id beyond ASCII`, async t => { await comesBackWithId(t, kind, ['größe', 'ключ', '鍵 🚀']) })
  }
  t.test(`${kind.name} starts with the id from its URL, until it has got another`, async t => { await startsWithIdOfUrl(t, kind) })
  t.test(`${kind.name} stays away after a final event, and the job runs once`, async t => { await staysAway(t, kind) })
  t.test(`${kind.name} stays away after the end where onComplete says so`, async t => { await staysAwayOnComplete(t, kind) })
  t.test(`${kind.name} comes back after a stream that was cut by an error`, async t => { await comesBackAfterCut(t, kind) })
}

for (const [where, read] of Object.entries({ 'Node.js': readHere, ...(browser !== undefined && { Chromium: readInBrowser }) })) {
  t.test(`fetch in ${where} does not take a stream that was cut by an error for complete`, async t => {
    const { app, listen } = testApp(t, {}, SERVER)
    servePage(app)
    app.get('/', async function * () {
      yield { data: 'one' }
      throw new Error('the source has failed')
    })
    app.get('/complete', async function * () { yield { data: 'one' } })
    const { url } = await listen()
    t.equal(await read(t, url, '/complete'), 'retry: 2000\ndata: one\n\n')
    t.match(await read(t, url, '/'), /^TypeError: (terminated|network error|Failed to fetch)$/)
  })
}

async function readHere (_t: Test, url: string, path: string): Promise<string> {
  return await fetch(url + path).then(async response => await response.text()).catch(String)
}

async function readInBrowser (t: Test, url: string, path: string): Promise<string> {
  const page = await openPage(t, browser as Browser, url)
  return await page.evaluate(`fetch(${JSON.stringify(path)}).then(response => response.text()).catch(String)`)
}

/** Each stream gives the next id and ends. */
async function comesBackWithId (t: Test, kind: EventSourceKind, ids: readonly string[]): Promise<void> {
  const test = testApp(t, SOON, SERVER)
  const seen = new Inbox<string | undefined>()
  test.app.get('/', async function * (_request, reply) {
    const id = ids[seen.items.length]
    seen.push(reply.sse.lastEventId)
    yield { data: 'a number', ...(id !== undefined && { id }) }
  })
  const source = await open(t, test, kind, '/', ['message'])
  await seen.until(items => items.length > ids.length)
  t.strictSame(seen.items.slice(0, ids.length + 1), [undefined, ...ids])
  await source.close()
}

async function startsWithIdOfUrl (t: Test, kind: EventSourceKind): Promise<void> {
  const test = testApp(t, SOON, SERVER)
  const seen = new Inbox<string | undefined>()
  test.app.get('/', async function * (_request, reply) {
    seen.push(reply.sse.lastEventId)
    // Without an id, the client still knows none.
    yield { data: 'a number', ...(seen.items.length === 2 && { id: 'newer' }) }
  })
  const source = await open(t, test, kind, `/?lastEventId=${encodeURIComponent('größe & 🚀')}`, ['message'])
  await seen.until(items => items.length >= 3)
  t.strictSame(seen.items.slice(0, 3), ['größe & 🚀', 'größe & 🚀', 'newer'])
  await source.close()
}

async function staysAway (t: Test, kind: EventSourceKind): Promise<void> {
  const job = eventStream({ progress: Type.Number(), done: Type.Object({ result: Type.Number() }) }, { final: ['done'] })
  const test = testApp(t, SOON, SERVER)
  const requests = requestsOf(test, '/job')
  let runs = 0
  test.app.get('/job', { schema: { response: { 200: job } } }, async function * () {
    runs++
    yield job.event.progress(50, { id: 'half' })
    yield job.event.done({ result: 42 })
  })
  const rounds = new Inbox<number>()
  test.app.get('/feed', async function * () {
    rounds.push(rounds.items.length)
    yield { data: 1 }
  })

  const source = await open(t, test, kind, '/job', ['progress', 'done'])
  await source.fired.until(hasGivenUp)
  // The next three rounds of another one, that goes on, would be time enough to come back.
  const { length } = rounds.items
  const other = await kind.open(t, test.app.listeningOrigin, '/feed', ['message'])
  await rounds.until(items => items.length >= length + 3)
  await other.close()

  t.strictSame(eventsOf(source), [['progress', '50', 'half'], ['done', '{"result":42}', 'stream-end']])
  t.strictSame(requests, [[undefined, 200], ['stream-end', 204]])
  t.equal(runs, 1)
}

async function staysAwayOnComplete (t: Test, kind: EventSourceKind): Promise<void> {
  const test = testApp(t, SOON, SERVER)
  const requests = requestsOf(test, '/list')
  test.app.get('/list', { config: { sse: { onComplete: 'stop' } } }, async function * () { yield { data: 1, id: 1 } })
  const source = await open(t, test, kind, '/list', ['message'])
  await source.fired.until(hasGivenUp)
  t.strictSame(eventsOf(source), [['message', '1', '1']])
  t.strictSame(requests, [[undefined, 200], ['stream-end', 204]])
}

async function comesBackAfterCut (t: Test, kind: EventSourceKind): Promise<void> {
  const test = testApp(t, SOON, SERVER)
  const seen = new Inbox<string | undefined>()
  test.app.get('/', async function * (_request, reply) {
    seen.push(reply.sse.lastEventId)
    yield { data: seen.items.length, id: seen.items.length }
    if (seen.items.length === 1) throw new Error('the source has failed')
    await once(reply.sse.signal, 'abort')
  })
  const source = await open(t, test, kind, '/', ['message'])
  await source.fired.until(() => eventsOf(source).length === 2)
  t.strictSame(seen.items, [undefined, '1'])
  t.strictSame(eventsOf(source), [['message', '1', '1'], ['message', '2', '2']])
  t.equal((await test.closed())['reason'], 'error')
  await source.close()
  t.equal((await test.closed(1))['reason'], 'client')
}

async function open (t: Test, { app, listen }: TestApp, kind: EventSourceKind, path: string, names: string[]): ReturnType<EventSourceKind['open']> {
  servePage(app)
  const { url } = await listen()
  return await kind.open(t, url, path, names)
}

/** The Last-Event-ID headers of a path's requests, and the statuses of their responses. */
function requestsOf ({ app }: TestApp, path: string): Array<[id: unknown, status: number]> {
  const requests: Array<[id: unknown, status: number]> = []
  app.addHook('onResponse', async (request, reply) => {
    if (request.url === path) requests.push([request.headers['last-event-id'], reply.statusCode])
  })
  return requests
}
