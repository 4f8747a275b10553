import { getEventListeners } from 'node:events'
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { Inbox } from '../helpers/inbox.js'
import { streaming } from './answers.js'
import { open, statesOf } from './server.js'

// What a page hears when it wakes, in mocked time and with a mocked page. Chromium's own are in browser.test.ts.

t.beforeEach(() => { mock.timers.enable({ apis: ['setTimeout', 'Date'] }) })
t.afterEach(async () => {
  await new Promise(setImmediate) // what was closed clears its timers
  mock.timers.reset()
})

interface Page {
  readonly window: EventTarget
  readonly document: EventTarget & { visibilityState: string }
  /** How many listen. */
  readonly listeners: () => number
}

/** Makes this process look like a page. */
function pretend (t: Test): Page {
  const window = new EventTarget()
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  Object.assign(globalThis, { document, addEventListener: window.addEventListener.bind(window) })
  t.teardown(() => {
    Reflect.deleteProperty(globalThis, 'document')
    Reflect.deleteProperty(globalThis, 'addEventListener')
  })
  const listeners = (): number => [window, document]
    .flatMap(target => ['online', 'pageshow', 'resume', 'visibilitychange'].map(type => getEventListeners(target, type).length))
    .reduce((sum, count) => sum + count)
  return { window, document, listeners }
}

const WAKES: Array<[name: string, target: 'window' | 'document', visibilityState: string, ends: boolean]> = [
  ['online', 'window', 'visible', true],
  ['online', 'window', 'hidden', true],
  ['pageshow', 'window', 'visible', true],
  ['resume', 'document', 'hidden', true],
  ['visibilitychange', 'document', 'visible', false],
  ['offline', 'window', 'visible', false]
]

for (const [type, target, visibilityState, ends] of WAKES) {
  t.test(`'${type}' on the ${target}, when it is ${visibilityState}, ${ends ? 'ends' : 'does not end'} a wait`, async t => {
    const page = pretend(t)
    const asked = new Inbox<number>()
    const fetch = async (): Promise<Response> => {
      asked.push(1)
      throw new TypeError('offline')
    }
    t.intercept(Math, 'random', { value: () => 0.5 })
    const stream = open(t, 'http://127.0.0.1', { fetch, retryMs: 0, maxRetryMs: 30_000 })
    await statesOf(stream).until(items => items.includes('waiting'))
    await new Promise(setImmediate)
    page.document.visibilityState = visibilityState
    mock.timers.tick(1)
    page[target].dispatchEvent(new Event(type))
    await new Promise(setImmediate)
    t.equal(asked.items.length, ends ? 2 : 1)

    t.ok(page.listeners() > 0)
    stream.close()
    t.equal(page.listeners(), 0, 'nobody listens any more')
  })
}

t.test('a page that wakes waits for as long as the server has asked for, and no longer', async t => {
  const page = pretend(t)
  const asked = new Inbox<number>()
  const fetch = async (): Promise<Response> => {
    asked.push(1)
    return new Response(null, { status: 503, headers: { 'retry-after': '60' } })
  }
  t.intercept(Math, 'random', { value: () => 0.5 })
  const stream = open(t, 'http://127.0.0.1', { fetch })
  await statesOf(stream).until(items => items.includes('waiting'))
  await new Promise(setImmediate)
  for (let n = 0; n < 20; n++) {
    mock.timers.tick(1_000)
    page.window.dispatchEvent(new Event('online'))
    await new Promise(setImmediate)
  }
  mock.timers.tick(39_999)
  await new Promise(setImmediate)
  t.equal(asked.items.length, 1)
  mock.timers.tick(1)
  await asked.until(({ length }) => length === 2)
})

t.test('a page that wakes ends a connection that was silent for too long by the clock, though the timer stood still', async t => {
  const page = pretend(t)
  const stream = open(t, 'http://127.0.0.1', { fetch: async () => streaming([], 'stays open'), staleAfterMs: 45_000, retryMs: 60_000 })
  const states = statesOf(stream)
  await states.until(items => items.includes('open'))
  await new Promise(setImmediate)
  const nowMs = Date.now()

  t.intercept(Date, 'now', { value: () => nowMs + 45_000 })
  page.window.dispatchEvent(new Event('pageshow'))
  await new Promise(setImmediate)
  t.equal(stream.state, 'open', 'not yet')

  t.intercept(Date, 'now', { value: () => nowMs + 45_001 })
  page.document.dispatchEvent(new Event('resume'))
  await new Promise(setImmediate)
  t.equal(stream.state, 'waiting')
})

t.test('a page that wakes in time, or while its consumer is busy, disturbs nobody', async t => {
  const page = pretend(t)
  const stream = open(t, 'http://127.0.0.1', { fetch: async () => streaming(['data: 1\n\n'], 'stays open') })
  await statesOf(stream).until(items => items.includes('open'))
  await new Promise(setImmediate)
  page.window.dispatchEvent(new Event('online'))
  const iterator = stream[Symbol.asyncIterator]()
  t.equal((await iterator.next()).value.data, 1)
  page.window.dispatchEvent(new Event('online'))
  const next = iterator.next()
  await new Promise(setImmediate)
  page.window.dispatchEvent(new Event('online'))
  await new Promise(setImmediate)
  t.equal(stream.state, 'open')
  stream.close()
  t.equal((await next).done, true)
})
