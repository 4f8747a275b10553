import type { Test } from 'tap'
import { dataOf, EVERYTHING, eventually, note, readAll, type Harness } from './harness.js'
import { Recorder } from './recorder.js'

/** How long a key is remembered in the test of it, in milliseconds. */
const WINDOW_MS = 300

/** What an idempotency key does. */
export async function idempotency (t: Test, harness: Harness): Promise<void> {
  await t.test('a key that was used stores nothing, and resolves with where the first one stands', async t => {
    const [first, second] = harness.logs(t)
    const recorder = new Recorder(second)
    await recorder.begun()
    const position = await first.append(note('a'), 'key')
    await first.append(note('b'))
    t.strictSame(await first.append(note('c'), 'key'), position)
    t.strictSame(await second.append(note('d'), 'key'), position)
    await recorder.reached(await second.append(note('e'), 'another key'))
    t.strictSame(dataOf(await readAll(first)), ['a', 'b', 'e'])
    t.strictSame(dataOf(recorder.records), ['a', 'b', 'e'])
  })

  await t.test('a key that is used by many at once stores one record', async t => {
    const logs = harness.logs(t)
    const uses = Array.from({ length: 40 }, (_, index) => logs[index % 2 as 0 | 1].append(note(`${index}`), `key ${index % 4 < 2}`))
    const positions = await Promise.all(uses)
    t.equal(new Set(positions.map(({ offset }) => offset)).size, 2)
    const stored = await readAll(logs[0])
    for (const [index, { offset }] of positions.entries()) {
      const record = stored.find(record => record.offset === offset)
      t.equal(Number(record?.data) % 4 < 2, index % 4 < 2, 'each resolves with the record of its key')
    }
    t.equal(stored.length, 2)
  })

  await t.test('any text is a key', async t => {
    const log = harness.log(t)
    const keys = ['', ' ', 'a', 'A', 'a.b', 'a*', '*', '>', 'a b', 'ä', '📈', '{a}', 'a\r\nb', '\0', '__proto__', 'x'.repeat(1_000)]
    for (const key of [...keys, ...keys]) await log.append(note(key), key)
    t.strictSame(dataOf(await readAll(log)), keys)
  })

  await t.test('a key holds for one log', async t => {
    const [log, other] = [harness.log(t), harness.log(t)]
    await log.append(note('a'), 'key')
    await other.append(note('b'), 'key')
    t.strictSame(dataOf(await readAll(other)), ['b'])
  })

  await t.test('a key is remembered when its record is not retained any more', async t => {
    const log = harness.log(t, { ...EVERYTHING, maxEvents: 1 })
    const position = await log.append(note('a'), 'key')
    await log.append(note('b'))
    t.strictSame(await log.append(note('c'), 'key'), position)
    t.equal((await readAll(log)).at(-1)?.data, 'b')
  })

  await t.test('a key holds where the latest are retained', async t => {
    const log = harness.log(t, { latest: true, maxKeys: 10 })
    const position = await log.append(note('a', { key: 'k' }), 'key')
    t.strictSame(await log.append(note('b', { key: 'k' }), 'key'), position)
    t.strictSame(dataOf(await readAll(log)), ['a'])
  })

  await t.test('a key is remembered for its window, however often it is used', async t => {
    const log = harness.log(t, EVERYTHING, { idempotencyWindowMs: WINDOW_MS })
    const usedAt = performance.now()
    const { offset } = await log.append(note('a'), 'key')
    await eventually(async () => (await log.append(note('b'), 'key')).offset > offset, 'the key is forgotten')
    t.ok(performance.now() - usedAt >= WINDOW_MS - 1, 'not before its time')
    t.strictSame(dataOf(await readAll(log)), ['a', 'b'])
  })
}
