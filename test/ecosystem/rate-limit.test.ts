import rateLimit from '@fastify/rate-limit'
import t from 'tap'
import sse from '../../lib/index.js'
import { bareApp } from '../helpers/app.js'
import { count, counted, ticks } from './ticks.js'

t.test('a stream counts as one request, and one too many is refused before it starts', async t => {
  const { app } = bareApp(t)
  await app.register(rateLimit, { max: 2 })
  app.register(sse)
  let started = 0
  app.after(() => {
    app.get('/', { schema: { response: { 200: ticks } } }, async function * () {
      started++
      yield * count(3)
    })
  })

  for (const remaining of ['1', '0']) {
    const response = await app.inject('/')
    t.equal(response.headers['x-ratelimit-remaining'], remaining)
    t.equal(response.body, counted(3))
  }
  const refused = await app.inject('/')
  t.equal(refused.statusCode, 429)
  t.equal(refused.headers['content-type'], 'application/json; charset=utf-8')
  t.ok(refused.headers['retry-after'])
  t.equal(started, 2)
})

t.test('a limit in a preHandler hook comes before a 406, which it counts', async t => {
  const { app } = bareApp(t)
  await app.register(rateLimit, { max: 1, hook: 'preHandler' })
  app.register(sse)
  app.after(() => { app.get('/', { schema: { response: { 200: ticks } } }, () => count(1)) })

  const headers = { accept: 'application/json' }
  const first = await app.inject({ url: '/', headers })
  t.equal(first.statusCode, 406)
  t.equal(first.headers['x-ratelimit-remaining'], '0')
  const second = await app.inject({ url: '/', headers })
  t.equal(second.statusCode, 429)
})
