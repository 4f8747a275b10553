import { mock } from 'node:test'
import type { FastifyBaseLogger } from 'fastify'
import t from 'tap'
import type { FrameOutlet } from '../../lib/stream/frame-pump.js'
import { type FrameIterable, kFrames } from '../../lib/stream/frame-source.js'
import type { Outlet } from '../../lib/stream/pump.js'
import { Sources } from '../../lib/stream/sources.js'
import { Streams } from '../../lib/stream/streams.js'
import { deferred } from '../helpers/deferred.js'

function setting () {
  const warnings: Array<{ fields: Record<string, unknown>, text: string }> = []
  const log = { warn: (fields: Record<string, unknown>, text: string) => { warnings.push({ fields, text }) } } as unknown as FastifyBaseLogger
  const streams = new Streams(0)
  const taken: unknown[] = []
  const outlet: Outlet = { done: false, take: event => taken.push(event) > 0, room: async () => {} }
  return { sources: new Sources(streams, log, 'GET /prices'), streams, warnings, taken, outlet }
}

const WARNING = 'the source of an event stream goes on though its stream has ended; it should listen to reply.sse.signal'

t.test('takes all events of a source, and forgets it', async t => {
  const { sources, streams, taken, outlet } = setting()
  await sources.add((async function * () { yield * [1, 2] })(), outlet)
  t.strictSame(taken, [1, 2])
  sources.stop()
  t.equal(streams.unfinished, 0)
})

t.test('rejects with what a source throws, and with what is no source', async t => {
  const { sources, streams, outlet } = setting()
  const failure = new Error('failed')
  await t.rejects(sources.add((async function * () { throw failure })(), outlet), failure)
  await t.rejects(sources.add(7, outlet), { code: 'FST_ERR_SSE_ITERATOR_INVALID' })
  sources.stop()
  t.equal(streams.unfinished, 0)
})

t.test('a source that does not end when it is asked is reported until it does', async t => {
  const { sources, streams, outlet, warnings, taken } = setting()
  const gate = deferred()
  const added = sources.add((async function * () {
    await gate.promise
    yield 1
  })(), outlet)
  sources.stop()
  t.equal(streams.unfinished, 1)
  sources.stop()
  t.equal(streams.unfinished, 1, 'once')
  gate.resolve()
  await added
  t.equal(streams.unfinished, 0)
  t.strictSame([warnings, taken], [[], [1]])
})

t.test('what has not ended after 30 s is warned of', async t => {
  const now = 1_000 // whole, so that nothing is lost by adding
  const { mock: clock } = mock.method(performance, 'now', () => now)
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => {
    mock.timers.reset()
    clock.restore()
  })
  const { sources, outlet, warnings } = setting()
  void sources.add({ [Symbol.asyncIterator]: () => ({ next: async () => await new Promise(() => {}) }) }, outlet)
  sources.stop()
  clock.mockImplementation(() => now + 30_000)
  mock.timers.tick(1_000)
  const expected = [{ fields: { route: 'GET /prices', pendingMs: 30_000 }, text: WARNING }]
  t.strictSame(warnings, expected)
  sources.stop()
  mock.timers.tick(1_000)
  t.strictSame(warnings, expected, 'once')
})

t.test('what a source throws as it cleans up is logged', async t => {
  const { sources, outlet, warnings } = setting()
  const failure = new Error('failed')
  void sources.add({ [Symbol.asyncIterator]: () => ({ next: async () => await new Promise(() => {}), return: async () => { throw failure } }) }, outlet)
  sources.stop()
  await new Promise(setImmediate)
  t.strictSame(warnings.map(({ fields, text }) => [fields['err'], text]), [[failure, 'the source of an event stream failed to clean up']])
})

t.test('a source of frames ends as it ends, and is stopped in any case', async t => {
  for (const failure of [undefined, new Error('failed')]) {
    const { sources } = setting()
    let onReadable = (): void => {}
    const source = {
      ended: undefined as 'complete' | undefined,
      stopped: 0,
      read () { if (this.ended !== undefined && failure !== undefined) throw failure },
      offerTo () {},
      stop () { this.stopped++ }
    }
    const iterable = {
      [kFrames]: (carrier: { onReadable: () => void }) => {
        onReadable = () => { carrier.onReadable() }
        return source
      }
    } as unknown as FrameIterable
    const added = sources.addFrames(iterable, { done: false, beginFrames: () => ({ hasSharedRoom: true, writeShared () {} }) } as unknown as FrameOutlet)
    source.ended = 'complete'
    onReadable()
    await (failure === undefined ? added : t.rejects(added, failure))
    t.equal(source.stopped, 1)
    sources.stop()
    t.equal(source.stopped, 1, 'it was forgotten')
  }
})

t.test('stopping stops sources of frames, which are never unfinished', async t => {
  const { sources, streams } = setting()
  let stopped = 0
  const iterable = { [kFrames]: () => ({ read () {}, offerTo () {}, ended: undefined, stop: () => { stopped++ } }) } as unknown as FrameIterable
  const added = sources.addFrames(iterable, { done: false, beginFrames: () => ({ hasSharedRoom: true, writeShared () {} }) } as unknown as FrameOutlet)
  sources.stop()
  await added
  t.ok(stopped > 0)
  t.equal(streams.unfinished, 0)
})
