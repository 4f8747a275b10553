import type { Test } from 'tap'
import type { HistoryRetention, Log, Position, StoredRecord } from '../../../types/broker.js'
import { appendAll, dataOf, EVERYTHING, eventually, note, numbered, readAll, type Harness } from './harness.js'
import { isLost } from './reading.js'
import { Recorder } from './recorder.js'

/** How long a record may be kept in these tests, in milliseconds. */
const AGE_MS = 300

/** What a log keeps that has limits. */
export async function limits (t: Test, harness: Harness): Promise<void> {
  for (const [name, retention, count] of [
    ['maxEvents', { maxEvents: 10 }, 10],
    ['maxBytes, of UTF-8', { maxBytes: 1_050 }, 10],
    ['the limit that is met first', { maxEvents: 7, maxBytes: 1_000 }, 7],
    ['nothing, with maxEvents 0', { maxEvents: 0 }, 0]
  ] satisfies Array<[string, Partial<HistoryRetention>, number]>) {
    await t.test(`keeps ${name}`, async t => {
      const log = harness.log(t, { ...EVERYTHING, ...retention })
      const data = numbered(2_000).map(padded)
      const positions = await appendAll(log, data)
      const kept = await readAll(log)
      t.strictSame(dataOf(kept), data.slice(data.length - kept.length), 'the newest, without a hole')
      if (harness.exactLimits) t.equal(kept.length, count)
      else t.ok(kept.length >= count && kept.length <= count + 1_000, `${kept.length} of ${count}`)
      await hasBorder(t, log, positions, kept)
    })
  }

  await t.test('Infinity is no limit', async t => {
    const log = harness.log(t, { maxEvents: Infinity, maxBytes: Infinity, maxAgeMs: Infinity })
    await appendAll(log, numbered(2_000))
    t.equal((await readAll(log)).length, 2_000)
  })

  await t.test('a record larger than maxBytes leaves no hole', async t => {
    const log = harness.log(t, { ...EVERYTHING, maxBytes: 100 })
    const positions = await appendAll(log, ['small', 'x'.repeat(101), 'y'])
    const kept = await readAll(log)
    t.strictSame(dataOf(kept), ['small', 'x'.repeat(101), 'y'].slice(3 - kept.length))
    if (harness.exactLimits) t.strictSame(dataOf(kept), ['y'])
    await hasBorder(t, log, positions, kept)
  })

  await t.test('followers get what is not kept', async t => {
    const [first, second] = harness.logs(t, { ...EVERYTHING, maxEvents: 0 })
    const recorders = [new Recorder(first), new Recorder(second)]
    for (const recorder of recorders) await recorder.begun()
    const positions = await appendAll(first, numbered(100))
    for (const recorder of recorders) {
      await recorder.reached(positions.at(-1) as Position)
      t.strictSame(dataOf(recorder.records), numbered(100))
      t.strictSame(recorder.problems, [])
    }
  })

  await t.test('keeps a record for maxAgeMs', async t => {
    const log = harness.log(t, { ...EVERYTHING, maxAgeMs: AGE_MS })
    const before = await log.head()
    const appendedAt = performance.now()
    const position = await log.append(note('old'))
    await eventually(async () => {
      await log.append(note('newer')) // some engines only trim when something is stored
      return !dataOf((await log.read(undefined, 1)).records).includes('old')
    }, 'a record of age is dropped')
    t.ok(performance.now() - appendedAt >= AGE_MS - 1, 'not before its time')
    const { lost, records, earliest } = await log.read(before, 10)
    t.strictSame({ lost, records }, { lost: true, records: [] })
    t.ok(earliest >= position.offset)
  })

  if (!harness.exactLimits) return

  await t.test('age drops records without a new one, but not the end of the log', async t => {
    const log = harness.log(t, { ...EVERYTHING, maxAgeMs: AGE_MS })
    const [first, last] = await appendAll(log, numbered(2)) as [Position, Position]
    await eventually(async () => (await log.read(undefined, 1)).records.length === 0, 'records of age are dropped')
    t.strictSame(await log.head(), last)
    await hasBorder(t, log, [first, last], [])
    t.ok((await log.append(note('later'))).offset > last.offset)
    t.strictSame(dataOf(await readAll(log, last)), ['later'])
  })
}

/** 80 characters that are 100 bytes. */
function padded (text: string): string {
  return `${text} ${'ä'.repeat(20)}`.padEnd(80)
}

/** Whether all that was dropped is lost, and nothing else. */
async function hasBorder (t: Test, log: Log, positions: readonly Position[], kept: readonly StoredRecord[]): Promise<void> {
  const dropped = positions.length - kept.length
  if (dropped > 1) {
    await isLost(t, log, positions[0] as Position)
    await isLost(t, log, positions[dropped - 2] as Position)
  }
  // Who has seen the last one that was dropped has missed nothing; likewise who is at the end.
  for (const index of new Set([Math.max(0, dropped - 1), positions.length - 1])) {
    const { lost, records } = await log.read(positions[index], positions.length)
    t.strictSame({ lost, data: dataOf(records) }, { lost: false, data: dataOf(kept.filter(({ offset }) => offset > (positions[index] as Position).offset)) })
  }
  const { epoch, earliest } = await log.read(undefined, 1)
  t.strictSame(dataOf(await readAll(log, { epoch, offset: earliest })), dataOf(kept), 'earliest gives all')
}
