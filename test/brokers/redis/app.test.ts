import { fileURLToPath } from 'node:url'
import { Type } from '@sinclair/typebox'
import fastify from 'fastify'
import { Redis } from 'ioredis'
import t from 'tap'
import { redisBroker } from '../../../lib/brokers/redis.js'
import sse, { eventStream } from '../../../lib/index.js'
import { certificate } from '../../helpers/certificate.js'
import { RawClient } from '../../helpers/raw-client.js'
import { freePort } from '../../helpers/server-process.js'
import { dataOf, EVERYTHING, note, readAll, SILENT } from '../conformance/harness.js'
import { client, redis } from './fixtures.js'

const notes = eventStream({ note: Type.String() })
const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))

t.test('event streams stay open while Redis is away, new ones open, and all go on when it is back', async t => {
  const server = await redis(t, { appendfsync: 'always' })
  if (server === undefined) return
  const app = fastify()
  t.teardown(async () => { await app.close() })
  await app.register(sse, { broker: redisBroker({ client: client(t, server.port, true) }), heartbeatMs: 100 })
  const channel = app.sse.channel('notes', notes)
  app.get('/notes', request => channel.subscribe(request))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }

  const before = new RawClient(t, port).request('/notes')
  await before.until(({ body }) => body.includes('stream-position'))
  await server.kill()
  const meanwhile = new RawClient(t, port).request('/notes')
  const heartbeats = (body: string): number => body.split('\n').filter(line => line === ':').length
  for (const client of [before, meanwhile]) {
    const count = heartbeats(client.body)
    await client.until(({ body }) => heartbeats(body) >= count + 3)
  }
  const published = channel.publish({ event: 'note', data: 'a' })
  await server.restart()
  await published
  await before.until(({ body }) => body.includes('data: "a"'))
  await meanwhile.until(({ body }) => body.includes('stream-position'))
  await channel.publish({ event: 'note', data: 'b' })
  for (const client of [before, meanwhile]) {
    await client.until(({ body }) => body.includes('data: "b"'))
    t.strictSame(client.body.split('\n').filter(line => line.startsWith('event: ') && line !== 'event: note'), ['event: stream-position'], 'and no gap')
  }
  t.strictSame(before.body.split('\n').filter(line => line.startsWith('data: ')), ['data: null', 'data: "a"', 'data: "b"'])
})

t.test('a server is reached by TLS, as the client of the user is', async t => {
  const port = await freePort()
  const cert = fixture('localhost-cert.pem')
  const server = await redis(t, {
    'tls-port': String(port), 'tls-cert-file': cert, 'tls-key-file': fixture('localhost-key.pem'), 'tls-ca-cert-file': cert, 'tls-auth-clients': 'no'
  })
  if (server === undefined) return
  const tls = { ca: certificate.cert, servername: 'localhost' }
  const secure = new Redis({ port, host: '127.0.0.1', tls, lazyConnect: true })
  const log = redisBroker({ client: secure }).open({ name: 'notes', retention: EVERYTHING, idempotencyWindowMs: 1, log: SILENT })
  t.teardown(async () => await log.close())
  await log.append(note('a'))
  t.strictSame(dataOf(await readAll(log)), ['a'])
})
