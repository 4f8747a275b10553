import type { Test } from 'tap'
import type { Log, Position } from '../../../types/broker.js'
import { appendAll, dataOf, note, numbered, readAll, type Harness } from './harness.js'
import { Recorder } from './recorder.js'

/** What those who follow get. */
export async function following (t: Test, harness: Harness): Promise<void> {
  await t.test('a follower begins at the end, and gets what comes from then on', async t => {
    const [first, second] = harness.logs(t)
    const end = (await appendAll(first, numbered(5, 'before'))).at(-1) as Position
    const recorders = [new Recorder(first), new Recorder(second)]
    for (const recorder of recorders) t.strictSame(await recorder.begun(), end)
    const last = (await appendAll(second, numbered(100))).at(-1) as Position
    for (const recorder of recorders) {
      await recorder.reached(last)
      t.strictSame(dataOf(recorder.records), numbered(100))
      t.strictSame(recorder.records.map(({ offset }) => offset), (await readAll(first, end)).map(({ offset }) => offset))
      t.strictSame(recorder.begins, [end])
      t.strictSame(recorder.problems, [])
    }
  })

  await t.test('nothing is missed between following and beginning', async t => {
    const logs = harness.logs(t)
    for (let i = 0; i < 10; i++) {
      const [log, other] = i % 2 === 0 ? logs : [logs[1], logs[0]]
      const early = other.append(note('early'))
      const recorder = new Recorder(log)
      const between = [log.append(note('a')), other.append(note('b'))]
      await early
      const position = await recorder.begun()
      await Promise.all(between)
      await recorder.reached(await other.append(note('later')))
      t.strictSame(dataOf(recorder.records), dataOf(await readAll(log, position)))
      t.strictSame(recorder.problems, [])
      recorder.stop()
    }
  })

  await t.test('all who follow get the same order, wherever something is published', async t => {
    const [first, second] = harness.logs(t)
    const recorders = [first, second, first, second].map(log => new Recorder(log))
    for (const recorder of recorders) await recorder.begun()
    await Promise.all([appendAll(first, numbered(200, 'first')), appendAll(second, numbered(200, 'second'))])
    const order = dataOf(await readAll(first))
    t.strictSame(order.filter(data => data.startsWith('first')), numbered(200, 'first'))
    t.strictSame(order.filter(data => data.startsWith('second')), numbered(200, 'second'))
    for (const recorder of recorders) {
      await recorder.reached(await first.head())
      t.strictSame(dataOf(recorder.records), order)
      t.strictSame(recorder.problems, [])
    }
  })

  await t.test('what a follower publishes as it receives comes after that, for all', async t => {
    const [first, second] = harness.logs(t)
    const recorders = [new Recorder(first), new Recorder(first), new Recorder(second)] as const
    for (const recorder of recorders) await recorder.begun()
    const answers: Array<Promise<Position>> = []
    recorders[0].onReceive = records => {
      for (const { data } of records) if (!data.startsWith('answer')) answers.push(first.append(note(`answer to ${data}`)))
    }
    await recorders[0].reached(await first.append(note('a')))
    const last = await answers[0] as Position
    for (const recorder of recorders) {
      await recorder.reached(last)
      t.strictSame(dataOf(recorder.records), ['a', 'answer to a'])
      t.strictSame(recorder.problems, [])
    }
  })

  await t.test('a follower that was stopped is not called again, and the others are', async t => {
    const [first, second] = harness.logs(t)
    const [leaves, stays, elsewhere] = [new Recorder(first), new Recorder(first), new Recorder(second)]
    for (const recorder of [leaves, stays, elsewhere]) await recorder.begun()
    await leaves.reached(await first.append(note('a')))
    leaves.stop()
    leaves.stop()
    const last = await second.append(note('b'))
    for (const recorder of [stays, elsewhere]) {
      await recorder.reached(last)
      t.strictSame(dataOf(recorder.records), ['a', 'b'])
    }
    t.strictSame(dataOf(leaves.records), ['a'])
    t.strictSame(leaves.problems, [])
  })

  await t.test('a follower may stop before or as it begins, and as it receives', async t => {
    const log = harness.log(t)
    const [before, begins, receives, stays] = [new Recorder(log), new Recorder(log), new Recorder(log), new Recorder(log)]
    begins.onBegin = () => begins.stop()
    receives.onReceive = () => receives.stop()
    before.stop()
    await stays.begun()
    await begins.begun()
    await receives.begun()
    await stays.reached(await log.append(note('a')))
    await stays.reached(await log.append(note('b')))
    t.strictSame([before, begins, receives, stays].map(({ begins }) => begins.length), [0, 1, 1, 1])
    t.strictSame([before, begins, receives, stays].map(({ records }) => dataOf(records)), [[], [], ['a'], ['a', 'b']])
    for (const { problems } of [before, begins, receives, stays]) t.strictSame(problems, [])
  })

  await t.test('a log that nobody follows stores, and who follows it again begins at its end', async t => {
    const log = harness.log(t)
    for (let round = 0; round < 5; round++) {
      const end = (await appendAll(log, numbered(10, `unseen in round ${round}`))).at(-1)
      const recorder = new Recorder(log)
      t.strictSame(await recorder.begun(), end)
      await recorder.reached(await log.append(note('seen')))
      t.strictSame(dataOf(recorder.records), ['seen'])
      recorder.stop()
    }
    t.equal((await readAll(log)).length, 55)
  })

  await t.test('who follows one log gets nothing of another', async t => {
    const logs: Log[] = Array.from({ length: 20 }, () => harness.log(t))
    const recorders = logs.map(log => new Recorder(log))
    await Promise.all(recorders.map(recorder => recorder.begun()))
    const ends = await Promise.all(logs.map(async (log, index) => (await appendAll(log, numbered(10, `${index}`))).at(-1) as Position))
    for (const [index, recorder] of recorders.entries()) {
      await recorder.reached(ends[index] as Position)
      t.strictSame(dataOf(recorder.records), numbered(10, `${index}`))
    }
  })

  if (!harness.sharesRecords) return

  await t.test('all who follow or read get the same objects', async t => {
    const logs = harness.logs(t)
    const recorders = logs.map(log => new Recorder(log))
    for (const recorder of recorders) await recorder.begun()
    const last = (await appendAll(logs[0], numbered(3))).at(-1) as Position
    for (const recorder of recorders) await recorder.reached(last)
    const stored = (await logs[0].read(undefined, 3)).records
    const others = [(await logs[1].read(undefined, 3)).records, ...recorders.map(({ records }) => records)]
    for (const records of others) t.ok(records.length === 3 && records.every((record, index) => record === stored[index]))
  })
}
