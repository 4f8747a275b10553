import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import t from 'tap'
import fc from 'fast-check'
import { Latest } from '../../lib/brokers/latest.js'
import type { StoredRecord } from '../../types/broker.js'
import { offsetsOf, record } from './records.js'

/** Records 1, 2, …: the key alone sets it, with a minus in front deletes it. */
function latestOf (maxKeys: number, keys: readonly string[]): Latest {
  const latest = new Latest(maxKeys)
  keys.forEach((key, index) => latest.append(keyed(index + 1, key)))
  return latest
}

function keyed (offset: number, key: string): StoredRecord {
  return key.startsWith('-') ? record(offset, { key: key.slice(1), tombstone: true }) : record(offset, { key })
}

const read = (latest: Latest, after?: number): number[] => offsetsOf(latest.read(after).records)

t.test('is empty at first', async t => {
  const latest = latestOf(2, [])
  t.strictSame([latest.size, latest.head, latest.earliest], [0, 0, 0])
  t.strictSame(latest.read(), { records: [], through: 0 })
  t.strictSame(latest.read(0), { records: [], through: 0 })
})

t.test('keeps the newest record of each key, in the order of their offsets', async t => {
  const latest = latestOf(10, ['a', 'b', 'c', 'a', 'b', 'b'])
  t.strictSame(latest.read(), { records: [keyed(3, 'c'), keyed(4, 'a'), keyed(6, 'b')], through: 6 })
  t.strictSame(read(latest, 3), [4, 6])
  t.strictSame(read(latest, 5), [6])
  t.strictSame(read(latest, 6), [])
})

t.test('what is replaced is lost to nobody', async t => {
  t.equal(latestOf(2, ['a', 'b', 'a', 'b', '-a', 'a']).earliest, 0)
})

t.test('a tombstone is for those who resume before it, not for those who read from the start', async t => {
  const latest = latestOf(10, ['a', 'b', '-a', 'c'])
  t.strictSame(read(latest), [2, 4])
  t.strictSame(read(latest, 0), [2, 3, 4])
  t.strictSame(read(latest, 2), [3, 4])
  t.strictSame(read(latest, 3), [4])
})

t.test('through is the end, also where a tombstone that is not given is the newest', async t => {
  t.strictSame(latestOf(10, ['a', '-a']).read(), { records: [], through: 2 })
})

t.test('a deleted key can be set again, and a key deleted that never was', async t => {
  const latest = latestOf(10, ['a', '-a', 'a', '-b', '-b'])
  t.strictSame(read(latest), [3])
  t.strictSame(read(latest, 0), [3, 5])
  t.equal(latest.size, 2)
})

t.test('tombstone: false is none', async t => {
  const latest = new Latest(1)
  latest.append(record(1, { key: 'a', tombstone: false }))
  t.strictSame(read(latest), [1])
})

t.test('beyond maxKeys, the key that was not updated for longest is dropped, and those before it have lost it', async t => {
  const latest = latestOf(2, ['a', 'b', 'a', 'c'])
  t.strictSame(read(latest), [3, 4])
  t.equal(latest.earliest, 2)
})

t.test('tombstones count, and are dropped before values, the oldest first', async t => {
  const latest = latestOf(3, ['a', '-b', '-c', 'd'])
  t.strictSame(read(latest, 2), [3, 4])
  t.strictSame(read(latest), [1, 4])
  t.equal(latest.earliest, 2)
  latest.append(keyed(5, 'e'))
  t.strictSame(read(latest), [1, 4, 5])
  t.equal(latest.earliest, 3)
  latest.append(keyed(6, '-f'))
  t.strictSame(read(latest), [1, 4, 5], 'a tombstone without a place')
  t.equal(latest.earliest, 6)
  latest.append(keyed(7, 'g'))
  t.strictSame(read(latest), [4, 5, 7])
  t.equal(latest.earliest, 6, 'an older value that is dropped later loses no more')
})

t.test('age drops nothing', async t => {
  const latest = latestOf(3, ['a'])
  latest.evict()
  t.equal(latest.size, 1)
})

const steps = fc.array(fc.record({ key: fc.constantFrom(...'abcdefgh'), tombstone: fc.boolean() }), { maxLength: 60 })

t.test('retains and reads what a naive one does', async () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 6 }), steps, (maxKeys, steps) => {
    const latest = new Latest(maxKeys)
    let model: StoredRecord[] = []
    steps.forEach((fields, index) => {
      const stored = record(index + 1, fields)
      latest.append(stored)
      model = [...model.filter(({ key }) => key !== stored.key), stored]
      if (model.length > maxKeys) model.splice(Math.max(0, model.findIndex(({ tombstone }) => tombstone === true)), 1)
      equal(latest.size, model.length)
      deepStrictEqual(latest.read().records, model.filter(({ tombstone }) => tombstone !== true))
      for (let after = 0; after <= stored.offset; after++) {
        deepStrictEqual(latest.read(after), { records: model.filter(({ offset }) => offset > after), through: stored.offset })
      }
    })
  }))
})

t.test('who resumes where nothing is lost has the state of one who saw everything, but for keys that were dropped', async () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 6 }), steps, (maxKeys, steps) => {
    const latest = new Latest(maxKeys)
    /** What somebody knows who has seen all up to an offset. */
    const states: Array<Map<string, number>> = [new Map()]
    steps.forEach((fields, index) => {
      const stored = record(index + 1, fields)
      latest.append(stored)
      states.push(applied(states.at(-1) as Map<string, number>, [stored]))
    })
    const everything = states.at(-1) as Map<string, number>
    states.forEach((state, after) => {
      if (after >= latest.earliest) deepStrictEqual(sorted(applied(state, latest.read(after).records)), sorted(everything))
    })
    const fromStart = applied(new Map(), latest.read().records)
    for (const [key, offset] of fromStart) equal(everything.get(key), offset)
    ok(fromStart.size === everything.size || latest.earliest > 0)
  }))
})

function applied (state: Map<string, number>, records: readonly StoredRecord[]): Map<string, number> {
  const result = new Map(state)
  for (const { key = '', tombstone, offset } of records) {
    if (tombstone === true) result.delete(key)
    else result.set(key, offset)
  }
  return result
}

const sorted = (state: Map<string, number>): Array<[string, number]> => [...state].sort(([a], [b]) => a < b ? -1 : 1)
