import t from 'tap'
import { Health } from '../../../lib/brokers/health.js'
import { RedisConnection } from '../../../lib/brokers/redis/connection.js'
import { Server } from '../../../lib/brokers/redis/server.js'
import { Unreachable } from '../../../lib/brokers/redis/unreachable.js'
import { client, redis } from './fixtures.js'

const NO_CONNECTION = undefined as never

t.test('asks again while nobody answers, for as long as an answer may take', async t => {
  const server = new Server(NO_CONNECTION, 200)
  let asked = 0
  t.equal(await server.ask(async () => {
    if (++asked < 4) throw new Unreachable(false, undefined)
    return 'answer'
  }), 'answer')
  const failure = new Unreachable(true, undefined)
  const from = performance.now()
  await t.rejects(server.ask(async () => { throw failure }), failure)
  t.ok(performance.now() - from >= 199)
})

t.test('what was refused is not asked again', async t => {
  const refusal = new Error('OOM')
  let asked = 0
  await t.rejects(new Server(NO_CONNECTION, 200).ask(async () => {
    asked++
    throw refusal
  }), refusal)
  t.equal(asked, 1)
})

t.test('an interruption that does not arrive is no error', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const connection = new RedisConnection(client(t, server.port, true), new Health('Redis'))
  new Server(connection, 100).interrupt('wake', 1_000) // not connected yet
  await connection.ready()
  connection.close()
  await new Promise(resolve => setImmediate(resolve))
  t.pass('nothing is thrown')
})
