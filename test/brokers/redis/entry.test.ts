import t from 'tap'
import { encodeFacts, termOf, toRecord } from '../../../lib/brokers/redis/entry.js'
import type { NewRecord } from '../../../types/broker.js'

t.test('a record comes back as it was, with its offset', async t => {
  for (const record of [
    { event: 'note', data: 'x' },
    { event: '"note"', data: '', retry: 0 },
    { event: '{}', data: 'a\nb', topic: '', key: '\0', tombstone: true },
    { event: 'note', data: 'x', topic: '\ud800', key: 'ä', tombstone: false }
  ] satisfies NewRecord[]) {
    const entry = ['1795356954689-9007199254740991', ['f', encodeFacts(record), 'd', record.data]] as const
    t.equal(termOf(entry), 1_795_356_954_689)
    t.match(toRecord(entry), { ...record, tombstone: record.tombstone === true ? true : undefined, offset: Number.MAX_SAFE_INTEGER })
  }
})

t.test('what most records have is short', async t => {
  t.equal(encodeFacts({ event: 'note', data: 'x', tombstone: false }), '"note"')
  t.equal(encodeFacts({ event: 'note', data: 'x', topic: 'a' }), '{"event":"note","topic":"a"}')
})

t.test('what somebody else has written is no record', async t => {
  for (const fields of [[], ['f', '"note"'], ['f', '"note"', 'd', 'x', 'more', 'y']]) t.equal(toRecord(['1-1', fields]), undefined)
})
