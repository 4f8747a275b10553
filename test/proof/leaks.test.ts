import t from 'tap'
import type { Visited } from './fixtures/leaks.js'
import { Program } from './program.js'

const BATCHES = 5
const CYCLES_PER_STAGE = 220
/** What the engine itself still learns in a batch of visits, after the first few: some ten bytes for each. A stream that is kept takes thousands. */
const HEAP_NOISE_BYTES = 512 * 1024
/** Node.js itself has some timers and sockets that come and go. */
const OBJECT_NOISE = 5

t.setTimeout(180_000)

t.test('10,000 clients that come and go at every stage leave nothing behind', async t => {
  const program = new Program(t, 'leaks')
  const batches: Visited[] = [await program.ask({ cycles: CYCLES_PER_STAGE })]
  const countedBefore = await program.ask<Record<string, number>>()
  while (batches.length < BATCHES) batches.push(await program.ask({ cycles: CYCLES_PER_STAGE }))
  const countedAfter = await program.ask<Record<string, number>>()

  t.ok(batches.reduce((sum, { cycles }) => sum + cycles, 0) >= 10_000)
  const [warmUp] = batches as [Visited, ...Visited[]]
  for (const { entered, seenUnfinished, signals, left, socketListeners, listeners, resources } of batches) {
    t.ok(entered > CYCLES_PER_STAGE * 10, 'sources were started')
    t.equal(seenUnfinished, CYCLES_PER_STAGE * 2, 'those that go on were known until they ended')
    t.ok(signals > CYCLES_PER_STAGE * 5, 'signals were listened to')
    t.same(left, { generators: 0, streams: 0, stopping: 0, connections: 0, signalListeners: 0 })
    t.equal(socketListeners.length, 1, 'a connection that is used again has as many listeners as a new one')
    t.same(listeners, warmUp.listeners)
    t.same(resources, warmUp.resources)
  }

  t.equal(countedAfter['Exchange'], 0)
  for (const [name, count] of Object.entries(countedAfter)) {
    t.ok(count <= (countedBefore[name] ?? 0) + OBJECT_NOISE, `${name}: ${countedBefore[name]} before, ${count} after`)
  }

  const heap = batches.map(({ heapUsed }) => heapUsed)
  const grownBytes = (heap.at(-1) ?? Infinity) - (heap.at(-2) ?? 0)
  t.ok(grownBytes < HEAP_NOISE_BYTES, `the heap has grown by ${grownBytes} bytes`)
  t.comment(`${JSON.stringify(warmUp.seconds)} ${heap.join(' ')}`)
})
