import { Type } from '@sinclair/typebox'
import cors from '@fastify/cors'
import t from 'tap'
import sse from '../../lib/index.js'
import { bareApp } from '../helpers/app.js'
import { count, counted, job, ticks } from './ticks.js'

const origin = 'https://app.example'

t.test('a stream carries the headers of @fastify/cors', async t => {
  const { app } = bareApp(t)
  app.register(cors, { origin, credentials: true, exposedHeaders: ['x-request-id'] })
  app.register(sse)
  app.after(() => { app.get('/', { schema: { response: { 200: ticks } } }, () => count(2)) })

  const response = await app.inject({ url: '/', headers: { origin } })
  t.equal(response.statusCode, 200)
  t.match(response.headers, {
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'x-request-id',
    'content-type': 'text/event-stream'
  })
  t.equal(response.body, counted(2))
})

t.test('so do a 406 and the 204 of a completed stream, or a page of another origin could not read them', async t => {
  const { app } = bareApp(t)
  app.register(cors, { origin })
  app.register(sse)
  app.after(() => { app.get('/', { schema: { response: { 200: job } } }, async function * () { yield job.event.done() }) })

  const refused = await app.inject({ url: '/', headers: { origin, accept: 'application/json' } })
  t.equal(refused.statusCode, 406)
  t.equal(refused.headers['access-control-allow-origin'], origin)

  const completed = await app.inject({ url: '/', headers: { origin, 'last-event-id': 'stream-end' } })
  t.equal(completed.statusCode, 204)
  t.equal(completed.headers['access-control-allow-origin'], origin)
  t.equal(completed.headers['cache-control'], 'no-store')
})

t.test('a preflight request is answered by @fastify/cors', async t => {
  const { app } = bareApp(t)
  app.register(cors, { origin, methods: ['GET', 'POST'] })
  app.register(sse)
  app.after(() => {
    app.post('/', { schema: { response: { 200: ticks } } }, () => { t.fail('the handler does not run') })
  })

  const response = await app.inject({
    method: 'OPTIONS',
    url: '/',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'last-event-id' }
  })
  t.equal(response.statusCode, 204)
  t.match(response.headers, {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'last-event-id'
  })
})

t.test('the origin stays in Vary when the route adds Accept', async t => {
  for (const order of ['cors first', 'cors last']) {
    const { app } = bareApp(t)
    if (order === 'cors first') app.register(cors, { origin: [origin, 'https://other.example'] })
    app.register(sse)
    if (order === 'cors last') app.register(cors, { origin: [origin, 'https://other.example'] })
    const content = {
      'application/json': { schema: Type.Object({ n: Type.Integer() }) },
      'text/event-stream': { schema: ticks }
    }
    app.after(() => {
      app.get('/', { schema: { response: { 200: { content } } } }, request =>
        request.prefersEventStream ? count(1) : { n: 1 })
    })

    const stream = await app.inject({ url: '/', headers: { origin, accept: 'text/event-stream' } })
    t.equal(stream.headers.vary, 'Origin, Accept', order)
    t.equal(stream.body, counted(1), order)
    const json = await app.inject({ url: '/', headers: { origin, accept: 'application/json' } })
    t.equal(json.headers.vary, 'Origin, Accept', order)
    t.strictSame(json.json(), { n: 1 }, order)
  }
})
