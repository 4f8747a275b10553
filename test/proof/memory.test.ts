import t, { type Test } from 'tap'
import type { CloseRecord } from '../../types/sink.js'
import { connect, eventsOf } from '../helpers/event-stream-client.js'
import type { Measured, Question } from './fixtures/memory.js'
import { Program } from './program.js'

const EVENTS = 100_000
const MAX_GROWTH_BYTES = 16 * 1024 * 1024

t.setTimeout(180_000)

/** A server that has sent 100,000 events to a client that reads, and what it takes after that: V8 makes room for garbage. */
async function startServer (t: Test, path: string): Promise<{ url: string, ask: <Answer = Measured>(question: Question) => Promise<Answer>, warm: Measured }> {
  const program = new Program(t, 'memory')
  const { port } = await program.ask<{ port: number }>()
  const url = `http://127.0.0.1:${port}`
  const ask = async <Answer = Measured>(question: Question): Promise<Answer> => await program.ask<Answer>(question)
  await readAll(t, url + path)
  return { url, ask, warm: await ask({ ask: 'measure' }) }
}

/** Reads all events, and asserts that they come once each, in their order. */
async function readAll (t: Test, from: string | AsyncIterable<unknown>): Promise<void> {
  let n = 0
  for await (const { event, data } of eventsOf(typeof from === 'string' ? await connect(t, from) : from)) {
    if (event !== 'note' || !data.startsWith(`"${n} .`)) throw new Error(`event ${n} is ${data.slice(0, 20)}`)
    n++
  }
  t.equal(n, EVENTS, 'every event has arrived once, in order')
}

for (const path of ['/generator', '/sink']) {
  t.test(`${path}: a client that does not read pauses the source of 100,000 events`, async t => {
    const { url, ask, warm } = await startServer(t, path)
    const response = await connect(t, url + path)
    const stuck = await ask({ ask: 'stuck', run: 1 })
    const made = stuck.made[1] ?? 0
    t.ok(made > 0 && made < EVENTS / 10, `${made} events were made`)
    assertGrowth(t, warm, stuck)

    await readAll(t, url + path)
    const later = await ask({ ask: 'measure' })
    t.same(later.made, [EVENTS, made, EVENTS], 'no further one, while another client has read all of them')
    assertGrowth(t, warm, later)

    await readAll(t, response)
    assertGrowth(t, warm, await ask({ ask: 'measure' }))
  })
}

t.test('a client that does not read is cut off from a sink that does not wait', async t => {
  const { url, ask, warm } = await startServer(t, '/sink')
  const response = await connect(t, `${url}/careless`)
  const { reason, events } = await ask<CloseRecord>({ ask: 'closed', run: 1 })
  t.equal(reason, 'slow')
  t.ok(events < EVENTS / 10, `after ${events} events`)
  assertGrowth(t, warm, await ask({ ask: 'measure' }))
  await t.rejects(response.toArray(), { code: 'ECONNRESET' }, 'what it gets does not look complete')
})

function assertGrowth (t: Test, before: Measured, after: Measured): void {
  for (const what of ['rssBytes', 'peakRssBytes'] as const) {
    const grown = after[what] - before[what]
    t.ok(grown < MAX_GROWTH_BYTES, `${what} has grown by ${(grown / 2 ** 20).toFixed(1)} MiB from ${(before[what] / 2 ** 20).toFixed(0)} MiB`)
  }
}
