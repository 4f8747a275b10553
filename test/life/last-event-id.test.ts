import { Type } from '@sinclair/typebox'
import t from 'tap'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { prices } from './streams.js'

t.test('reply.sse.lastEventId', async t => {
  const { app, listen } = await loadedApp(t)
  const seen: unknown[] = []
  app.get('/', {
    // A schema that strips the parameter, as Fastify's validator does by default.
    schema: { querystring: Type.Object({}, { additionalProperties: false }), response: { 200: prices } }
  }, async function * (request, reply) {
    seen.push(reply.sse.lastEventId, reply.sse.lastEventId)
  })
  const read = async (request: object): Promise<unknown> => {
    seen.length = 0
    await app.inject({ url: '/', ...request })
    t.equal(seen[0], seen[1])
    return seen[0]
  }

  t.equal(await read({}), undefined)
  t.equal(await read({ headers: { 'last-event-id': 'a-7' } }), 'a-7')
  t.equal(await read({ query: { lastEventId: 'b 8' } }), 'b 8')
  t.equal(await read({ query: { lastEventId: 'b' }, headers: { 'last-event-id': 'a' } }), 'a')
  t.equal(await read({ headers: { 'last-event-id': 'x'.repeat(1025) } }), undefined)

  t.test('is read as UTF-8 where it came over a socket', async t => {
    seen.length = 0
    const client = new RawClient(t, (await listen()).port)
    client.request('/', { headers: ['Last-Event-ID: größe-☃', 'Connection: close'] })
    await client.until(({ ended }) => ended === 'end')
    t.equal(seen[0], 'größe-☃')
  })
})

t.test('reading it or the signal commits to nothing', async t => {
  const { app, logs } = await loadedApp(t)
  const aborted: unknown[] = []
  app.get('/', async (request, reply) => {
    const { lastEventId, signal } = reply.sse
    signal.addEventListener('abort', () => { aborted.push((signal.reason as Error).message) })
    reply.header('x-read', String(lastEventId))
    return { plain: true }
  })
  const { statusCode, headers, body } = await app.inject('/')
  t.equal(statusCode, 200)
  t.match(headers, { 'content-type': 'application/json; charset=utf-8', 'x-read': 'undefined' })
  t.equal(body, '{"plain":true}')
  t.strictSame(logs.filter(({ msg }) => msg === 'event stream closed'), [])
  t.strictSame(aborted, ['the event stream was closed: complete'])
})
