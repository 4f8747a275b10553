import t from 'tap'
import type { Carrier } from '../../lib/stream/carrier.js'
import { type FrameOutlet, FramePump } from '../../lib/stream/frame-pump.js'
import { type FrameCarrier, type FrameIterable, type Frames, type FrameSource, type FrameTaker, kFrames } from '../../lib/stream/frame-source.js'
import { shareFrames } from '../../lib/stream/shared-frames.js'
import { deferred } from '../helpers/deferred.js'

/** A source and an outlet of which a test says everything. */
function setting () {
  const ready: Frames[] = []
  const taken: string[] = []
  const forgotten: FramePump[] = []
  const source = {
    ended: undefined as FrameSource['ended'],
    failure: undefined as Error | undefined,
    stopped: 0,
    /** Whether the frames that are read last are a final event. */
    isFinal: false,
    read (): Frames | undefined {
      if (source.failure !== undefined) throw source.failure
      const frames = ready.shift()
      if (source.isFinal && ready.length === 0) source.ended = 'final'
      return frames
    },
    offerTo (to: FrameTaker) { taker = to },
    stop () { source.stopped++ }
  }
  let taker: FrameTaker | undefined
  let carrierOfSource: FrameCarrier | undefined
  const iterable = {
    streams: [],
    [kFrames]: (carrier: FrameCarrier) => {
      carrierOfSource = carrier
      return source
    }
  } as unknown as FrameIterable
  let room = deferred<unknown>()
  const outlet = {
    ends: [] as string[],
    carrier: { endFor: (reason: string) => { outlet.ends.push(reason) } } as unknown as Carrier,
    final: new Set(['done']),
    marksEnd: true,
    done: false,
    /** Frames that are taken before there is no room. */
    capacity: Infinity,
    finals: 0,
    firstEvents: 0,
    asked: 0,
    write: ({ bytes }: Frames): void => {
      taken.push(bytes.toString())
      outlet.capacity--
    },
    sink: {
      get hasSharedRoom () { return outlet.capacity > 0 },
      writeShared: (frames: Frames) => { outlet.write(frames) },
      offer: (frames: Frames) => {
        if (outlet.capacity <= 0) return false
        outlet.write(frames)
        return true
      }
    },
    beginFrames: () => outlet.sink,
    room: async () => {
      outlet.asked++
      await room.promise
    },
    onFirstEvent: () => { outlet.firstEvents++ },
    endWithFinal: () => {
      outlet.finals++
      outlet.done = true
    }
  }
  return {
    source,
    outlet,
    taken,
    carrier: () => carrierOfSource,
    taker: () => taker,
    forgotten,
    start: () => new FramePump(iterable, outlet satisfies FrameOutlet, { forgetFrames: pump => { forgotten.push(pump) } }),
    publish: (...texts: string[]) => {
      ready.push(...texts.map(text => shareFrames(text, 1)))
      carrierOfSource?.onReadable()
    },
    drain: async (capacity: number) => {
      outlet.capacity = capacity
      room.resolve(undefined)
      room = deferred()
      await new Promise(setImmediate)
    }
  }
}

/** Whether a promise has settled by now. */
async function isSettled (promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  return await Promise.race([promise.catch(() => {}), new Promise(setImmediate).then(() => pending)]) !== pending
}

t.test('tells the source what carries it, and moves what is ready when it says so', async t => {
  const { start, publish, taken, carrier, outlet } = setting()
  publish('a')
  const pump = start()
  t.match(carrier(), { carrier: outlet.carrier, final: outlet.final, marksEnd: true })
  t.strictSame(taken, ['a'])
  publish('b', 'c')
  t.strictSame(taken, ['a', 'b', 'c'])
  t.equal(outlet.asked, 0)
  t.equal(await isSettled(pump.ended), false)
})

t.test('reads nothing as long as there is no room', async t => {
  const { start, publish, taken, outlet, drain } = setting()
  outlet.capacity = 2
  start()
  publish('a', 'b', 'c')
  publish('d')
  t.strictSame(taken, ['a', 'b'])
  t.equal(outlet.asked, 1)
  await drain(1)
  t.strictSame(taken, ['a', 'b', 'c'])
  await drain(5)
  t.strictSame(taken, ['a', 'b', 'c', 'd'])
  publish('e')
  t.strictSame(taken, ['a', 'b', 'c', 'd', 'e'])
})

t.test('the source may offer what comes, and does so past the pump when the first event was taken', async t => {
  const { start, outlet, taken, taker } = setting()
  const pump = start()
  t.equal(taker(), pump)
  outlet.capacity = 0
  t.equal(pump.offer(shareFrames('no room', 1)), false)
  outlet.capacity = Infinity
  t.equal(pump.offer(shareFrames('a comment', 0)), true)
  t.strictSame([taker(), outlet.firstEvents], [pump, 0])
  t.equal(pump.offer(shareFrames('a', 1)), true)
  t.strictSame([taker(), outlet.firstEvents], [outlet.sink, 1])
  t.strictSame(taken, ['a comment', 'a'])
})

t.test('tells of the first event once, where it was read', async t => {
  const { start, publish, outlet, taker } = setting()
  publish('a', 'b')
  start()
  publish('c')
  t.strictSame([taker(), outlet.firstEvents], [outlet.sink, 1])
})

t.test('what has nothing to write to any more takes nothing', async t => {
  const { start, publish, taken, outlet, source } = setting()
  outlet.beginFrames = (): never => undefined as never
  const pump = start()
  publish('a')
  await pump.ended
  t.strictSame([taken, source.stopped], [[], 1])
})

t.test('ends with its source', async t => {
  const { start, publish, source } = setting()
  const pump = start()
  publish('a')
  source.ended = 'complete'
  publish()
  await pump.ended
})

t.test('what it reads was closed: so is the stream, before it could count as complete', async t => {
  const { start, publish, source, outlet } = setting()
  const pump = start()
  source.ended = 'shutdown'
  publish()
  t.strictSame(outlet.ends, ['shutdown'])
  await pump.ended
})

t.test('ends after a final event, whether or not there is room', async t => {
  for (const capacity of [Infinity, 1]) {
    const { start, publish, source, outlet, taken, drain } = setting()
    const pump = start()
    source.isFinal = true
    outlet.capacity = capacity
    publish('a')
    t.equal(outlet.finals, 1)
    await drain(Infinity)
    await pump.ended
    t.strictSame(taken, ['a'])
  }
})

t.test('moves nothing to an outlet that is done', async t => {
  const { start, publish, outlet, taken, source } = setting()
  const pump = start()
  outlet.done = true
  publish('a')
  t.strictSame(taken, [])
  t.equal(await isSettled(pump.ended), false)
  pump.stop()
  await pump.ended
  t.equal(source.stopped, 1)
})

t.test('an outlet may be done while it waits for room', async t => {
  const { start, publish, outlet, taken, drain } = setting()
  const pump = start()
  outlet.capacity = 1
  publish('a', 'b')
  outlet.done = true
  await drain(Infinity)
  t.strictSame(taken, ['a'])
  pump.stop()
  await pump.ended
})

t.test('rejects with what the source has failed with', async t => {
  const { start, publish, source } = setting()
  const pump = start()
  source.failure = new Error('failed')
  publish()
  await t.rejects(pump.ended, { message: 'failed' })
})

t.test('is forgotten with its end, which comes once', async t => {
  const { start, publish, source, forgotten } = setting()
  const pump = start()
  t.notOk(pump.isOver)
  source.ended = 'complete'
  publish()
  await pump.ended
  source.failure = new Error('late')
  pump.stop()
  t.ok(pump.isOver)
  t.equal(forgotten[0], pump)
})

t.test('rejects with what the outlet has failed with', async t => {
  const taking = setting()
  const first = taking.start()
  taking.outlet.write = () => { throw new Error('taking') }
  taking.publish('a')
  await t.rejects(first.ended, { message: 'taking' })

  const waiting = setting()
  waiting.outlet.capacity = 1
  waiting.outlet.room = async () => { throw new Error('waiting') }
  const second = waiting.start()
  waiting.publish('a')
  await t.rejects(second.ended, { message: 'waiting' })
})
