import t from 'tap'
import { MemoryLog } from '../../lib/brokers/memory-log.js'
import type { Retention, StoredRecord } from '../../types/broker.js'
import { dataOf, EVERYTHING, note } from './conformance/harness.js'

// What every broker does is in the conformance suite.

function logOf (retention: Retention = EVERYTHING): MemoryLog {
  return new MemoryLog({ name: 'notes', retention, idempotencyWindowMs: 1_000, log: null as never })
}

t.test('offsets are 1, 2, 3 and so on', async t => {
  const log = logOf()
  t.equal(log.head().offset, 0)
  t.strictSame(['a', 'b', 'c'].map(data => log.append(note(data)).offset), [1, 2, 3])
  t.equal(log.head().offset, 3)
})

t.test('a record is stored with what the channel gave of it, in one shape', async t => {
  const log = logOf()
  log.append({ tombstone: true, key: 'k', topic: 't', retry: 5, data: 'd', event: 'e' })
  log.append(note('a'))
  const [full, bare] = log.read(undefined, 2).records as [StoredRecord, StoredRecord]
  t.strictSame(full, { offset: 1, event: 'e', data: 'd', retry: 5, topic: 't', key: 'k', tombstone: true, trace: undefined, cache: undefined })
  t.strictSame(Object.keys(bare), Object.keys(full))
})

t.test('a key that was used stores and hands on nothing', async t => {
  const log = logOf()
  const received: string[] = []
  log.follow({ begin () {}, receive: records => { received.push(...dataOf(records)) } })
  const position = log.append(note('a'), 'key')
  t.strictSame(log.append(note('b'), 'key'), position)
  t.equal(log.append(note('c'), 'other').offset, 2)
  await Promise.resolve()
  t.strictSame(received, ['a', 'c'])
})

t.test('time passes for records and keys, whatever is called', async t => {
  const { now } = performance
  let nowMs = 0
  t.teardown(() => { performance.now = now })
  performance.now = () => nowMs
  const log = logOf({ ...EVERYTHING, maxAgeMs: 100 })
  const before = log.head()
  const { offset } = log.append(note('a'), 'key')
  nowMs = 99
  t.strictSame(dataOf(log.read(before, 10).records), ['a'])
  nowMs = 100
  t.strictSame(log.read(before, 10), { epoch: before.epoch, lost: true, records: [], through: offset, earliest: offset })
  nowMs = 999
  t.equal(log.append(note('b'), 'key').offset, offset)
  nowMs = 1_000
  t.equal(log.append(note('b'), 'key').offset, 2)
  nowMs = 1_200
  t.equal(log.head().offset, 2)
  nowMs = 1_000 // only to see that head() has dropped it
  t.strictSame(log.read(undefined, 10).records, [])
})

t.test('what can not be read from is lost', async t => {
  const log = logOf({ ...EVERYTHING, maxEvents: 2 })
  const { epoch } = log.head()
  for (const data of ['a', 'b', 'c']) log.append(note(data))
  for (const [position, lost] of [
    [{ epoch, offset: 0 }, true],
    [{ epoch, offset: 1 }, false],
    [{ epoch, offset: 3 }, false],
    [{ epoch, offset: 4 }, true],
    [{ epoch, offset: NaN }, true],
    [{ epoch: `${epoch}x`, offset: 3 }, true]
  ] as const) t.equal(log.read(position, 1).lost, lost, JSON.stringify(position))
})

t.test('retains the latest where it is told so', async t => {
  const log = logOf({ latest: true, maxKeys: 2 })
  for (const key of ['a', 'b', 'a', 'c']) log.append(note(key, { key }))
  t.strictSame(dataOf(log.read(undefined, 1).records), ['a', 'c'])
  t.equal(log.read(undefined, 1).earliest, 2)
})

t.test('can be closed, which frees nothing that goes on', async t => {
  const log = logOf({ ...EVERYTHING })
  const position = log.append(note('a'))
  log.close()
  t.strictSame(log.head(), position)
})
