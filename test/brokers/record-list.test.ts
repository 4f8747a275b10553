import { deepStrictEqual, equal } from 'node:assert/strict'
import t from 'tap'
import fc from 'fast-check'
import { RecordList } from '../../lib/brokers/record-list.js'
import { offsetsOf, record } from './records.js'

t.test('an empty list has no first, and nothing after any offset', async t => {
  const list = new RecordList()
  t.equal(list.first, undefined)
  t.strictSame(list.after(0), [])
})

t.test('gives the records after an offset, in order', async t => {
  const list = new RecordList()
  for (const offset of [2, 5, 9]) list.append(record(offset))
  for (const [after, offsets] of [[0, [2, 5, 9]], [2, [5, 9]], [4, [5, 9]], [8, [9]], [9, []]] as const) {
    t.strictSame(offsetsOf(list.after(after)), offsets)
  }
})

t.test('a record can be taken out wherever it stands', async () => {
  fc.assert(fc.property(fc.array(fc.option(fc.nat(20), { nil: undefined }), { maxLength: 60 }), steps => {
    const list = new RecordList()
    const model: Array<ReturnType<RecordList['append']>> = []
    let offset = 0
    for (const step of steps) {
      if (step === undefined || step >= model.length) model.push(list.append(record(++offset)))
      else model.splice(step, 1).forEach(link => list.remove(link))
      equal(list.first, model[0])
      deepStrictEqual(list.after(0), model.map(({ record }) => record))
    }
  }))
})
