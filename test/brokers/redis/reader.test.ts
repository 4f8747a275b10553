import t from 'tap'
import { Health } from '../../../lib/brokers/health.js'
import { LogKeys } from '../../../lib/brokers/redis/keys.js'
import { Reader, type ReadLog } from '../../../lib/brokers/redis/reader.js'
import type { Position } from '../../../types/broker.js'
import { layCable } from '../../helpers/cable.js'
import { deferred } from '../../helpers/deferred.js'
import { appendAll, dataOf, EVERYTHING, eventually, note, numbered, SILENT } from '../conformance/harness.js'
import { isLost } from '../conformance/reading.js'
import { Recorder } from '../conformance/recorder.js'
import { client, open, redis } from './fixtures.js'

t.test('a log that is followed while others are waited for begins at once', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const { log, broker } = open(t, server.port)
  const recorder = new Recorder(log)
  await recorder.begun()
  for (let index = 0; index < 5; index++) {
    await new Promise(resolve => setTimeout(resolve, 20)) // it waits for the next entry by now
    const other = broker.open({ name: `other ${index}`, retention: EVERYTHING, idempotencyWindowMs: 1, log: null as never })
    const from = performance.now()
    const late = new Recorder(other)
    await late.begun()
    t.ok(performance.now() - from < 2_000, 'long before a wait ends by itself')
    await late.reached(await other.append(note('a')))
    await other.close()
  }
})

t.test('a log that is left and followed again, as it is read, begins at its end', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const { log } = open(t, server.port)
  const { log: publisher } = open(t, server.port)
  for (let round = 0; round < 20; round++) {
    const left = new Recorder(log)
    if (round % 2 === 0) await left.begun()
    const appended = appendAll(publisher, numbered(10))
    if (round % 3 === 0) await new Promise(resolve => setImmediate(resolve))
    left.stop()
    const recorder = new Recorder(log)
    const from = await recorder.begun()
    const positions = await appended
    await recorder.reached(positions.at(-1) as Position)
    t.strictSame(recorder.records.map(({ offset }) => offset), positions.map(({ offset }) => offset).filter(offset => offset > from.offset))
    recorder.stop()
    t.strictSame([...left.problems, ...recorder.problems], [])
  }
})

t.test('a connection on which nothing comes any more is replaced', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const cable = await layCable(t, server.port)
  const { log, said } = open(t, cable.port)
  const { log: publisher } = open(t, server.port)
  const recorder = new Recorder(log)
  await recorder.begun()
  cable.drop('all')
  const position = await publisher.append(note('a'))
  await eventually(async () => said.length > 0, 'the broker has noticed') // 8 s after it has asked
  cable.restore()
  await recorder.reached(position)
  t.strictSame(dataOf(recorder.records), ['a'])
})

t.test('an entry that is none of ours is a loss, and what comes later is handed on', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const admin = client(t, server.port)
  const { log } = open(t, server.port)
  const recorder = new Recorder(log)
  const before = await recorder.begun()
  const first = await log.append(note('a'))
  await recorder.reached(first)
  const [stream, facts] = [await admin.keys('*:stream:*'), await admin.keys('*:facts:*')].flat() as [string, string]
  const [[id = ''] = []] = await admin.xrange(stream, '-', '+')
  await admin.multi().hset(facts, 'head', 2).xadd(stream, id.replace('-1', '-2'), 'what', 'is this').exec()
  await eventually(async () => recorder.begins.length === 2, 'it goes on behind it')
  await recorder.reached(await log.append(note('c')))
  t.strictSame(dataOf(recorder.records), ['a', 'c'])
  t.strictSame(dataOf((await log.read(before, 10)).records), ['a'], 'up to it')
  await isLost(t, log, first)
})

t.test('a log that can not be read keeps nobody from the others, and goes on when it can', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const admin = client(t, server.port)
  const { log: bad, broker, said, logger } = open(t, server.port)
  const good = broker.open({ name: 'good', retention: EVERYTHING, idempotencyWindowMs: 1, log: logger })
  t.teardown(async () => await good.close())
  const [badRecorder, goodRecorder] = [new Recorder(bad), new Recorder(good)]
  await Promise.all([badRecorder.begun(), goodRecorder.begun()])
  const [facts = ''] = await admin.keys('*:facts:5:notes')
  const [stream = ''] = [facts.replace(':facts:', ':stream:')]
  for (const key of [facts, stream]) {
    await admin.del(facts, stream)
    await admin.set(key, 'something else')
    const lines = said.length
    await eventually(async () => {
      await goodRecorder.reached(await good.append(note('a')))
      return said.length > lines
    }, 'it is found, and said')
    const position = await good.append(note('b'))
    await goodRecorder.reached(position)
    await admin.del(key)
    await eventually(async () => said.at(-1)?.level === 30, 'it is back')
  }
  await badRecorder.reached(await bad.append(note('c')))
  t.strictSame(goodRecorder.problems, [])
})

t.test('what was dropped by age while the connection was away is told without another event', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const cable = await layCable(t, server.port)
  const retention = { ...EVERYTHING, maxAgeMs: 200 }
  const { log: reads } = open(t, cable.port, { retention })
  const { log: publisher } = open(t, server.port, { retention })
  const recorder = new Recorder(reads)
  await recorder.begun()
  cable.drop('all')
  const positions = await appendAll(publisher, numbered(5))
  await eventually(async () => (await publisher.read(undefined, 1)).records.length === 0, 'they are dropped')
  cable.restore()
  await recorder.reached(positions.at(-1) as Position)
  t.strictSame(recorder.records, [])
  t.equal(recorder.begins.length, 2)
})

t.test('a log that was deleted is noticed while others are busy', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const admin = client(t, server.port)
  const { log: quiet, broker } = open(t, server.port)
  const busy = broker.open({ name: 'busy', retention: EVERYTHING, idempotencyWindowMs: 1, log: SILENT })
  t.teardown(async () => await busy.close())
  const [recorder, other] = [new Recorder(quiet), new Recorder(busy)]
  await Promise.all([recorder.begun(), other.begun()])
  await admin.del(await admin.keys('*:5:notes'))
  await eventually(async () => {
    await other.reached(await busy.append(note('a')))
    return recorder.begins.length > 1
  }, 'it begins again')
})

t.test('a log that is added while others are found is found before anything is waited for', async t => {
  const commands: string[][] = []
  const logOf = (name: string): ReadLog => ({
    store: { keys: new LogKeys('sse', 0, name, false), opening: ['life', '-', '0', '0'] },
    begin: () => {},
    receive: () => {}
  })
  const [first, second] = [logOf('first'), logOf('second')]
  const found: string[][] = []
  const waiting = deferred()
  const reader = new Reader({
    health: new Health('Redis'),
    wakeKey: () => 'wake',
    server: { interrupt: () => { t.fail('nobody waits') } },
    connect: () => ({
      ready: async () => {},
      run: async (_script: unknown, keys: string[]) => {
        found.push(keys.filter(key => key.includes(':stream:')))
        if (found.length === 1) reader.add(second)
        return ['lifelife 1 0']
      },
      call: async (command: string[]) => {
        commands.push(command)
        waiting.resolve()
        await new Promise(() => {}) // for ever
      },
      close: () => {}
    }) as never
  })
  reader.add(first)
  await waiting.promise
  t.strictSame(found, [[first.store.keys.stream], [second.store.keys.stream]])
  t.strictSame(commands.map(command => command.slice(command.indexOf('STREAMS') + 1)), [
    ['wake', first.store.keys.stream, second.store.keys.stream, '0-0', '1-0', '1-0']
  ])
  reader.close()
})

t.test('the last one who follows may leave as it receives, and follow again', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const { log, said } = open(t, server.port)
  for (let round = 0; round < 3; round++) {
    const recorder = new Recorder(log)
    recorder.onReceive = () => { recorder.stop() }
    await recorder.begun()
    await recorder.reached(await log.append(note('a')))
    t.strictSame(recorder.problems, [])
  }
  t.strictSame(said, [])
})

t.test('hundreds of logs are followed at once', async t => {
  const server = await redis(t)
  if (server === undefined) return
  const { broker } = open(t, server.port)
  const logs = Array.from({ length: 350 }, (_, index) => {
    return broker.open({ name: `many ${index}`, retention: EVERYTHING, idempotencyWindowMs: 1, log: null as never })
  })
  const recorders = logs.map(log => new Recorder(log))
  await Promise.all(recorders.map(async recorder => await recorder.begun()))
  const positions = await Promise.all(logs.map(async log => await log.append(note('a'))))
  await Promise.all(recorders.map(async (recorder, index) => { await recorder.reached(positions[index] as Position) }))
  t.ok(recorders.every(({ records, problems }) => records.length === 1 && problems.length === 0))
  for (const log of logs) await log.close()
})
