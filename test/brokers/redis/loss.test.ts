import t from 'tap'
import type { Log, Position } from '../../../types/broker.js'
import { layCable } from '../../helpers/cable.js'
import { appendAll, dataOf, EVERYTHING, eventually, note, numbered, readAll } from '../conformance/harness.js'
import { isLost } from '../conformance/reading.js'
import { Recorder } from '../conformance/recorder.js'
import { client, open, redis } from './fixtures.js'

/** The disk has what was saved by hand. */
const FORGETFUL = { appendonly: 'no', save: '' }

t.test('a server that was killed and restarted with its disk has everything, and each position means the same', async t => {
  const server = await redis(t, { appendfsync: 'always' })
  if (server === undefined) return
  const { log } = open(t, server.port)
  const recorder = new Recorder(log)
  await recorder.begun()
  const positions = await appendAll(log, numbered(20))
  await recorder.reached(positions.at(-1) as Position)
  for (let round = 1; round <= 3; round++) {
    await server.kill()
    await server.restart()
    const [later] = await appendAll(log, [`after restart ${round}`])
    positions.push(later as Position)
    await recorder.reached(later as Position)
  }
  const data = [...numbered(20), ...[1, 2, 3].map(round => `after restart ${round}`)]
  t.strictSame(dataOf(await readAll(log)), data)
  for (const [index, position] of positions.entries()) t.strictSame(dataOf(await readAll(log, position)), data.slice(index + 1))
  t.equal(new Set(positions.map(({ epoch }) => epoch)).size, 4, 'an epoch for each start')
  t.equal(new Set(positions.map(({ epoch }) => epoch.split('_')[0])).size, 1, 'of one life')
  t.strictSame(recorder.begins.at(-1)?.epoch, positions.at(-1)?.epoch)
})

t.test('what a server has forgotten is told to all who have not got it, and to those who have, also when other events have taken its places', async t => {
  const server = await redis(t, FORGETFUL)
  if (server === undefined) return
  const { log } = open(t, server.port)
  const recorder = new Recorder(log)
  await recorder.begun()
  const kept = await appendAll(log, numbered(5, 'kept'))
  await client(t, server.port).save()
  const forgotten = await appendAll(log, numbered(5, 'forgotten'))
  await recorder.reached(forgotten.at(-1) as Position)
  await server.kill()
  await server.restart()
  for (const position of [...kept, ...forgotten]) await isLost(t, log, position)
  const later = await appendAll(log, numbered(7, 'later'))
  for (const position of [...kept, ...forgotten]) await isLost(t, log, position)
  for (const [index, position] of later.entries()) t.strictSame(dataOf(await readAll(log, position)), numbered(7, 'later').slice(index + 1))
  t.strictSame(dataOf(await readAll(log)), [...numbered(5, 'kept'), ...numbered(7, 'later')])
  await recorder.reached(later.at(-1) as Position)
  t.not(recorder.begins.at(-1)?.epoch, forgotten[0]?.epoch, 'who follows is told')
})

t.test('where nobody is left who knows what a server has forgotten, those who have got it are told', async t => {
  const server = await redis(t, FORGETFUL)
  if (server === undefined) return
  const { log: before } = open(t, server.port)
  const kept = await appendAll(before, numbered(5, 'kept'))
  await client(t, server.port).save()
  const forgotten = await appendAll(before, numbered(5, 'forgotten'))
  await before.close()
  await server.kill()
  await server.restart()
  const { log } = open(t, server.port)
  const later = await appendAll(log, numbered(7, 'later'))
  for (const position of forgotten) await isLost(t, log, position)
  const data = [...numbered(5, 'kept'), ...numbered(7, 'later')]
  for (const [index, position] of [...kept, ...later].entries()) t.strictSame(dataOf(await readAll(log, position)), data.slice(index + 1))
})

t.test('it is enough that an instance which only reads knows what was forgotten', async t => {
  const server = await redis(t, FORGETFUL)
  if (server === undefined) return
  const { log: reads } = open(t, server.port)
  const { log: before } = open(t, server.port)
  const recorder = new Recorder(reads)
  await recorder.begun()
  const [kept] = await appendAll(before, ['kept']) as [Position]
  await client(t, server.port).save()
  await recorder.reached(await before.append(note('forgotten')))
  await before.close()
  await server.kill()
  await server.restart()
  await eventually(async () => recorder.begins.length > 1, 'it begins again')
  const { log } = open(t, server.port)
  await isLost(t, log, kept)
})

t.test('a server that forgets twice is told on twice', async t => {
  const server = await redis(t, FORGETFUL)
  if (server === undefined) return
  const { log } = open(t, server.port)
  const kept = (await appendAll(log, numbered(5, 'kept'))).at(-1) as Position
  await client(t, server.port).save()
  await appendAll(log, numbered(3, 'forgotten'))
  for (const round of ['second', 'third']) {
    await server.kill()
    await server.restart()
    const later = await log.append(note(`${round} term`)) // which is forgotten, too
    await isLost(t, log, kept)
    t.strictSame((await log.read(later, 10)).lost, false)
  }
})

t.test('a server that takes the history of another one has forgotten its own, without a restart', async t => {
  const [first, second] = [await redis(t), await redis(t)]
  if (first === undefined || second === undefined) return
  const [a, b] = [client(t, first.port), client(t, second.port)]
  const follow = async (replica: typeof a, port: number): Promise<void> => {
    await replica.replicaof('127.0.0.1', port)
    await eventually(async () => /master_link_status:up/.test(await replica.info('replication')), 'the replica is in sync')
  }
  await follow(b, first.port)
  const { log } = open(t, first.port)
  const kept = await appendAll(log, numbered(5, 'kept'))
  await eventually(async () => {
    const [written, replicated] = [/master_repl_offset:(\d+)/.exec(await a.info('replication')), /slave_repl_offset:(\d+)/.exec(await b.info('replication'))]
    return written?.[1] === replicated?.[1]
  }, 'the replica has everything')
  await b.replicaof('NO', 'ONE')
  const forgotten = await appendAll(log, numbered(2, 'forgotten'))
  await follow(a, second.port)
  await a.replicaof('NO', 'ONE')
  const later = await appendAll(log, numbered(4, 'later'))
  for (const position of [...kept, ...forgotten]) await isLost(t, log, position)
  t.not(later[0]?.epoch, kept[0]?.epoch)
  t.strictSame(dataOf(await readAll(log, later[0])), numbered(4, 'later').slice(1))
  t.strictSame(dataOf(await readAll(log)), [...numbered(5, 'kept'), ...numbered(4, 'later')])
})

t.test('a log that retains the latest knows what its server has forgotten', async t => {
  const server = await redis(t, FORGETFUL)
  if (server === undefined) return
  const { log } = open(t, server.port, { retention: { latest: true, maxKeys: 10 } })
  const store = async (key: string): Promise<Position> => await log.append({ event: 'set', data: key, key })
  const kept = await store('a')
  await client(t, server.port).save()
  const forgotten = await store('b')
  await server.kill()
  await server.restart()
  const later = await store('c')
  await isLost(t, log, forgotten)
  await isLost(t, log, kept)
  t.strictSame(dataOf(await readAll(log, later)), [])
  t.strictSame(dataOf(await readAll(log)), ['a', 'c'])
})

for (const [what, destroy] of [
  ['flushed', async (server, _) => { await server.flushall() }],
  ['deleted', async (server, keys) => { await server.del(keys) }],
  ['deleted but for its stream', async (server, keys) => { await server.del(keys.filter(key => !key.includes(':stream:'))) }]
] satisfies Array<[string, (server: ReturnType<typeof client>, keys: string[]) => Promise<void>]>) {
  t.test(`a log that was ${what} is another one, and who follows is told with its next event`, async t => {
    const server = await redis(t)
    if (server === undefined) return
    const { log } = open(t, server.port)
    const recorder = new Recorder(log)
    await recorder.begun()
    const [before] = await appendAll(log, numbered(5)) as [Position]
    await recorder.reached({ ...before, offset: 5 })
    const admin = client(t, server.port)
    await destroy(admin, await admin.keys('*'))
    const later = await log.append(note('later'))
    await eventually(async () => recorder.begins.at(-1)?.epoch === later.epoch, 'it begins again')
    t.not(later.epoch.split('_')[0], before.epoch.split('_')[0])
    await isLost(t, log, before)
    t.strictSame(dataOf(await readAll(log)), ['later'])
    await recorder.reached(await log.append(note('and later')))
    t.equal(recorder.records.at(-1)?.data, 'and later')
    t.strictSame(recorder.problems, [])
  })
}

t.test('who follows a log that was deleted, and is quiet, is told', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const { log } = open(t, server.port)
  const recorder = new Recorder(log)
  const { epoch } = await recorder.begun()
  await client(t, server.port).flushall()
  await eventually(async () => recorder.begins.length > 1, 'it begins again')
  t.not(recorder.begins[1]?.epoch, epoch)
})

t.test('what is trimmed before it could be read is told, and what is only read late is not', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const cable = await layCable(t, server.port)
  const retention = { ...EVERYTHING, maxEvents: 10 }
  const { log: slow } = open(t, cable.port, { retention })
  const { log: fast } = open(t, server.port, { retention })
  const recorder = new Recorder(slow)
  await recorder.begun()
  for (const [count, begins] of [[100, 1], [2_000, 2], [100, 2]] as const) {
    cable.drop('all')
    const positions = await appendAll(fast, numbered(count))
    cable.restore()
    await recorder.reached(positions.at(-1) as Position)
    t.equal(recorder.begins.length, begins)
  }
  t.strictSame(recorder.problems, [])
  const [, begin] = recorder.begins as [Position, Position]
  t.strictSame(recorder.records.find(({ offset }) => offset > begin.offset)?.offset, begin.offset + 1, 'right before what is left')
  t.ok(begin.offset > 1_000)
})

t.test('an entry that was deleted by hand is a loss to those before it', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const { log } = open(t, server.port)
  const positions = await appendAll(log, numbered(6))
  const admin = client(t, server.port)
  const [stream] = await admin.keys('*:stream:*') as [string]
  const entries = await admin.xrange(stream, '-', '+')
  await admin.xdel(stream, entries[2]?.[0] ?? '')
  t.strictSame(dataOf((await log.read(positions[0], 10)).records), ['note 1'], 'up to the hole')
  await lostAfter(log, positions[1] as Position)
  t.strictSame(dataOf((await log.read(positions[2], 10)).records), ['note 3', 'note 4', 'note 5'])

  async function lostAfter (log: Log, position: Position): Promise<void> {
    const { lost, records, through } = await log.read(position, 10)
    t.strictSame({ lost, records, through }, { lost: true, records: [], through: 6 })
  }
})

t.test('fifty terms are remembered, and what is older is lost', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const { log } = open(t, server.port)
  const admin = client(t, server.port)
  const [first] = await appendAll(log, ['first']) as [Position]
  const [facts] = await admin.keys('*:facts:*') as [string]
  const positions: Position[] = []
  for (let term = 0; term < 51; term++) {
    await admin.hset(facts, 'source', `another${term}`) // as if the server had been restarted
    positions.push(await log.append(note(`${term}`)))
  }
  await isLost(t, log, first)
  t.strictSame(dataOf(await readAll(log, positions[0])), Array.from({ length: 50 }, (_, index) => `${index + 1}`))
  t.strictSame(dataOf(await readAll(log)), Array.from({ length: 51 }, (_, index) => `${index}`))
})
