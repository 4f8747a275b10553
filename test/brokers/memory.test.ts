import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { memoryBroker } from '../../lib/brokers/memory.js'
import type { Broker, Log, LogOptions } from '../../types/broker.js'
import { conformance } from './conformance.js'
import { appendAll, dataOf, EVERYTHING, note, numbered } from './conformance/harness.js'
import { Recorder } from './conformance/recorder.js'

t.test('conformance', async t => await conformance(t, {
  create: async () => {
    const broker = memoryBroker()
    return { broker, second: broker, stop: broker.close }
  },
  sharesRecords: true
}))

function open (broker: Broker, options: Partial<LogOptions> = {}): Log {
  return broker.open({ name: 'notes', retention: EVERYTHING, idempotencyWindowMs: 60_000, log: null as unknown as LogOptions['log'], ...options })
}

t.test('stores and hands on within the call', async t => {
  const log = open(memoryBroker())
  const recorder = new Recorder(log)
  await recorder.begun()
  void log.append(note('a'))
  t.strictSame(dataOf(recorder.records), ['a'])
})

t.test('head() and read() see the log as it is when they are called', async t => {
  const log = open(memoryBroker())
  const [head, page] = [log.head(), log.read(undefined, 10)]
  void log.append(note('a'))
  t.equal((await head).offset, 0)
  t.strictSame((await page).records, [])
})

t.test('what is appended between following and beginning comes right after that', async t => {
  const log = open(memoryBroker())
  void log.append(note('a'))
  const recorder = new Recorder(log)
  void log.append(note('b'))
  t.equal((await recorder.begun()).offset, 1)
  t.strictSame(dataOf(recorder.records), ['b'])
})

t.test('a log is kept while somebody has it open, and then freed', async t => {
  const broker = memoryBroker()
  const [first, second] = [open(broker), open(broker)]
  const { epoch } = await first.append(note('a'))
  await first.close()
  await first.close()
  const third = open(broker)
  t.strictSame(await third.head(), { epoch, offset: 1 })
  await third.close()
  t.strictSame(await second.head(), { epoch, offset: 1 })
  await second.close()
  const later = await open(broker).head()
  t.not(later.epoch, epoch)
  t.equal(later.offset, 0)
})

t.test('logs of different brokers have nothing in common', async t => {
  const [first, second] = [open(memoryBroker()), open(memoryBroker())]
  await first.append(note('a'))
  t.strictSame((await second.read(undefined, 1)).records, [])
})

t.test('a log can not be shared with other limits', async t => {
  const history = { ...EVERYTHING, maxEvents: 10 }
  const latest = { latest: true, maxKeys: 10 } as const
  for (const [had, given, message] of [
    [{ retention: history }, { retention: { ...history, maxEvents: 11 } }, 'maxEvents 11, maxBytes Infinity, maxAgeMs Infinity, idempotencyWindowMs 60000'],
    [{ retention: history }, { retention: { ...history, maxAgeMs: 5 } }, 'maxEvents 10, maxBytes Infinity, maxAgeMs 5, idempotencyWindowMs 60000'],
    [{ retention: history }, { retention: history, idempotencyWindowMs: 1 }, 'maxEvents 10, maxBytes Infinity, maxAgeMs Infinity, idempotencyWindowMs 1'],
    [{ retention: history }, { retention: latest }, 'maxKeys 10, idempotencyWindowMs 60000'],
    [{ retention: latest }, { retention: { ...latest, maxKeys: 11 } }, 'maxKeys 11, idempotencyWindowMs 60000']
  ] as const) {
    const broker = memoryBroker()
    const log = open(broker, had)
    open(broker, { ...had, retention: { ...had.retention } })
    t.throws(() => open(broker, given), { code: 'FST_ERR_SSE_OPTION_INVALID' })
    t.throws(() => open(broker, given), new RegExp(`^the history of channel 'notes' should be what the other apps that share it have \\(.*\\), instead got '${message}'$`))
    t.equal((await log.append(note('a'))).offset, 1, 'and it goes on')
  }
})

t.test('an open that fails does not keep the log', async t => {
  const broker = memoryBroker()
  const log = open(broker)
  t.throws(() => open(broker, { idempotencyWindowMs: 1 }))
  await log.close()
  await open(broker, { idempotencyWindowMs: 1 }).head()
})

t.test('100 000 topics cost nothing but the records that are retained', async t => {
  const log = open(memoryBroker(), { retention: { ...EVERYTHING, maxEvents: 100 } })
  await appendAll(log, numbered(1_000)) // compiled, and as large as it gets
  const before = heapBytes()
  for (let topic = 0; topic < 100_000; topic++) await log.append(note('x', { topic: `topic ${topic}` }))
  const grown = heapBytes() - before
  t.ok(grown < 3_000_000, `${grown} bytes`) // a Set of the topics alone takes 6 MB
})

function heapBytes (): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  return process.memoryUsage().heapUsed
}
