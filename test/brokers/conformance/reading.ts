import type { Test } from 'tap'
import type { Log, Position } from '../../../types/broker.js'
import { appendAll, dataOf, note, numbered, readAll, type Harness } from './harness.js'

/** What is read from where, of a log that has everything. */
export async function reading (t: Test, harness: Harness): Promise<void> {
  await t.test('an empty log has nothing, and nothing is lost', async t => {
    const log = harness.log(t)
    const head = await log.head()
    for (const after of [undefined, head]) {
      const { epoch, lost, records, through } = await log.read(after, 10)
      t.strictSame({ epoch, lost, records, through }, { epoch: head.epoch, lost: false, records: [], through: head.offset })
    }
  })

  await t.test('after a position stands exactly what was stored later', async t => {
    const [first, second] = harness.logs(t)
    const positions = await appendAll(first, numbered(20))
    for (const [index, position] of positions.entries()) {
      const { lost, records, through } = await second.read(position, 100)
      t.strictSame({ lost, data: dataOf(records), through }, { lost: false, data: numbered(20).slice(index + 1), through: positions.at(-1)?.offset })
    }
  })

  await t.test('a page has at most as many records as were asked for, and says how far it goes', async t => {
    const log = harness.log(t)
    const positions = await appendAll(log, numbered(25))
    for (const limit of [1, 7, 24, 25, 26]) {
      const data: string[] = []
      let after: Position | undefined
      while (after?.offset !== positions.at(-1)?.offset) {
        const page = await log.read(after, limit)
        t.ok(page.records.length > 0 && page.records.length <= limit)
        t.ok(page.through >= (page.records.at(-1)?.offset ?? Infinity), 'through is not before the last record')
        data.push(...dataOf(page.records))
        after = { epoch: page.epoch, offset: page.through }
      }
      t.strictSame(data, numbered(25), `pages of ${limit}`)
    }
  })

  await t.test('after the end there is nothing, and nothing is lost', async t => {
    const log = harness.log(t)
    const end = (await appendAll(log, numbered(3))).at(-1) as Position
    const { lost, records, through } = await log.read(end, 10)
    t.strictSame({ lost, records, through }, { lost: false, records: [], through: end.offset })
    await log.append(note('later'))
    t.strictSame(dataOf(await readAll(log, end)), ['later'])
  })

  await t.test('earliest is the first offset after which nothing is lost', async t => {
    const log = harness.log(t)
    await appendAll(log, numbered(5))
    const { epoch, earliest } = await log.read(undefined, 1)
    t.strictSame(dataOf(await readAll(log, { epoch, offset: earliest })), numbered(5))
  })

  await t.test('a position of another log is lost', async t => {
    const [log, other] = [harness.log(t), harness.log(t)]
    await appendAll(log, numbered(3))
    await isLost(t, log, (await appendAll(other, numbered(2)))[0] as Position)
    for (const epoch of ['', 'x', 'constructor', '*', 'X'.repeat(32)]) await isLost(t, log, { epoch, offset: 1 })
  })

  await t.test('a position beyond the end is lost', async t => {
    const log = harness.log(t)
    const { epoch, offset } = (await appendAll(log, numbered(3))).at(-1) as Position
    for (const beyond of [offset + 1, offset + 1_000, Number.MAX_SAFE_INTEGER]) await isLost(t, log, { epoch, offset: beyond })
  })

  await t.test('a position beyond the end of a log that is empty is lost', async t => {
    const log = harness.log(t)
    const { epoch, offset } = await log.head()
    await isLost(t, log, { epoch, offset: offset + 1 })
    await isLost(t, log, { epoch: `${epoch.slice(1)}${epoch.startsWith('a') ? 'b' : 'a'}`, offset: 0 })
  })
}

/** Whether this is lost, and the page still says where there is something. */
export async function isLost (t: Test, log: Log, position: Position): Promise<void> {
  const { offset: end, epoch } = await log.head()
  const page = await log.read(position, 100)
  t.strictSame({ ...page, earliest: 0 }, { epoch, lost: true, records: [], through: end, earliest: 0 }, `lost after ${position.offset}`)
  t.equal((await log.read({ epoch, offset: page.earliest }, 1)).lost, false, 'earliest is not lost')
}
