import t from 'tap'
import type { Left, Question } from './fixtures/channel-leaks.js'
import { Program } from './program.js'
import { SCALE } from './random.js'

const VISITS = 60 * SCALE
const BATCHES = 7
/** What the engine itself still learns in a batch of visits, after the first few. A subscription that is kept takes thousands. */
const HEAP_NOISE_BYTES = 512 * 1024

t.setTimeout(180_000 * SCALE)

const NOTHING = { subscribers: [0, 0, 0, 0], follows: 0, signalListeners: 0, present: 0, waitingReads: 0 }

t.test('thousands of subscribers that come and go at every stage leave nothing behind', async t => {
  const program = new Program(t, 'channel-leaks')
  const ask = async <Answer = Left>(ask: Question['ask']): Promise<Answer> => await program.ask<Answer>({ ask, visits: VISITS } satisfies Question)
  const batches: Left[] = [await ask('visit')]
  while (batches.length < BATCHES) batches.push(await ask('visit'))

  t.comment(JSON.stringify(batches[0]))
  for (const left of batches) {
    t.match(left, NOTHING)
    t.ok(left.arrived > left.visits, 'and all of them had come')
    for (const reason of ['client', 'expired', 'slow', 'error', 'complete']) t.ok(left.reasons[reason] as number > 0, `some left for ${reason}`)
    t.equal(left.timers, batches[0]?.timers)
  }
  t.ok(batches.reduce((sum, { visits }) => sum + visits, 0) > 50 * VISITS)
  t.same(await ask('count'), { Exchange: 0, Subscription: 0, SubscriptionIterator: 0, Feed: 0 })

  const heap = batches.map(({ heapUsed }) => heapUsed)
  const grownBytes = (heap.at(-1) ?? Infinity) - (heap.at(-2) ?? 0)
  t.ok(grownBytes < HEAP_NOISE_BYTES, `the heap has grown by ${grownBytes} bytes`)
  t.comment(`${batches.length} batches of ${batches[0]?.visits} visits, heap ${heap.join(' ')}`)
})

for (const how of ['close channels', 'close app'] as const) {
  t.test(`nothing is left after an end by '${how}' either`, async t => {
    const program = new Program(t, 'channel-leaks')
    const left = await program.ask<Left>({ ask: how, visits: 0 } satisfies Question)
    t.match(left, NOTHING)
    t.ok(left.visits >= 200 && left.arrived > left.visits, `${left.visits} subscribers were there`)
    t.same(await program.ask({ ask: 'count', visits: 0 }), { Exchange: 0, Subscription: 0, SubscriptionIterator: 0, Feed: 0 })
    t.comment(JSON.stringify(left))
  })
}
