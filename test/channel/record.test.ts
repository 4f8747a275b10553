import t from 'tap'
import { type RecordChannel, toRecord } from '../../lib/channel/record.js'

const encode = (event: unknown) => {
  const { data } = event as { data: unknown }
  if (data === 'bad') throw new Error('refused')
  return { event: 'note', data: JSON.stringify(data), retry: undefined }
}
const history: RecordChannel = { name: 'notes', key: undefined, encode }
const latest: RecordChannel = { ...history, key: event => (event as { data?: unknown }).data }
const event = { event: 'note', data: 'x' }

t.test('a record is the encoded event and its topic', async t => {
  t.strictSame(toRecord(event, {}, history), { event: 'note', data: '"x"', retry: undefined, topic: undefined })
  t.strictSame(toRecord(event, { topic: 'a', idempotencyKey: 'i' }, history), { event: 'note', data: '"x"', retry: undefined, topic: 'a' })
})

t.test('where the latest is retained, it has the key that the channel says, unless it was published with another', async t => {
  const record = { event: 'note', data: '"x"', retry: undefined, topic: undefined, key: 'x', tombstone: false }
  t.strictSame(toRecord(event, {}, latest), record)
  t.strictSame(toRecord(event, { tombstone: false }, latest), record)
  t.strictSame(toRecord(event, { tombstone: true }, latest), { ...record, tombstone: true })
  t.strictSame(toRecord(event, { key: 'k', topic: 'a' }, { ...latest, key: () => t.fail('was asked') }), { ...record, key: 'k', topic: 'a' })
})

t.test('what the codec refuses is refused', async t => {
  t.throws(() => toRecord({ data: 'bad' }, {}, history), { message: 'refused' })
  t.throws(() => toRecord({ data: 'bad' }, {}, { ...latest, key: () => t.fail('was asked') }), { message: 'refused' })
})

t.test('what is not meant for the channel is refused', async t => {
  const cases: Array<[options: unknown, problem: string, channel?: RecordChannel]> = [
    [null, "the options should be an object, instead got 'null'"],
    ['topic', "the options should be an object, instead got 'topic'"],
    [7, "the options should be an object, instead got '7'"],
    [{ id: 7 }, "the options are topic, key, tombstone, idempotencyKey, instead got 'id'"],
    [{ topic: '' }, "topic should be a non-empty string, instead got ''"],
    [{ topic: null }, "topic should be a non-empty string, instead got 'null'"],
    [{ topic: ['secret'] }, "topic should be a non-empty string, instead got 'Array'"],
    [{ key: 7 }, "key should be a non-empty string, instead got '7'", latest],
    [{ idempotencyKey: '' }, "idempotencyKey should be a non-empty string, instead got ''"],
    [{ tombstone: 'yes' }, "tombstone should be a boolean, instead got 'yes'", latest],
    [{ tombstone: null }, "tombstone should be a boolean, instead got 'null'", latest],
    [{ key: 'k' }, "key and tombstone are for channels that retain the latest ('retain' and 'key' of its options)"],
    [{ tombstone: true }, "key and tombstone are for channels that retain the latest ('retain' and 'key' of its options)"],
    [{ tombstone: false }, "key and tombstone are for channels that retain the latest ('retain' and 'key' of its options)"]
  ]
  for (const [options, problem, channel = history] of cases) {
    t.throws(() => toRecord(event, options as never, channel), { code: 'FST_ERR_SSE_PUBLISH_INVALID', message: `publish() of the channel 'notes': ${problem}` })
  }
})

t.test("a caller's own id is refused, whatever it is", async t => {
  for (const id of ['e.7', 7, 0, '', null]) {
    t.throws(() => toRecord({ ...event, id }, {}, history), {
      code: 'FST_ERR_SSE_PUBLISH_INVALID',
      message: "publish() of the channel 'notes': the event should have no id: the channel gives it one, which says where it stands"
    })
  }
  t.doesNotThrow(() => toRecord({ ...event, id: undefined }, {}, history))
})

t.test('what is no event at all is left to the codec', async t => {
  for (const nothing of [undefined, null]) {
    t.throws(() => toRecord(nothing, {}, { ...history, encode: () => { throw new Error('no event') } }), { message: 'no event' })
  }
})

t.test("a channel's key() has to return one", async t => {
  for (const [data, received] of [['', 'string'], [7, '7'], [null, 'null'], [{ secret: 1 }, 'Object']] as const) {
    t.throws(() => toRecord({ data }, {}, latest), {
      code: 'FST_ERR_SSE_PUBLISH_INVALID',
      message: `publish() of the channel 'notes': the channel's key() should return a non-empty string, instead got '${received}'`
    })
  }
})
