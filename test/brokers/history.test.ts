import { deepStrictEqual, equal } from 'node:assert/strict'
import t from 'tap'
import fc from 'fast-check'
import { History } from '../../lib/brokers/history.js'
import type { HistoryRetention, StoredRecord } from '../../types/broker.js'
import { offsetsOf, record } from './records.js'

const EVERYTHING: HistoryRetention = { maxEvents: Infinity, maxBytes: Infinity, maxAgeMs: Infinity }

/** A history of records 1, 2, … with this data. */
function historyOf (limits: Partial<HistoryRetention>, data: readonly string[]): History {
  const history = new History({ ...EVERYTHING, ...limits })
  data.forEach((data, index) => history.append(record(index + 1, { data }), 0))
  return history
}

const retained = (history: History): number[] => offsetsOf(history.read(undefined, Infinity).records)

t.test('is empty at first', async t => {
  const history = historyOf({}, [])
  t.strictSame([history.size, history.bytes, history.head, history.earliest], [0, 0, 0, 0])
  t.strictSame(history.read(undefined, 5), { records: [], through: 0 })
  t.strictSame(history.read(0, 5), { records: [], through: 0 })
})

t.test('keeps everything without limits', async t => {
  const history = historyOf({}, Array<string>(5_000).fill('x'))
  t.strictSame([history.size, history.bytes, history.head, history.earliest], [5_000, 5_000, 5_000, 0])
})

t.test('keeps the newest maxEvents', async t => {
  const history = historyOf({ maxEvents: 3 }, ['', '', '', '', ''])
  t.strictSame(retained(history), [3, 4, 5])
  t.equal(history.earliest, 2)
})

t.test('with maxEvents 0 it keeps none, but knows the end', async t => {
  const history = historyOf({ maxEvents: 0 }, ['a', 'b'])
  t.strictSame([history.size, history.bytes, history.head, history.earliest], [0, 0, 2, 2])
  t.strictSame(history.read(2, 5), { records: [], through: 2 })
})

t.test('keeps the newest maxBytes of UTF-8', async t => {
  const history = historyOf({ maxBytes: 6 }, ['aaa', '€', 'ää', 'a'])
  t.strictSame(retained(history), [3, 4])
  t.equal(history.bytes, 5)
})

t.test('a record larger than maxBytes takes all before it along, so that there is no hole', async t => {
  const history = historyOf({ maxBytes: 3 }, ['a', 'a', 'aaaa'])
  t.strictSame(retained(history), [])
  t.equal(history.earliest, 3)
  history.append(record(4, { data: 'aaa' }), 0)
  t.strictSame(retained(history), [4])
})

t.test('keeps a record for maxAgeMs, and drops it with the next one or when asked', async t => {
  const history = new History({ ...EVERYTHING, maxAgeMs: 100 })
  history.append(record(1), 0)
  history.append(record(2), 60)
  history.append(record(3), 99.9)
  t.strictSame(retained(history), [1, 2, 3])
  history.append(record(4), 100)
  t.strictSame(retained(history), [2, 3, 4])
  history.evict(159)
  t.strictSame(retained(history), [2, 3, 4])
  history.evict(160)
  t.strictSame(retained(history), [3, 4])
  history.evict(10_000)
  t.strictSame([history.size, history.bytes, history.earliest], [0, 0, 4])
})

t.test('reads pages', async t => {
  const history = historyOf({ maxEvents: 5 }, Array<string>(8).fill('x'))
  t.strictSame(offsetsOf(history.read(undefined, 2).records), [4, 5])
  t.equal(history.read(undefined, 2).through, 5)
  t.strictSame(offsetsOf(history.read(5, 2).records), [6, 7])
  t.equal(history.read(5, 2).through, 7)
  t.strictSame(offsetsOf(history.read(7, 2).records), [8])
  t.equal(history.read(7, 2).through, 8)
  t.strictSame(history.read(8, 2), { records: [], through: 8 })
})

t.test('gives the very records', async t => {
  const first = record(1)
  const history = new History(EVERYTHING)
  history.append(first, 0)
  t.equal(history.read(undefined, 1).records[0], first)
})

t.test('retains and reads what a naive history does', async () => {
  const limit = (max: number) => fc.oneof(fc.nat(max), fc.constant(Infinity))
  const limits = fc.record({ maxEvents: limit(20), maxBytes: limit(60), maxAgeMs: limit(30) })
  const steps = fc.array(fc.record({
    afterMs: fc.nat(4),
    data: fc.option(fc.oneof({ weight: 5, arbitrary: fc.constantFrom('', 'a', 'ä', '📈') }, { weight: 1, arbitrary: fc.string({ maxLength: 80 }) }), { nil: undefined }),
    limit: fc.integer({ min: 1, max: 25 })
  }), { maxLength: 80 })
  fc.assert(fc.property(limits, steps, (limits, steps) => {
    const history = new History(limits)
    const naive = new NaiveHistory(limits)
    let nowMs = 0
    for (const { afterMs, data, limit } of steps) {
      nowMs += afterMs
      if (data === undefined) {
        history.evict(nowMs)
        naive.evict(nowMs)
      } else {
        const stored = record(history.head + 1, { data })
        history.append(stored, nowMs)
        naive.append(stored, nowMs)
      }
      const records = naive.records()
      equal(history.size, records.length)
      equal(history.bytes, naive.bytes())
      equal(history.earliest, history.head - records.length)
      for (let after = history.earliest; after <= history.head; after++) {
        const expected = records.filter(({ offset }) => offset > after).slice(0, limit)
        deepStrictEqual(history.read(after, limit), { records: expected, through: expected.at(-1)?.offset ?? history.head })
      }
    }
  }))
})

/** Counts everything anew each time. */
class NaiveHistory {
  #entries: Array<{ record: StoredRecord, storedAtMs: number }> = []

  readonly #limits: HistoryRetention

  constructor (limits: HistoryRetention) {
    this.#limits = limits
  }

  records = (): StoredRecord[] => this.#entries.map(({ record }) => record)
  bytes = (): number => this.records().reduce((sum, { data }) => sum + Buffer.from(data).length, 0)

  append (record: StoredRecord, nowMs: number): void {
    this.#entries.push({ record, storedAtMs: nowMs })
    this.evict(nowMs)
  }

  evict (nowMs: number): void {
    const { maxEvents, maxBytes, maxAgeMs } = this.#limits
    while (this.#entries.length > maxEvents || this.bytes() > maxBytes) this.#entries.shift()
    this.#entries = this.#entries.filter(({ storedAtMs }) => nowMs - storedAtMs < maxAgeMs)
  }
}
