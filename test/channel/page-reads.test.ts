import t from 'tap'
import { PageReads } from '../../lib/channel/page-reads.js'
import { deferred } from '../helpers/deferred.js'
import { seeded } from '../proof/random.js'
import { settled } from './fixtures.js'

const wanted = (): boolean => true

t.test('reads at once as long as there is room', async t => {
  const reads = new PageReads(1, Infinity)
  t.equal(await reads.run({}, async () => 'page', wanted), 'page')
  t.equal(reads.running, 1, 'until the next turn')
  await settled(1)
  t.equal(reads.running, 0)
})

t.test('lets no more than its limit read at a time, and the rest in the order in which they came', async t => {
  const reads = new PageReads(2, Infinity)
  const gates = Array.from({ length: 5 }, () => deferred())
  const begun: number[] = []
  const pages = gates.map(async ({ promise }, index) => await reads.run({}, async () => {
    begun.push(index)
    await promise
    return index
  }, wanted))
  t.strictSame(begun, [0, 1])
  t.strictSame([reads.running, reads.waiting], [2, 3])
  gates[1]?.resolve()
  await settled()
  t.strictSame(begun, [0, 1, 2])
  t.strictSame([reads.running, reads.waiting], [2, 2])
  for (const { resolve } of gates) resolve()
  t.strictSame(await Promise.all(pages), [0, 1, 2, 3, 4])
  t.strictSame(begun, [0, 1, 2, 3, 4])
  await settled()
  t.strictSame([reads.running, reads.waiting], [0, 0])
})

t.test('the place of one who has finished is given on in the next turn of the event loop', async t => {
  const reads = new PageReads(1, Infinity)
  let isSecondRead = false
  const first = reads.run({}, async () => {}, wanted)
  const second = reads.run({}, async () => { isSecondRead = true }, wanted)
  await first
  for (let i = 0; i < 100; i++) await Promise.resolve()
  t.equal(isSecondRead, false)
  await second
  t.equal(isSecondRead, true)
})

t.test('who has gone waits no more, and nothing is read for it', async t => {
  const reads = new PageReads(1, Infinity)
  const gate = deferred()
  const second = {}
  const pages = [
    reads.run({}, async () => { await gate.promise }, wanted),
    reads.run(second, async () => t.fail('was read'), wanted),
    reads.run({}, async () => 'third', wanted)
  ]
  reads.leave(second)
  t.equal(reads.waiting, 1)
  t.equal(await pages[1], undefined)
  reads.leave(second)
  reads.leave({})
  t.strictSame([reads.running, reads.waiting], [1, 1], 'no place is lost or won by that')
  gate.resolve()
  t.equal(await pages[2], 'third')
  await settled()
  t.strictSame([reads.running, reads.waiting], [0, 0])
})

t.test('does not read for those who go when their turn has come', async t => {
  const reads = new PageReads(1, Infinity)
  let isWanted = true
  const first = reads.run({}, async () => {}, wanted)
  const second = reads.run({}, async () => t.fail('was read'), () => isWanted)
  const third = reads.run({}, async () => 'third', wanted)
  isWanted = false
  await first
  t.equal(await second, undefined)
  t.equal(await third, 'third')
})

t.test('when too many wait, the next one is turned away until one of them has gone or had its turn', async t => {
  const reads = new PageReads(1, 2)
  const gate = deferred()
  const overloaded = {
    code: 'FST_ERR_SSE_REPLAY_OVERLOADED',
    statusCode: 503,
    message: 'more than 2 subscribers wait to read the history of channels; this one should come back later'
  }
  const begun: number[] = []
  const run = async (n: number, reader = {}): Promise<void> => {
    await reads.run(reader, async () => {
      begun.push(n)
      await gate.promise
    }, wanted)
  }
  const third = {}
  const pages = [run(1), run(2), run(3, third)]
  await t.rejects(run(4), overloaded)
  reads.leave(third)
  pages.push(run(5))
  await t.rejects(run(6), overloaded)
  gate.resolve()
  await Promise.all(pages)
  t.strictSame(begun, [1, 2, 5])
  await settled()
  await run(7)
  await settled()
  t.strictSame([reads.running, reads.waiting], [0, 0])
})

t.test('with nobody allowed to wait, only who can read at once does', async t => {
  const reads = new PageReads(1, 0)
  const first = reads.run({}, async () => 'first', wanted)
  await t.rejects(reads.run({}, async () => t.fail('was read'), wanted), { code: 'FST_ERR_SSE_REPLAY_OVERLOADED' })
  t.equal(await first, 'first')
  await settled()
  t.equal(await reads.run({}, async () => 'second', wanted), 'second')
})

t.test('readers that come, go and have their turn in any order are served in the order in which they came', async t => {
  const random = seeded(t)
  const reads = new PageReads(2, Infinity)
  const expected: number[] = []
  const begun: number[] = []
  let waiting: Array<{ reader: object, n: number }> = []
  const gates: Array<() => void> = []
  const pages: Array<Promise<unknown>> = []
  for (let n = 0; n < 3_000; n++) {
    const kind = random.below(4)
    if (kind < 2) {
      const reader = {}
      if (reads.running < 2) expected.push(n)
      else waiting.push({ reader, n })
      pages.push(reads.run(reader, async () => {
        begun.push(n)
        await new Promise<void>(resolve => { gates.push(resolve) })
      }, wanted))
    } else if (kind === 2 && waiting.length > 0) {
      const gone = waiting[random.below(waiting.length)]
      waiting = waiting.filter(each => each !== gone)
      reads.leave(gone?.reader as object)
    } else if (gates.length > 0) {
      gates.shift()?.()
      const next = waiting.shift()
      if (next !== undefined) expected.push(next.n)
      await settled(2)
    }
    if (reads.waiting !== waiting.length) throw new Error(`${reads.waiting} wait instead of ${waiting.length}`)
  }
  while (reads.running > 0) {
    const next = waiting.shift()
    if (next !== undefined) expected.push(next.n)
    gates.shift()?.()
    await settled(2)
  }
  await Promise.all(pages)
  t.strictSame(begun, expected)
})

t.test('one that fails frees its place', async t => {
  const reads = new PageReads(1, Infinity)
  const failure = new Error('broken')
  await t.rejects(reads.run({}, async () => { throw failure }, wanted), failure)
  t.equal(await reads.run({}, async () => 'page', wanted), 'page')
  await settled(1)
  t.equal(reads.running, 0)
})
