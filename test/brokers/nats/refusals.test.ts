import { join } from 'node:path'
import t from 'tap'
import { appendAll, dataOf, eventually, note, numbered, readAll, uniqueName } from '../conformance/harness.js'
import { Recorder } from '../conformance/recorder.js'
import { listen, startFor } from './fixtures.js'

const FAILED = { code: 'FST_ERR_SSE_BROKER_FAILED' }

t.test('an event that is too large for the server is refused, and those around it are stored', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker({ maxPendingBytes: 1_000 }))
  const large = 'x'.repeat(1024 * 1024)
  await log.append(note('a'))
  await t.rejects(log.append(note(large)), { ...FAILED, message: /an event takes 1048594 bytes with its name and topic, and the server takes 1048576 at most \(max_payload\)$/ })
  await t.rejects(log.append(note(large), 'key'), FAILED)
  await log.append(note(large.slice(200)), 'key')
  await log.append(note('b'))
  t.strictSame((await readAll(log)).map(({ data }) => data.length), [1, large.length - 200, 1])
})

t.test('more than maxPendingBytes does not wait, and goes on when there is room', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker({ maxPendingBytes: 1_000 }))
  const fits = appendAll(log, numbered(10))
  await t.rejects(log.append(note('more')), { code: 'FST_ERR_SSE_BROKER_OVERLOADED' })
  await fits
  await log.append(note('x'.repeat(2_000)))
  t.equal((await readAll(log)).length, 11)
})

t.test('pages of large events end earlier, and nothing is missing', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker())
  const data = numbered(12).map(text => text.padEnd(500_000))
  await appendAll(log, data)
  t.strictSame(dataOf(await readAll(log)), data)
  const { records, through } = await log.read(undefined, 100)
  t.ok(records.length < 12)
  t.equal(through, records.length)
})

t.test('what a user may not do fails with what the server says', async t => {
  const folder = t.testdir({
    'nats.conf': `
      authorization {
        users: [
          { user: all, password: x },
          { user: reads, password: x, permissions: { publish: { deny: ["sse.log.>"] } } },
          { user: nothing, password: x, permissions: { publish: { deny: ["$JS.API.STREAM.>"] } } },
          { user: waits, password: x, permissions: { publish: { deny: ["$JS.API.STREAM.MSG.>"] } } }
        ]
      }
    `
  })
  const nats = await startFor(t, ['--config', join(folder, 'nats.conf')], { user: 'all', pass: 'x' })
  if (nats === undefined) return
  const name = uniqueName()
  const as = async (user: string, log = listen().log) => nats.open(await nats.broker({ connection: await nats.connect({ user }) }), { name, log })
  const [all, reads, nothing] = [await as('all'), await as('reads'), await as('nothing')]
  const position = await all.append(note('a'))
  t.strictSame(dataOf(await readAll(reads)), ['a'])
  await t.rejects(reads.append(note('b')), { ...FAILED, message: /Permissions Violation for Publish to "sse\.log\..*"/ })
  t.strictSame(await reads.head(), position)
  for (const call of [nothing.head(), nothing.read(undefined, 1), nothing.append(note('b'))]) await t.rejects(call as Promise<unknown>, FAILED)
  const { log, said } = listen()
  const recorder = new Recorder(await as('waits', log))
  await eventually(async () => said.length > 0, 'that it can not follow is said')
  t.strictSame(said.map(line => line.split(':')[0]), ['warn'])
  t.strictSame(recorder.begins, [])
  recorder.stop()
})

t.test('a server without JetStream is one that is not there', async t => {
  const folder = t.testdir({ 'nats.conf': 'accounts: { none: { users: [{ user: a, password: x }] }, some: { jetstream: enabled, users: [{ user: b, password: x }] } }' })
  const nats = await startFor(t, ['--config', join(folder, 'nats.conf')], { user: 'a', pass: 'x' })
  if (nats === undefined) return
  const log = nats.open(await nats.broker())
  await t.rejects(log.head(), { code: 'FST_ERR_SSE_BROKER_UNAVAILABLE' })
  await t.rejects(log.append(note('a')), { code: 'FST_ERR_SSE_BROKER_UNAVAILABLE' })
})

t.test('a connection that was closed fails at once, and is said to be', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const connection = await nats.connect()
  const broker = await nats.broker({ connection })
  const { log: logger, said } = listen()
  const log = nats.open(broker, { log: logger })
  const recorder = new Recorder(log)
  await recorder.begun()
  await log.append(note('a'))
  await connection.close()
  await t.rejects(log.append(note('b')), FAILED)
  await t.rejects(log.head(), { ...FAILED, message: /the connection to NATS is closed$/ })
  await t.rejects(log.read(undefined, 1), FAILED)
  t.strictSame(said, ['error: the connection to NATS is closed: no more events can be published or come'])
  recorder.stop()
  const late = nats.open(broker)
  const never = new Recorder(late)
  await t.rejects(late.append(note('c')), FAILED)
  t.strictSame(never.begins, [])
  await late.close()
  await log.close()
})

t.test('what the server can not do is said', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker({ replicas: 3 }))
  const message = /replicas > 1 not supported in non-clustered mode$/
  for (const call of [log.append(note('a')), log.head()]) await t.rejects(call, { ...FAILED, message })
})

t.test('a log that is kept in memory is another one after a restart', async t => {
  const nats = await startFor(t)
  if (nats === undefined) return
  const log = nats.open(await nats.broker({ storage: 'memory', timeoutMs: 10_000 }))
  const recorder = new Recorder(log)
  await recorder.begun()
  const positions = await appendAll(log, numbered(5))
  await recorder.reached(positions[4] as NonNullable<typeof positions[4]>)
  await nats.server.kill()
  await nats.server.restart()
  await eventually(async () => recorder.begins.length > 1, 'it begins again')
  for (const position of positions) t.equal((await log.read(position, 10)).lost, true)
  const later = await log.append(note('later'))
  t.equal(later.offset, 1)
  await recorder.reached(later)
  await eventually(async () => recorder.records.at(-1)?.data === 'later', 'it goes on')
  for (const position of positions) t.equal((await log.read(position, 10)).lost, true)
})
