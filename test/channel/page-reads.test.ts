import t from 'tap'
import { PageReads } from '../../lib/channel/page-reads.js'
import { deferred } from '../helpers/deferred.js'
import { settled } from './fixtures.js'

const wanted = (): boolean => true

t.test('reads at once as long as there is room', async t => {
  const reads = new PageReads(1)
  t.equal(await reads.run(async () => 'page', wanted), 'page')
  t.equal(reads.running, 1, 'until the next turn')
  await settled(1)
  t.equal(reads.running, 0)
})

t.test('lets no more than its limit read at a time, and the rest in the order in which they came', async t => {
  const reads = new PageReads(2)
  const gates = Array.from({ length: 5 }, () => deferred())
  const begun: number[] = []
  const pages = gates.map(async ({ promise }, index) => await reads.run(async () => {
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
  const reads = new PageReads(1)
  let isSecondRead = false
  const first = reads.run(async () => {}, wanted)
  const second = reads.run(async () => { isSecondRead = true }, wanted)
  await first
  for (let i = 0; i < 100; i++) await Promise.resolve()
  t.equal(isSecondRead, false)
  await second
  t.equal(isSecondRead, true)
})

t.test('does not read for those who gave up while they waited, and gives their place on', async t => {
  const reads = new PageReads(1)
  const gate = deferred()
  let isWanted = true
  const first = reads.run(async () => { await gate.promise }, wanted)
  const second = reads.run(async () => t.fail('was read'), () => isWanted)
  const third = reads.run(async () => 'third', wanted)
  isWanted = false
  gate.resolve()
  await first
  t.equal(await second, undefined)
  t.equal(await third, 'third')
})

t.test('one that fails frees its place', async t => {
  const reads = new PageReads(1)
  const failure = new Error('broken')
  await t.rejects(reads.run(async () => { throw failure }, wanted), failure)
  t.equal(await reads.run(async () => 'page', wanted), 'page')
  await settled(1)
  t.equal(reads.running, 0)
})
