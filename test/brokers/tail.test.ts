import t from 'tap'
import { Tail } from '../../lib/brokers/tail.js'
import type { StoredRecord } from '../../types/broker.js'

const records = (first: number, last: number, data = 'x'): StoredRecord[] => {
  return Array.from({ length: last - first + 1 }, (_, index) => ({ offset: first + index, event: 'note', data }))
}
const at = (offset: number, epoch = 'e') => ({ epoch, offset })

t.test('gives what came after a position, a page at a time', async t => {
  const tail = new Tail()
  tail.begin(at(5))
  const given = records(6, 15)
  tail.push(given)
  t.strictSame(tail.read(at(5), 4), { epoch: 'e', lost: false, earliest: 5, records: given.slice(0, 4), through: 9 })
  t.strictSame(tail.read(at(9), 100), { epoch: 'e', lost: false, earliest: 5, records: given.slice(4), through: 15 })
  t.equal(tail.read(at(9), 100)?.records[0], given[4], 'the same objects')
})

t.test('who has all that has arrived gets nothing', async t => {
  const tail = new Tail()
  tail.begin(at(5))
  t.strictSame(tail.read(at(5), 4), { epoch: 'e', lost: false, earliest: 5, records: [], through: 5 })
})

t.test('what it does not have all of is left to the engine', async t => {
  const tail = new Tail()
  for (const position of [at(0), at(0, '')]) t.equal(tail.read(position, 4), undefined)
  tail.begin(at(5))
  tail.push(records(6, 7))
  for (const position of [at(4), at(8), at(6, 'another'), at(NaN)]) t.equal(tail.read(position, 4), undefined)
})

t.test('begins anew', async t => {
  const tail = new Tail()
  tail.begin(at(5))
  tail.push(records(6, 7))
  tail.begin(at(20, 'f'))
  t.equal(tail.read(at(6), 4), undefined)
  t.equal(tail.read(at(20, 'f'), 4)?.through, 20)
  tail.clear()
  for (const position of [at(20, 'f'), at(0, '')]) t.equal(tail.read(position, 4), undefined)
})

t.test('keeps 1 000 records, and 1 MiB of their data', async t => {
  const tail = new Tail()
  tail.begin(at(0))
  tail.push(records(1, 1_010))
  t.equal(tail.read(at(9), 1), undefined)
  t.equal(tail.read(at(10), 2_000)?.records.length, 1_000)
  tail.push(records(1_011, 1_020, 'x'.repeat(200_000)))
  t.equal(tail.read(at(1_015), 2_000)?.records.length, 5)
  t.equal(tail.read(at(1_014), 2_000), undefined)
})

t.test('what stands before can be put there, once', async t => {
  const tail = new Tail()
  t.equal(tail.gap, undefined)
  tail.begin(at(5))
  tail.push(records(6, 7))
  t.strictSame(tail.gap, at(5))
  tail.fill('another', records(3, 5))
  t.strictSame(tail.gap, at(5))
  tail.fill('e', records(3, 5))
  t.equal(tail.gap, undefined)
  t.strictSame(tail.read(at(2), 10)?.records.map(({ offset }) => offset), [3, 4, 5, 6, 7])
  t.equal(tail.read(at(1), 10), undefined)
  tail.begin(at(9))
  t.strictSame(tail.gap, at(9))
})

t.test('what does not stand right before is not taken', async t => {
  for (const given of [[], records(3, 4), records(3, 6)]) {
    const tail = new Tail()
    tail.begin(at(5))
    tail.push(records(6, 7))
    tail.fill('e', given)
    t.equal(tail.read(at(3), 10), undefined)
    t.equal(tail.read(at(5), 10)?.records.length, 2)
  }
})
