import t from 'tap'
import { loadedApp, type TestApp } from '../helpers/app.js'
import { done, job, prices, progress, START, ACME_FRAME, acme } from './streams.js'

const declared = { schema: { response: { 200: job } } }
const HALF = 'event: progress\ndata: {"percent":50}\n\n'

async function jobApp (t: Parameters<typeof loadedApp>[0]): Promise<TestApp & { runs: () => number }> {
  const testApp = await loadedApp(t)
  let runs = 0
  testApp.app.route({
    method: ['GET', 'POST'],
    url: '/',
    ...declared,
    handler: async function * () {
      runs++
      yield progress({ percent: 50 })
      yield done()
      yield progress({ percent: 100 })
    }
  })
  return { ...testApp, runs: () => runs }
}

t.test('a final event ends the stream for good', async t => {
  t.test('with the id on its own frame that keeps a browser away, and nothing after it', async t => {
    const { app, closed } = await jobApp(t)
    t.equal((await app.inject('/')).body, START + HALF + 'event: done\nid: stream-end\ndata: null\n\n')
    t.match(await closed(), { reason: 'complete', events: 2 })
  })

  t.test('without it where no browser comes back, since it was no GET', async t => {
    const { app } = await jobApp(t)
    t.equal((await app.inject({ url: '/', method: 'POST' })).body, START + HALF + 'event: done\ndata: null\n\n')
  })

  t.test('and the generator is asked to return', async t => {
    const { app } = await loadedApp(t)
    let cleanedUp = false
    app.get('/', declared, async function * () {
      try {
        yield done()
        t.fail('went on')
      } finally {
        cleanedUp = true
      }
    })
    await app.inject('/')
    t.ok(cleanedUp)
  })

  t.test("whatever id it has itself: on a GET the stream's wins", async t => {
    const { app } = await loadedApp(t)
    app.get('/', declared, async function * () { yield done(null, { id: 7 }) })
    t.equal((await app.inject('/')).body, START + 'event: done\nid: stream-end\ndata: null\n\n')
  })
})

t.test('who comes back with that id has seen everything', async t => {
  t.test('and gets 204, while nothing is run again', async t => {
    const { app, runs } = await jobApp(t)
    const { statusCode, headers, body } = await app.inject({ url: '/', headers: { 'last-event-id': 'stream-end' } })
    t.equal(statusCode, 204)
    t.equal(headers['cache-control'], 'no-store')
    t.equal(body, '')
    t.equal(runs(), 0)
  })

  for (const [what, request] of Object.entries({
    'not for another id': { headers: { 'last-event-id': 'stream-end-2' } },
    'not for the query parameter, which a page may carry along': { query: { lastEventId: 'stream-end' } },
    'not for a POST': { method: 'POST' as const, headers: { 'last-event-id': 'stream-end' } }
  })) {
    t.test(`but ${what}`, async t => {
      const { app, runs } = await jobApp(t)
      t.equal((await app.inject({ url: '/', ...request })).statusCode, 200)
      t.equal(runs(), 1)
    })
  }

  t.test('but not on a route that never gave it', async t => {
    const { app } = await loadedApp(t)
    app.get('/', { schema: { response: { 200: prices } } }, async function * () { yield acme })
    t.equal((await app.inject({ url: '/', headers: { 'last-event-id': 'stream-end' } })).statusCode, 200)
  })

  t.test('but not before every hook that may turn the client away', async t => {
    const { app } = await loadedApp(t)
    const preHandler = async (): Promise<never> => { throw Object.assign(new Error('who are you'), { statusCode: 401 }) }
    app.get('/', { ...declared, preHandler }, async function * () { yield done() })
    t.equal((await app.inject({ url: '/', headers: { 'last-event-id': 'stream-end' } })).statusCode, 401)
  })
})

t.test("onComplete: 'stop' says the same for a stream without final events", async t => {
  const { app } = await loadedApp(t)
  let runs = 0
  app.get('/', { sse: { onComplete: 'stop' } }, async function * () {
    runs++
    yield { data: 'all' }
  })
  t.equal((await app.inject('/')).body, START + 'data: all\n\nevent: stream-end\nid: stream-end\ndata: \n\n')
  t.equal((await app.inject({ url: '/', headers: { 'last-event-id': 'stream-end' } })).statusCode, 204)
  t.equal(runs, 1)
})

t.test('a generator that returns without either ends cleanly, and what a browser makes of that is told once per route', async t => {
  const { app, logs, closed } = await loadedApp(t)
  const handler = async function * (): AsyncGenerator<typeof acme> { yield acme }
  app.get('/a', handler)
  app.post('/b', handler)
  app.get('/c', { sse: { onComplete: 'reconnect' } }, handler)
  for (const url of ['/a', '/a', '/c']) t.equal((await app.inject(url)).body, START + ACME_FRAME)
  await app.inject({ url: '/b', method: 'POST' })
  t.match(await closed(3), { reason: 'complete' })
  t.strictSame(logs.filter(({ msg }) => msg.startsWith('an event stream has ended')).map(({ route }) => route), ['GET /a'])
})
