import type { Test } from 'tap'
import type { NewRecord } from '../../../types/broker.js'
import { appendAll, dataOf, note, numbered, readAll, uniqueName, type Harness } from './harness.js'

const AWKWARD = ['', ' ', 'a\r\nb\n\rc', 'nul \0', '\uFEFF \u2028 \x85', '📈 größe', '* > . $ : {} \\ / %20', '__proto__']

/** What is stored, where and in which order. */
export async function storing (t: Test, harness: Harness): Promise<void> {
  await t.test('an append resolves with the place of its record, in the one epoch of the log', async t => {
    const log = harness.log(t)
    const positions = await appendAll(log, numbered(20))
    const { epoch, offset } = await log.head()
    t.strictSame(positions.map(({ epoch }) => epoch), Array(20).fill(epoch))
    t.equal(positions.at(-1)?.offset, offset)
    t.strictSame((await readAll(log)).map(({ offset }) => offset), positions.map(({ offset }) => offset))
  })

  await t.test('offsets are safe integers above 0, which grow with every record', async t => {
    const offsets = (await appendAll(harness.log(t), numbered(50))).map(({ offset }) => offset)
    t.ok(offsets.every(offset => Number.isSafeInteger(offset) && offset > 0))
    t.strictSame(offsets, [...new Set(offsets)].sort((a, b) => a - b))
  })

  await t.test('an epoch has at most 32 characters of A-Z a-z 0-9 _ -, and differs between logs', async t => {
    const epochs = await Promise.all(Array.from({ length: 10 }, async () => (await harness.log(t).head()).epoch))
    for (const epoch of epochs) t.match(epoch, /^[\w-]{1,32}$/)
    t.equal(new Set(epochs).size, 10)
  })

  await t.test('appends are stored in the order of their calls', async t => {
    const log = harness.log(t)
    await appendAll(log, numbered(200))
    t.strictSame(dataOf(await readAll(log)), numbered(200))
  })

  await t.test('a record is read, and handed on, as it was stored', async t => {
    const records: NewRecord[] = [
      { event: 'note', data: '{"a":1}' },
      { event: 'note', data: 'x', retry: 0, topic: 'a', key: 'b', tombstone: true, trace: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
      { event: 'note', data: 'x', retry: 2_000, topic: undefined, key: undefined, tombstone: false },
      ...AWKWARD.map(text => ({ event: `a${text}`, data: text, topic: text, key: text, trace: text })),
      { event: 'large', data: 'ä'.repeat(100_000) }
    ]
    const [first, second] = harness.logs(t)
    for (const record of records) await first.append(record)
    t.strictSame((await readAll(second)).map(facts), records.map(facts))
  })

  await t.test('the head of a new log is before its first record', async t => {
    const log = harness.log(t)
    const before = await log.head()
    t.ok(Number.isSafeInteger(before.offset) && before.offset >= 0)
    const { epoch, offset } = await log.append(note('first'))
    t.equal(epoch, before.epoch)
    t.ok(offset > before.offset)
    t.strictSame(dataOf(await readAll(log, before)), ['first'])
  })

  await t.test('the head is not before what anybody has appended', async t => {
    const [first, second] = harness.logs(t)
    for (let i = 0; i < 20; i++) {
      const appended = await (i % 2 === 0 ? first : second).append(note(`${i}`))
      t.strictSame(await Promise.all([first.head(), second.head()]), [appended, appended])
    }
  })

  await t.test('the first to open a log at the same time agree on its epoch', async t => {
    const [first, second] = harness.logs(t)
    const positions = await Promise.all([first.append(note('a')), second.append(note('b')), first.head(), second.head()])
    t.equal(new Set(positions.map(({ epoch }) => epoch)).size, 1)
    t.strictSame(dataOf(await readAll(first)).sort(), ['a', 'b'])
  })

  await t.test('logs whose names are alike have nothing in common', async t => {
    const name = uniqueName()
    const names = [name, name.toUpperCase(), `${name} `, `${name}.a`, `${name}.*`, `${name}.>`, `${name}:a`, `${name}*`, `${name}{a}`, `${name}ä`, `${name}\n`, `${name}/../a`]
    const logs = names.map(name => harness.log(t, undefined, { name }))
    await Promise.all(logs.map((log, index) => log.append(note(`of ${index}`))))
    for (const [index, log] of logs.entries()) t.strictSame(dataOf(await readAll(log)), [`of ${index}`])
  })
}

/** Without what every broker may represent in its own way: a property that is undefined, or false. */
function facts ({ event, data, retry, topic, key, tombstone = false, trace }: NewRecord): NewRecord {
  return { event, data, retry, topic, key, tombstone, trace }
}
