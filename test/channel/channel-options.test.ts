import { Type } from '@sinclair/typebox'
import t from 'tap'
import { resolveChannelOptions } from '../../lib/channel/channel-options.js'
import { eventStream } from '../../lib/schema/event-stream.js'

const notes = eventStream({ note: Type.String() })
const resolve = (options: unknown, name: unknown = 'notes', stream: unknown = notes) => resolveChannelOptions(name, stream, options as never)
const HISTORY = { maxEvents: 1_000, maxBytes: 8_388_608, maxAgeMs: Infinity }

t.test('a channel keeps a history, unless it says otherwise', async t => {
  for (const options of [{}, { retain: 'history' }, { history: {} }, { history: undefined, key: undefined, maxKeys: undefined, retain: undefined }]) {
    t.strictSame(resolve(options), { retention: HISTORY, idempotencyWindowMs: 120_000, identity: undefined, key: undefined, signIds: undefined, snapshotTimeoutMs: 10_000, snapshot: undefined })
  }
})

t.test('options that are right are taken', async t => {
  const [identity, snapshot, key] = [() => 'me', () => [], () => 'key']
  for (const history of [{ maxEvents: 0 }, { maxEvents: Infinity, maxBytes: Infinity }, { maxBytes: 0.5, maxAgeMs: 1 }, { maxEvents: undefined }]) {
    t.strictSame(resolve({ history }).retention, { ...HISTORY, ...Object.fromEntries(Object.entries(history).filter(([, value]) => value !== undefined)) })
  }
  t.strictSame(resolve({ retain: 'latest', key }).retention, { latest: true, maxKeys: 10_000 })
  t.strictSame(resolve({ retain: 'latest', key, maxKeys: Infinity }).retention, { latest: true, maxKeys: Infinity })
  t.match(resolve({ identity, snapshot, idempotencyWindowMs: 0 }), { identity, snapshot, idempotencyWindowMs: 0 })
  t.equal(resolve({ retain: 'latest', key }).key, key)
})

t.test("the caller's options are not changed", async t => {
  const options = Object.freeze({ history: Object.freeze({ maxEvents: undefined }) })
  t.equal((resolve(options).retention as typeof HISTORY).maxEvents, 1_000)
})

t.test('a name is a string of 1 to 255 characters, and a stream made by eventStream()', async t => {
  t.doesNotThrow(() => resolve({}, 'n'.repeat(255)))
  for (const [name, received] of [['', 'string'], ['n'.repeat(256), 'string'], [undefined, 'undefined'], [7, '7'], [{}, 'Object']] as const) {
    t.throws(() => resolveChannelOptions(name, notes, {}), { code: 'FST_ERR_SSE_CHANNEL_INVALID', message: `the channel '${received}': the name should be a string of 1 to 255 characters` })
  }
  for (const [stream, received] of [[undefined, 'undefined'], [null, 'null'], [{}, 'Object'], [notes.schemas, 'Object'], ['notes', 'string']] as const) {
    t.throws(() => resolveChannelOptions('notes', stream, {}), { code: 'FST_ERR_SSE_CHANNEL_INVALID', message: `the channel 'notes': the stream should be made by eventStream(), instead got '${received}'` })
  }
})

t.test('options that are wrong are refused', async t => {
  const cases: Array<[options: unknown, problem: string]> = [
    [null, "options should be an object, instead got 'null'"],
    [7, "options should be an object, instead got '7'"],
    [{ snapshotTimeoutMs: 0 }, "option snapshotTimeoutMs should be a whole number above 0, instead got '0'"],
    [{ maxEvents: 1 }, "option maxEvents should be one of history, retain, key, maxKeys, snapshot, snapshotTimeoutMs, identity, idempotencyWindowMs, signIds, instead got 'maxEvents'"],
    [{ history: 100 }, "option history should be an object, instead got '100'"],
    [{ history: null }, "option history should be an object, instead got 'null'"],
    [{ retain: 'all' }, "option retain should be 'history' or 'latest', instead got 'all'"],
    [{ retain: null }, "option retain should be 'history' or 'latest', instead got 'null'"],
    [{ key: 'symbol' }, "option key should be a function, instead got 'symbol'"],
    [{ maxKeys: 0 }, "option maxKeys should be a whole number above 0, or Infinity, instead got '0'"],
    [{ maxKeys: 1.5 }, "option maxKeys should be a whole number above 0, or Infinity, instead got '1.5'"],
    [{ maxKeys: '5' }, "option maxKeys should be a whole number above 0, or Infinity, instead got '5'"],
    [{ snapshot: [] }, "option snapshot should be a function, instead got 'Array'"],
    [{ identity: 'me' }, "option identity should be a function, instead got 'me'"],
    [{ idempotencyWindowMs: -1 }, "option idempotencyWindowMs should be a whole number from 0 to 2147483647, instead got '-1'"],
    [{ idempotencyWindowMs: Infinity }, "option idempotencyWindowMs should be a whole number from 0 to 2147483647, instead got 'Infinity'"],
    [{ history: { maxMs: 5 } }, "history option maxMs should be one of maxEvents, maxBytes, maxAgeMs, instead got 'maxMs'"],
    [{ history: { maxEvents: -1 } }, "history option maxEvents should be a whole number above 0, or Infinity, instead got '-1'"],
    [{ history: { maxBytes: 0 } }, "history option maxBytes should be a number above 0, or Infinity, instead got '0'"],
    [{ history: { maxBytes: NaN } }, "history option maxBytes should be a number above 0, or Infinity, instead got 'NaN'"],
    [{ history: { maxAgeMs: '1s' } }, "history option maxAgeMs should be a number above 0, or Infinity, instead got '1s'"]
  ]
  for (const [options, problem] of cases) {
    t.throws(() => resolve(options), { code: 'FST_ERR_SSE_OPTION_INVALID', message: `channel 'notes': ${problem}` })
  }
})

t.test('options of the other kind of channel are refused', async t => {
  const key = (): string => 'key'
  const needsKey = "retain 'latest' needs a key: a function that says what an event is the newest value of"
  const both = "retain 'latest' keeps the newest event of every key, which is both its history and its snapshot; leave these options out"
  const forLatest = "key and maxKeys are for channels with retain 'latest': where a history is kept, nothing in it may be passed over"
  const cases: Array<[options: object, problem: string]> = [
    [{ retain: 'latest' }, needsKey],
    [{ retain: 'latest', key, history: {} }, both],
    [{ retain: 'latest', key, snapshot: () => [] }, both],
    [{ retain: 'latest', key, snapshotTimeoutMs: 5 }, both],
    [{ key }, forLatest],
    [{ retain: 'history', key }, forLatest],
    [{ maxKeys: 5 }, forLatest]
  ]
  for (const [options, problem] of cases) {
    t.throws(() => resolve(options), { code: 'FST_ERR_SSE_CHANNEL_INVALID', message: `the channel 'notes': ${problem}` })
  }
})

t.test('ids are signed if they are asked to be, and never silently not', async t => {
  const secret = 'a secret of a test, 32 bytes long at least'
  t.equal(resolve({ signIds: { secret } }).signIds?.secrets.length, 1)
  for (const wrong of ['', 0, false, null, secret]) {
    t.throws(() => resolve({ signIds: wrong }), { code: 'FST_ERR_SSE_OPTION_INVALID', message: `channel 'notes': option signIds should be an object, instead got '${typeof wrong}'` })
  }
})

t.test('identity has to be a function', async t => {
  t.throws(() => resolve({ identity: 7 }), { code: 'FST_ERR_SSE_OPTION_INVALID' })
})
