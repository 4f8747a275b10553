import t from 'tap'
import type { Measured, Question } from './fixtures/channel-topics.js'
import { Program } from './program.js'

const TOPICS = 100_000
const RETAINED = 1_000
/** What the engine learns on the way. A topic that is kept takes a hundred. */
const NOISE_BYTES = 10 * TOPICS

t.setTimeout(120_000)

t.test('100,000 topics take memory for what is retained of them, and each event is looked at by those alone who want it', async t => {
  const program = new Program(t, 'channel-topics')
  const ask = async (question: Question): Promise<Measured> => await program.ask<Measured>(question)
  const few = await ask({ topics: 2 * RETAINED })
  const many = await ask({ topics: TOPICS })
  t.ok(many.messages <= RETAINED, `${many.messages} messages are in memory`)
  const grownBytes = many.heapBytes - few.heapBytes
  t.ok(grownBytes < NOISE_BYTES, `the heap has grown by ${grownBytes} bytes`)

  const followed = await ask({ subscribe: 10_000, topics: TOPICS })
  t.equal(followed.subscribers, 10_001)
  // One for each of the first 10,000 topics; and 11,111 of all begin with 1.
  t.equal(followed.got, 10_000 + 11_111)
  t.equal(followed.asked, followed.got, 'nobody else was asked')

  const after = await ask({ subscribe: 0, topics: 2 * RETAINED })
  t.equal(after.subscribers, 0)
  t.equal(after.asked, 0)
  const keptBytes = after.heapBytes - many.heapBytes
  t.ok(keptBytes < 3 * NOISE_BYTES, `the heap has kept ${keptBytes} bytes`)
  t.comment(`heap ${[few, many, followed, after].map(({ heapBytes }) => heapBytes).join(' ')}`)
})
