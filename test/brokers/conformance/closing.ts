import type { Test } from 'tap'
import { dataOf, note, numbered, appendAll, readAll, uniqueName, type Harness } from './harness.js'
import { isLost } from './reading.js'
import { Recorder } from './recorder.js'

const CLOSED = { code: 'FST_ERR_SSE_CHANNEL_CLOSED' }

/** What is left after an end. */
export async function closing (t: Test, harness: Harness): Promise<void> {
  await t.test('a log that was closed refuses everything', async t => {
    const log = harness.log(t)
    const position = await log.append(note('a'))
    await harness.close(log)
    await t.rejects(log.append(note('b')), CLOSED)
    await t.rejects(log.append(note('b'), 'key'), CLOSED)
    await t.rejects(log.head(), CLOSED)
    await t.rejects(log.read(position, 1), CLOSED)
    t.throws(() => log.follow({ begin () {}, receive () {} }), CLOSED)
  })

  await t.test('those who follow a log that is closed are not called again, others who have it open are', async t => {
    const [first, second] = harness.logs(t)
    const [goes, begins, stays] = [new Recorder(first), new Recorder(first), new Recorder(second)]
    await goes.begun()
    await stays.begun()
    const last = await second.append(note('a'))
    await Promise.all([goes.reached(last), stays.reached(last)])
    await begins.begun()
    const late = new Recorder(first)
    await harness.close(first)
    await stays.reached(await second.append(note('b')))
    t.strictSame(dataOf(goes.records), ['a'])
    t.strictSame(dataOf(stays.records), ['a', 'b'])
    t.strictSame(late.begins.length, 0)
    goes.stop() // as the channel may do late
    t.strictSame(dataOf(await readAll(second)), ['a', 'b'])
  })

  await t.test('closing does not leave what was called before it without an answer', async t => {
    const log = harness.log(t)
    const calls = Promise.allSettled([log.append(note('a')), log.head(), log.read(undefined, 1), log.append(note('b'), 'key')])
    await harness.close(log)
    for (const outcome of await calls) t.ok(outcome.status === 'fulfilled' || CLOSED.code === (outcome.reason as { code: string }).code)
  })

  await t.test('who opens a log again finds its records, or another epoch', async t => {
    const name = uniqueName()
    const before = harness.log(t, undefined, { name })
    const positions = await appendAll(before, numbered(5))
    await harness.close(before)
    const log = harness.log(t, undefined, { name })
    const end = await log.head()
    for (const [index, position] of positions.entries()) {
      if (end.epoch === position.epoch) t.strictSame(dataOf(await readAll(log, position)), numbered(5).slice(index + 1))
      else await isLost(t, log, position)
    }
    const later = await log.append(note('later'))
    t.equal(later.epoch, end.epoch)
    t.strictSame(dataOf(await readAll(log, end)), ['later'])
  })

  await t.test('what somebody else has open goes on when a broker is closed', async t => {
    const { broker, second, stop } = await harness.create()
    t.teardown(stop)
    const name = uniqueName()
    const closes = harness.open(t, broker, { name })
    const others = [harness.open(t, broker, { name }), harness.open(t, second, { name })] as const
    await closes.append(note('a'))
    await harness.close(closes)
    await broker.close()
    const recorders = others.map(log => new Recorder(log))
    for (const recorder of recorders) await recorder.begun()
    const last = await others[0].append(note('b'))
    for (const recorder of recorders) {
      await recorder.reached(last)
      t.strictSame(dataOf(recorder.records), ['b'])
    }
    t.strictSame(dataOf(await readAll(others[1])), ['a', 'b'])
  })

  await t.test('a broker can be closed unused, and again', async t => {
    const { broker, stop } = await harness.create()
    t.teardown(stop)
    await broker.close()
    await broker.close()
  })
}
