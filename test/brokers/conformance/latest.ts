import type { Test } from 'tap'
import type { Log, Position, StoredRecord } from '../../../types/broker.js'
import { dataOf, readAll, type Harness } from './harness.js'
import { isLost } from './reading.js'
import { Recorder } from './recorder.js'

/** What a log keeps that retains the latest. A key in a list stores it, one with a minus in front deletes it. */
export async function latest (t: Test, harness: Harness): Promise<void> {
  const retaining = (maxKeys: number) => ({ latest: true, maxKeys }) as const

  await t.test('who reads from the start gets the newest record of each key, in order', async t => {
    const [first, second] = harness.logs(t, retaining(100))
    await store(first, ['a', 'b', 'c', 'a', 'b', 'b'])
    t.strictSame(dataOf(await readAll(second)), ['c 2', 'a 3', 'b 5'])
  })

  await t.test('who resumes gets the newest of what has changed, and a replaced record is lost to nobody', async t => {
    const log = harness.log(t, retaining(100))
    const before = await log.head()
    const positions = await store(log, ['a', 'b', 'c', 'a', 'b', 'b'])
    for (const [index, position] of [before, ...positions].entries()) {
      t.strictSame(dataOf(await readAll(log, position)), ['c 2', 'a 3', 'b 5'].filter(data => Number(data.slice(2)) >= index), `after ${index}`)
    }
  })

  await t.test('followers get everything', async t => {
    const [first, second] = harness.logs(t, retaining(2))
    const recorders = [new Recorder(first), new Recorder(second)]
    for (const recorder of recorders) await recorder.begun()
    const positions = await store(first, ['a', 'a', '-a', 'b', 'c', 'd', '-b', '-b', 'a'])
    for (const recorder of recorders) {
      await recorder.reached(positions.at(-1) as Position)
      t.strictSame(dataOf(recorder.records), ['a 0', 'a 1', '-a 2', 'b 3', 'c 4', 'd 5', '-b 6', '-b 7', 'a 8'])
      t.strictSame(recorder.records.map(({ tombstone = false }) => tombstone), [false, false, true, false, false, false, true, true, false])
      t.strictSame(recorder.problems, [])
    }
  })

  await t.test('a tombstone is for those who resume before it, not for those who read from the start', async t => {
    const log = harness.log(t, retaining(100))
    const before = await log.head()
    const [a, , deleted] = await store(log, ['a', 'b', '-a', 'c'])
    t.strictSame(dataOf(await readAll(log)), ['b 1', 'c 3'])
    t.strictSame(dataOf(await readAll(log, before)), ['b 1', '-a 2', 'c 3'])
    t.strictSame(dataOf(await readAll(log, a)), ['b 1', '-a 2', 'c 3'])
    t.strictSame(dataOf(await readAll(log, deleted)), ['c 3'])
  })

  await t.test('a log whose keys are all deleted has nothing, and goes to the end', async t => {
    const log = harness.log(t, retaining(100))
    const positions = await store(log, ['a', 'b', '-b', '-a'])
    const { lost, records, through } = await log.read(undefined, 10)
    t.strictSame({ lost, records, through }, { lost: false, records: [], through: positions.at(-1)?.offset })
    t.strictSame(await log.head(), positions.at(-1))
  })

  await t.test('a deleted key can be set again, and a key deleted that never was', async t => {
    const log = harness.log(t, retaining(100))
    const before = await log.head()
    await store(log, ['a', '-a', 'a', '-b'])
    t.strictSame(dataOf(await readAll(log)), ['a 2'])
    t.strictSame(dataOf(await readAll(log, before)), ['a 2', '-b 3'])
  })

  await t.test('any text is a key', async t => {
    const log = harness.log(t, retaining(100))
    const keys = ['a', 'A', 'a.b', 'a*', '*', '>', ' ', 'a b', 'ä', '📈', '{a}', 'a\n', '\0', '__proto__', 'x'.repeat(1_000)]
    for (const key of [...keys, ...keys]) await log.append({ event: 'note', data: key, key })
    t.strictSame(dataOf(await readAll(log)), keys)
  })

  await t.test('reading in small pages leads to the same state', async t => {
    const log = harness.log(t, retaining(100))
    const keys = Array.from({ length: 60 }, (_, index) => `${index % 7 === 3 ? '-' : ''}${(index * 7) % 23}`)
    await store(log, keys)
    t.strictSame(state(await readAll(log, undefined, 1)), state(await readAll(log)))
  })

  await t.test('the newest maxKeys keys are retained, and what was dropped is lost', async t => {
    const log = harness.log(t, retaining(10))
    const before = await log.head()
    const positions = await store(log, Array.from({ length: 2_000 }, (_, index) => `key ${index}`))
    const kept = await readAll(log)
    t.strictSame(dataOf(kept), positions.map((_, index) => `key ${index} ${index}`).slice(-kept.length))
    if (harness.exactLimits) t.equal(kept.length, 10)
    else t.ok(kept.length >= 10 && kept.length <= 1_010)
    await isLost(t, log, before)
    await isLost(t, log, positions[2_000 - kept.length - 2] as Position)
    t.equal((await readAll(log, positions[2_000 - kept.length - 1])).length, kept.length)
  })

  if (!harness.exactLimits) return

  await t.test('the key that was not updated for longest is dropped first', async t => {
    const log = harness.log(t, retaining(2))
    const [a, b] = await store(log, ['a', 'b', 'a', 'c']) as [Position, Position]
    t.strictSame(dataOf(await readAll(log)), ['a 2', 'c 3'])
    await isLost(t, log, a)
    t.strictSame(dataOf(await readAll(log, b)), ['a 2', 'c 3'])
  })

  await t.test('tombstones count, and are dropped before values, the oldest first', async t => {
    const log = harness.log(t, retaining(3))
    const [a, b, c] = await store(log, ['a', '-b', '-c', 'd']) as [Position, Position, Position]
    t.strictSame(dataOf(await readAll(log)), ['a 0', 'd 3'])
    await isLost(t, log, a)
    t.strictSame(dataOf(await readAll(log, b)), ['-c 2', 'd 3'])
    await store(log, ['e'], 4)
    t.strictSame(dataOf(await readAll(log)), ['a 0', 'd 3', 'e 4'])
    await isLost(t, log, b)
    t.strictSame(dataOf(await readAll(log, c)), ['d 3', 'e 4'])
  })
}

/** Stores records whose data is their key and their number. */
async function store (log: Log, keys: readonly string[], from = 0): Promise<Position[]> {
  return await Promise.all(keys.map((key, index) => {
    const data = `${key} ${from + index}`
    return log.append(key.startsWith('-') ? { event: 'gone', data, key: key.slice(1), tombstone: true } : { event: 'set', data, key })
  }))
}

/** What somebody knows who has read these. */
function state (records: readonly StoredRecord[]): Record<string, string> {
  const known: Record<string, string> = {}
  for (const { key = '', data, tombstone } of records) {
    if (tombstone === true) delete known[key]
    else known[key] = data
  }
  return known
}
