import underPressure from '@fastify/under-pressure'
import t from 'tap'
import sse from '../../lib/index.js'
import { bareApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { eventsOf } from '../helpers/event-stream-client.js'
import { count, counted, tick, ticks } from './ticks.js'

t.test('a server under pressure refuses new streams and goes on with those it has', async t => {
  const { app, listen } = bareApp(t)
  let healthy = true
  let checked = deferred()
  app.register(underPressure, {
    healthCheck: async () => {
      checked.resolve()
      return healthy
    },
    healthCheckInterval: 5,
    retryAfter: 30
  })
  app.register(sse)
  const overload = deferred()
  let started = 0
  app.after(() => {
    app.get('/', { schema: { response: { 200: ticks } } }, async function * () {
      started++
      yield tick({ n: 1 })
      await overload.promise
      yield tick({ n: 2 })
    })
  })
  const { url } = await listen()

  const open = await fetch(url)
  t.equal(open.status, 200)
  const events = eventsOf(open.body)
  t.strictSame((await events.next()).value, { event: 'tick', id: undefined, data: '{"n":1}' })

  healthy = false
  // By the time of the second check from now, the first has taken effect.
  for (let checks = 0; checks < 2; checks++) {
    checked = deferred()
    await checked.promise
  }
  const refused = await fetch(url)
  t.equal(refused.status, 503)
  t.equal(refused.headers.get('retry-after'), '30')
  t.match(await refused.json(), { code: 'FST_UNDER_PRESSURE' })
  t.equal(started, 1)

  overload.resolve()
  t.strictSame((await events.next()).value, { event: 'tick', id: undefined, data: '{"n":2}' })
  t.equal((await events.next()).done, true)
})

t.test('the status route of @fastify/under-pressure stays JSON', async t => {
  const { app } = bareApp(t)
  app.register(sse)
  app.register(underPressure, { maxEventLoopDelay: 10_000, exposeStatusRoute: '/alive' })
  app.after(() => { app.get('/', { schema: { response: { 200: ticks } } }, () => count(1)) })
  t.strictSame((await app.inject('/alive')).json(), { status: 'ok' })
  t.equal((await app.inject('/')).body, counted(1))
})
