import fastifyRedis from '@fastify/redis'
import { Type } from '@sinclair/typebox'
import fastify, { type FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { createCluster, createSentinel } from 'redis'
import t, { type Test } from 'tap'
import { redisBroker, type RedisBrokerOptions } from '../../lib/brokers/redis.js'
import sse, { eventStream } from '../../lib/index.js'
import { dataOf, EVERYTHING, note, readAll, SILENT } from './conformance/harness.js'
import { isLost } from './conformance/reading.js'
import { client, open, redis } from './redis/fixtures.js'

const notes = eventStream({ note: Type.Object({ text: Type.String() }) })
const { note: noteEvent } = notes.event

t.test('a wrong option fails at once', async t => {
  const unconnected = client(t, 1, true)
  for (const [options, message] of [
    [undefined, "redisBroker() options should be an object, instead got 'undefined'"],
    [{}, "redisBroker() option client should be a client or cluster of ioredis, or a client of redis (npm install ioredis), instead got 'undefined'"],
    [{ client: undefined }, "redisBroker() option client should be a client or cluster of ioredis, or a client of redis (npm install ioredis), instead got 'undefined'"],
    [{ client: 'redis://:secret@localhost' }, "redisBroker() option client should be a client or cluster of ioredis, or a client of redis (npm install ioredis), instead got 'string'"],
    [{ client: createCluster({ rootNodes: [{ url: 'redis://localhost:1' }] }) }, "redisBroker() option client should be a client or cluster of ioredis, or a client of redis (npm install ioredis), instead got 'Class'"],
    [{ client: createSentinel({ name: 'x', sentinelRootNodes: [{ host: 'localhost', port: 1 }] }) }, "redisBroker() option client should be a client or cluster of ioredis, or a client of redis (npm install ioredis), instead got 'Class'"],
    [{ client: unconnected, prefix: '{a}' }, "redisBroker() option prefix should be a string without braces, instead got '{a}'"],
    [{ client: { duplicate () {} } }, "redisBroker() option client should be a client or cluster of ioredis, or a client of redis (npm install ioredis), instead got 'Object'"],
    [{ client: unconnected, prefix: 1 }, "redisBroker() option prefix should be a string without braces, instead got '1'"],
    [{ client: unconnected, shards: 0 }, "redisBroker() option shards should be a whole number above 0, instead got '0'"],
    [{ client: unconnected, shards: 1.5 }, "redisBroker() option shards should be a whole number from 0 to 2147483647, instead got '1.5'"],
    [{ client: unconnected, timeoutMs: Infinity }, "redisBroker() option timeoutMs should be a whole number from 1 to 300000, instead got 'Infinity'"],
    [{ client: unconnected, maxPendingBytes: -1 }, "redisBroker() option maxPendingBytes should be a number above 0, or Infinity, instead got '-1'"],
    [{ client: unconnected, url: 'x' }, "redisBroker() option url should be one of client, prefix, shards, timeoutMs, maxPendingBytes, instead got 'url'"]
  ] as Array<[RedisBrokerOptions, string]>) {
    t.throws(() => redisBroker(options), { code: 'FST_ERR_SSE_OPTION_INVALID', message })
  }
  redisBroker({ client: unconnected, prefix: undefined as never })
})

t.test('brokers with other prefixes have nothing in common, and keys begin with what was asked for', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const { log } = open(t, server.port)
  const { log: other } = open(t, server.port, {}, { prefix: 'other' })
  await log.append(note('a'), 'key')
  await other.append(note('b'), 'key')
  t.strictSame(dataOf(await readAll(other)), ['b'])
  const keys = await client(t, server.port).keys('*')
  t.ok(keys.every(key => /^(sse|other):\{\1:0\}:history:(facts|stream|marks|sent|used):5:notes/.test(key)), keys.join())
})

t.test('an app gets what another one publishes, with the client of @fastify/redis', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const [first, second] = [await appWith(t, server.port), await appWith(t, server.port)]
  const abort = new AbortController()
  const subscription = second.subscribe({ signal: abort.signal, lastEventId: await second.position() })
  const received = (async () => {
    const texts: string[] = []
    for await (const { event, data } of subscription) {
      if (event === 'note') texts.push((data as { text: string }).text)
      if (texts.length === 3) return texts
    }
    return texts
  })()
  await first.publish(noteEvent({ text: 'a' }))
  await second.publish(noteEvent({ text: 'b' }))
  await first.publish(noteEvent({ text: 'c' }))
  t.strictSame(await received, ['a', 'b', 'c'])
  abort.abort()
})

t.test('an app closes its connections, and leaves the client of the user', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const own = new Redis({ port: server.port, host: '127.0.0.1' })
  t.teardown(() => { own.disconnect() })
  const app = fastify()
  await app.register(sse, { broker: redisBroker({ client: own }) })
  await app.sse.channel('notes', notes).publish(noteEvent({ text: 'a' }))
  await app.close()
  t.equal(await own.ping(), 'PONG')
  t.equal(String(await own.call('CLIENT', 'LIST')).trim().split('\n').length, 1)
})

t.test('a broker whose logs were all closed can be used again, and the latest of a name are not its history', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const { log, broker, said } = open(t, server.port)
  const position = await log.append(note('a'))
  await log.close()
  const options = { name: 'notes', idempotencyWindowMs: 1, log: SILENT }
  const again = broker.open({ ...options, retention: EVERYTHING })
  t.strictSame(await again.head(), position)
  await again.close()
  const latest = broker.open({ ...options, retention: { latest: true, maxKeys: 1 } })
  await isLost(t, latest, position)
  await latest.close()
  t.strictSame(said, [], 'that it has left is not news')
})

async function appWith (t: Test, port: number) {
  const app: FastifyInstance = fastify()
  await app.register(fastifyRedis, { host: '127.0.0.1', port })
  await app.register(sse, { broker: redisBroker({ client: app.redis }) })
  t.teardown(async () => { await app.close() })
  return app.sse.channel('notes', notes)
}
