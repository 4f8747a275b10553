import t from 'tap'
import type { Log, Position } from '../../../types/broker.js'
import { layCable } from '../../helpers/cable.js'
import { appendAll, dataOf, EVERYTHING, eventually, note, numbered, readAll } from '../conformance/harness.js'
import { Recorder } from '../conformance/recorder.js'
import { client, open, redis } from './fixtures.js'

const UNAVAILABLE = { code: 'FST_ERR_SSE_BROKER_UNAVAILABLE', statusCode: 503 }
const UNCERTAIN = { code: 'FST_ERR_SSE_PUBLISH_UNCERTAIN', statusCode: 503 }
/** What has an answer is on the disk: by default, Redis may lose what it has answered a second ago. */
const SAFE = { appendfsync: 'always' }
const WARN = 40
const INFO = 30

t.test('what is published while the server is away is stored when it is back, in order', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  const { log } = open(t, server.port)
  const recorder = new Recorder(log)
  await recorder.begun()
  await log.append(note('before'))
  await server.kill()
  const waiting = appendAll(log, numbered(300)) // more than a batch
  const heads = [log.head(), log.read(undefined, 10)]
  await server.restart()
  const positions = await waiting
  await Promise.all(heads)
  t.strictSame(dataOf(await readAll(log)), ['before', ...numbered(300)])
  await recorder.reached(positions.at(-1) as Position)
  t.strictSame(recorder.problems, [])
})

t.test('nothing waits longer than timeoutMs', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  const { log, said } = open(t, server.port, {}, { timeoutMs: 1_000 })
  await log.append(note('before'))
  await server.kill()
  await eventually(async () => said.length > 0, 'the broker knows')
  const from = performance.now()
  await Promise.all([
    t.rejects(log.append(note('a')), UNAVAILABLE),
    t.rejects(log.head(), UNAVAILABLE),
    t.rejects(log.read(undefined, 1), UNAVAILABLE)
  ])
  t.ok(performance.now() - from >= 999)
  await server.restart()
  await eventually(async () => said.length > 1, 'the broker is back')
  t.ok((await log.append(note('after'))).offset > 0)
  t.strictSame(dataOf(await readAll(log)), ['before', 'after'], 'what was given up is not stored later')
})

t.test('nobody knows of an event whose answer does not come, and a connection that gives none is replaced', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  const cable = await layCable(t, server.port)
  const { log } = open(t, cable.port, {}, { timeoutMs: 1_000 })
  await log.append(note('before'))
  cable.drop('all')
  await t.rejects(log.append(note('dropped'), 'key'), UNCERTAIN)
  cable.restore()
  await appendSurely(log, 'dropped', 'key')
  t.strictSame(dataOf(await readAll(log)), ['before', 'dropped'])
})

t.test('a server that is paused has what was sent to it, once', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  const { log } = open(t, server.port, {}, { timeoutMs: 1_000 })
  await log.append(note('before'))
  server.pause()
  await t.rejects(log.append(note('paused'), 'key'), UNCERTAIN)
  server.resume()
  await appendSurely(log, 'paused', 'key')
  t.strictSame(dataOf(await readAll(log)), ['before', 'paused'])
})

t.test('an event whose answer was cut off is stored once', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  const cable = await layCable(t, server.port)
  const { log } = open(t, cable.port)
  const admin = client(t, server.port)
  for (let round = 0; round < 5; round++) {
    await log.append(note(`before ${round}`))
    server.pause() // so that it is sent, and not answered yet
    const appended = appendAll(log, numbered(3, `round ${round}`))
    await new Promise(resolve => setImmediate(resolve))
    await new Promise(resolve => setImmediate(resolve))
    cable.cut()
    server.resume()
    await appended
    t.equal(await admin.ping(), 'PONG')
  }
  t.strictSame(dataOf(await readAll(log)), [0, 1, 2, 3, 4].flatMap(round => [`before ${round}`, ...numbered(3, `round ${round}`)]))
})

t.test('more than maxPendingBytes does not wait', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  const { log } = open(t, server.port, {}, { maxPendingBytes: 100 })
  await log.append(note('x'.repeat(200)))
  const waiting = [log.append(note('x'.repeat(60))), log.append(note('x'.repeat(40)))]
  await t.rejects(log.append(note('x')), { code: 'FST_ERR_SSE_BROKER_OVERLOADED', statusCode: 503, message: /'notes' has more than 100 bytes/ })
  await Promise.all(waiting)
  await log.append(note('y'.repeat(100)))
})

t.test('what a server refuses is said, with the cause', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  const admin = client(t, server.port)
  const { log } = open(t, server.port)
  await log.append(note('before'))
  const [facts] = await admin.keys('*:facts:*') as [string]
  await admin.set(facts, 'something else')
  const failed = { code: 'FST_ERR_SSE_BROKER_FAILED', message: /^the broker refuses what the channel 'notes' asks of it: .*WRONGTYPE/, cause: Error }
  await t.rejects(log.append(note('a')), failed)
  await t.rejects(log.head(), failed)
  await t.rejects(log.read(undefined, 1), failed)
  const recorder = new Recorder(log)
  await admin.del(facts)
  await recorder.begun()
  await recorder.reached(await log.append(note('b')))
  t.strictSame(dataOf(recorder.records), ['b'])
})

t.test('who follows while the server is away goes on when it is back, and who leaves meanwhile does not', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  const { log } = open(t, server.port)
  const { log: other } = open(t, server.port, { name: 'other' })
  const stays = new Recorder(log)
  const leaves = new Recorder(log)
  await Promise.all([stays.begun(), leaves.begun()])
  await server.kill()
  const late = new Recorder(log)
  const elsewhere = new Recorder(other)
  leaves.stop()
  await server.restart()
  const position = await log.append(note('a'))
  await other.append(note('b'))
  for (const recorder of [stays, late]) {
    await recorder.reached(position)
    const { epoch, offset } = recorder.begins.at(-1) as Position // it may begin after it, and leave it to the history
    t.equal(epoch, position.epoch)
    t.strictSame(dataOf(recorder.records), offset < position.offset ? ['a'] : [])
  }
  t.strictSame(leaves.records, [])
  await elsewhere.begun()
  t.strictSame([stays, leaves, late, elsewhere].flatMap(({ problems }) => problems), [])
})

t.test('the log says once that the server is away, and once that it is back', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  const { log, said } = open(t, server.port)
  const recorder = new Recorder(log)
  await recorder.begun()
  t.strictSame(said, [])
  for (let round = 1; round <= 2; round++) {
    await server.kill()
    const appended = log.append(note('a'))
    await new Promise(resolve => setTimeout(resolve, 300)) // for several tries
    await server.restart()
    await recorder.reached(await appended)
    await eventually(async () => said.length === 2 * round, 'both are said')
  }
  t.strictSame(said.map(({ level }) => level), [WARN, INFO, WARN, INFO])
  t.match(said[0]?.msg, /^Redis is not available; /)
  t.match(said[1]?.msg, /^Redis is available again; /)
})

t.test('a log can be closed while the server is away', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  const { log, said } = open(t, server.port, {}, { timeoutMs: 1_000 })
  const recorder = new Recorder(log)
  await recorder.begun()
  await server.kill()
  await eventually(async () => said.length > 0, 'the broker knows')
  // Uncertain where the connection that writes does not know yet.
  const appended = t.rejects(log.append(note('a')), { code: /^FST_ERR_SSE_(?:BROKER_UNAVAILABLE|PUBLISH_UNCERTAIN)$/ })
  await log.close()
  await appended
})

t.test('followed logs take one connection for all, and logs that nobody follows are not read', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  const admin = client(t, server.port)
  const { log: first, broker } = open(t, server.port)
  const others = Array.from({ length: 30 }, (_, index) => {
    return broker.open({ name: `other ${index}`, retention: EVERYTHING, idempotencyWindowMs: 1, log: null as never })
  })
  const connections = async (): Promise<number> => String(await admin.call('CLIENT', 'LIST')).trim().split('\n').length - 1
  const reads = async (): Promise<number> => Number(/cmdstat_xread:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0)
  await appendAll(first, numbered(10))
  t.equal(await connections(), 1)
  t.equal(await reads(), 0)
  const recorders = [first, ...others].map(log => new Recorder(log))
  await Promise.all(recorders.map(recorder => recorder.begun()))
  t.equal(await connections(), 2)
  for (const recorder of recorders) recorder.stop()
  await first.append(note('a')) // nobody reads it
  await eventually(async () => (await admin.info('clients')).includes('blocked_clients:0'), 'nobody waits any more')
  for (const log of [first, ...others]) await log.close()
  await broker.close()
  await eventually(async () => await connections() === 0, 'no connection is left')
})

t.test('who has missed little is served without asking the server for it', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  const admin = client(t, server.port)
  const { log } = open(t, server.port)
  await log.head() // it is connected
  const [recorder, other] = [new Recorder(log), new Recorder(log)]
  await Promise.all([recorder.begun(), other.begun()])
  const positions = await appendAll(log, numbered(100))
  for (const each of [recorder, other]) await each.reached(positions.at(-1) as Position)
  await admin.config('RESETSTAT')
  for (const [index, position] of positions.entries()) {
    if (index === 99) continue
    const { records } = await log.read(position, 1_000)
    t.equal(records.length, 99 - index)
    // The same objects for all: what is parsed and encoded once is not again.
    t.ok(records.every((record, place) => [recorder, other].every(({ records }) => records[index + 1 + place] === record)))
  }
  const scripts = async (): Promise<number> => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0)
  t.equal(await scripts(), 0)
  const pages = await Promise.all(Array.from({ length: 50 }, async () => await log.read(positions.at(-1), 1_000)))
  t.ok(pages.every(({ records, lost }) => records.length === 0 && !lost))
  t.equal(await scripts(), 1, 'one question for all who have missed nothing')
  recorder.stop()
  other.stop()
  await log.read(positions[0], 10)
  t.equal(await scripts(), 2, 'what nobody follows is not kept here')
})

t.test('a server that comes later than the app is waited for', async t => {
  const server = await redis(t, SAFE)
  if (server === undefined) return
  await server.kill()
  const { log, said } = open(t, server.port)
  const recorder = new Recorder(log)
  const appended = log.append(note('a'))
  await eventually(async () => said.length === 1, 'its absence is said')
  await server.restart()
  const position = await appended
  await recorder.reached(position)
  t.strictSame(dataOf(await readAll(log)), ['a'])
  await eventually(async () => said.length === 2, 'and its presence')
})

/** As docs/scaling.md says: again with the same key. */
async function appendSurely (log: Log, data: string, key: string): Promise<void> {
  await eventually(async () => await log.append(note(data), key).then(() => true, () => false), 'it is stored')
}
