import t from 'tap'
import { Health } from '../../../lib/brokers/health.js'
import { RedisConnection } from '../../../lib/brokers/redis/connection.js'
import { layCable } from '../../helpers/cable.js'
import { eventually } from '../conformance/harness.js'
import { client, redis } from './fixtures.js'

t.test('many calls without an answer replace the connection once', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const cable = await layCable(t, server.port)
  let losses = 0
  const health = new Health('Redis')
  health.log = { warn: () => { losses++ }, info: () => {} } as never
  const connection = new RedisConnection(client(t, cable.port, true), health)
  t.teardown(() => { connection.close() })
  await connection.ready()
  t.equal(await connection.call(['PING'], 1_000), 'PONG')
  cable.drop('all')
  const calls = Array.from({ length: 30 }, async () => await connection.call(['PING'], 100))
  for (const outcome of await Promise.allSettled(calls)) t.match(outcome, { reason: { wasSent: true } })
  cable.restore() // which breaks what has connected meanwhile
  await eventually(async () => await connection.call(['PING'], 1_000).catch(() => undefined) === 'PONG', 'it is connected again')
  t.equal(losses, 1)
})

t.test('a call that is late when the connection is closed replaces nothing', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const connection = new RedisConnection(client(t, server.port, true), new Health('Redis'))
  await connection.ready()
  server.pause()
  const call = connection.call(['PING'], 100)
  connection.close()
  t.match(await call.catch((error: unknown) => error), { wasSent: true })
  server.resume()
  await connection.ready()
  t.match(await connection.call(['PING'], 100).catch((error: unknown) => error), { wasSent: false })
})
