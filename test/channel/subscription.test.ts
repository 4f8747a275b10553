import { getEventListeners } from 'node:events'
import { mock } from 'node:test'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import { Batch } from '../../lib/channel/batch.js'
import type { Feed, FeedReader } from '../../lib/channel/feed.js'
import { plainIds } from '../../lib/channel/ids.js'
import type { Message } from '../../lib/channel/message.js'
import type { Owner } from '../../lib/channel/owner.js'
import type { Part } from '../../lib/channel/part.js'
import { PositionTimer } from '../../lib/channel/position-timer.js'
import { Subscription } from '../../lib/channel/subscription.js'
import { FST_ERR_SSE_REPLAY_OVERLOADED } from '../../lib/errors.js'
import { carriedStream, eventStream } from '../../lib/schema/event-stream.js'
import type { Carrier, EarlyEnd, Missed } from '../../lib/stream/carrier.js'
import { type FrameCarrier, type FrameTaker, type FrameSource, isFrameIterable, kFrames } from '../../lib/stream/frame-source.js'
import type { EventStream } from '../../types/event.js'
import type { CloseReason } from '../../types/sink.js'
import { at, message } from './fixtures.js'

const stream = eventStream({ note: Type.Number() }) as unknown as EventStream

/** A feed and its channel, of which a test says everything. */
class FakePart implements Part {
  readonly channel = { name: 'notes' }
  readonly stream = stream
  readonly expiresAtMs: number
  reader: FeedReader | undefined
  started = 0
  stopped = 0
  items: Message[] = []
  waiting = 0
  isFinished = false
  readonly arrivals: Array<() => void> = []
  readonly departures: CloseReason[] = []
  onArrive = (): void => {}
  readonly feed = this as unknown as Feed

  constructor (expiresAtMs = Infinity) {
    this.expiresAtMs = expiresAtMs
  }

  readonly onGap = (): void => {}
  readonly join = (messages: readonly Message[]) => new Batch(messages).frames

  readonly arrive = (finish: () => void) => {
    this.arrivals.push(finish)
    this.onArrive()
    return (reason: CloseReason) => { this.departures.push(reason) }
  }

  // The feed:
  readonly ids = plainIds
  readonly hasBegun = true
  position = at(0)
  get isOver (): boolean { return this.isFinished && this.items.length === 0 }
  get isCurrent (): boolean { return !this.isFinished && this.items.length === 0 }
  taker: FrameTaker | undefined
  offerTo (taker: FrameTaker): void { this.taker = taker }
  start (reader: FeedReader): void {
    this.reader = reader
    this.started++
  }

  finish (): void { this.isFinished = true }
  stop (): Missed {
    this.stopped++
    const dropped = this.items.length
    this.items = []
    return { conflated: 1, dropped }
  }

  takeBatch (): undefined {}
  take (): Message | undefined {
    const item = this.items.shift()
    if (item !== undefined) this.position = at(item.offset as number)
    return item
  }

  publish (...offsets: number[]): boolean | undefined {
    this.items.push(...offsets.map(offset => message(offset)))
    return this.reader?.onReady()
  }
}

class FakeCarrier implements Carrier {
  readonly controller = new AbortController()
  readonly resumesFrom = undefined
  gaps = 0
  readonly signal = this.controller.signal
  reason: CloseReason | undefined
  maxBufferedBytes = 100
  readonly ends: string[] = []
  readonly missed: Missed[] = []
  addMissed (missed: Missed): void {
    this.missed.push(missed)
  }

  endFor (reason: EarlyEnd): void {
    this.ends.push(reason)
    this.reason = reason
  }
}

interface Setting { subscription: Subscription, timer: PositionTimer, parts: FakePart[], carrier: FakeCarrier }

function setting ({ parts = [new FakePart()], isOfRequest = false, signal }: { parts?: FakePart[], isOfRequest?: boolean, signal?: AbortSignal } = {}): Setting {
  const timer = new PositionTimer(1_000)
  const carrier = new FakeCarrier()
  const owner: Owner = { carrier: isOfRequest ? carrier : undefined, signal, lastEventId: undefined, maxBufferedBytes: 50, timer }
  return { subscription: new Subscription(parts, owner, parts.map(() => 'e.0').join('~')), timer, parts, carrier }
}

/** Opens it as the stream of a response does. */
function framed (subscription: Subscription, carrier: FakeCarrier, final: string[] = []): { frames: FrameSource, readable: () => number } {
  let readable = 0
  let isOpen = false
  const frames = subscription[kFrames]({
    carrier,
    final: new Set(final),
    marksEnd: true,
    onReadable: () => {
      if (!isOpen) throw new Error('called before there is anything to read from')
      readable++
    }
  } satisfies FrameCarrier)
  isOpen = true
  return { frames, readable: () => readable }
}

const iterate = (subscription: Subscription): AsyncIterator<unknown> => subscription[Symbol.asyncIterator]()
const note = (data: number) => ({ done: false, value: { event: 'note', data, id: `e.${data}` } })
const DONE = { done: true, value: undefined }
const STARTED = { code: 'FST_ERR_SSE_SUBSCRIPTION_STARTED' }

t.test('holds nothing until it is read, and nothing after it has ended', async t => {
  const { signal } = new AbortController()
  const { subscription, timer, parts: [only] } = setting({ signal })
  t.strictSame([only?.started, only?.arrivals.length, timer.size, getEventListeners(signal, 'abort').length], [0, 0, 0, 0])
  iterate(subscription)
  t.strictSame([only?.started, only?.arrivals.length, timer.size, getEventListeners(signal, 'abort').length], [1, 1, 1, 1])
  subscription.close()
  subscription.close()
  t.strictSame([only?.stopped, only?.departures, timer.size, getEventListeners(signal, 'abort').length], [1, ['complete'], 0, 0])
})

t.test('its answer is told what it did not get of each channel', async t => {
  const parts = [new FakePart(), new FakePart()]
  const { subscription, carrier } = setting({ parts, isOfRequest: true })
  iterate(subscription)
  parts[1]?.publish(1, 2)
  subscription.close()
  t.strictSame(carrier.missed, [{ conflated: 1, dropped: 0 }, { conflated: 1, dropped: 2 }])
})

t.test('can be read once, in whatever way', async t => {
  const ways: Array<(subscription: Subscription) => unknown> = [iterate, subscription => framed(subscription, new FakeCarrier()), subscription => subscription.release()]
  for (const first of ways) {
    for (const second of ways) {
      const { subscription } = setting()
      first(subscription)
      t.throws(() => second(subscription), STARTED)
      subscription.close()
    }
  }
})

t.test('gives its parts to one that merges them', async t => {
  const { subscription, parts } = setting()
  const released = subscription.release()
  t.equal(released.parts, parts)
  t.equal(released.told, 'e.0')
  t.equal(parts[0]?.started, 0)
})

t.test('carries the stream of its only channel, and joins what others of it take', async t => {
  const [one, two] = [setting().subscription, setting({ parts: [new FakePart(), new FakePart()] }).subscription]
  t.strictSame([one.streams.length, two.streams.length], [1, 2])
  t.equal(one.streams[0], stream)
  t.equal(carriedStream(one), stream)
  t.equal(carriedStream(two), undefined)
  t.equal(typeof one.join, 'function')
  t.equal(two.join, undefined)
  t.ok(isFrameIterable(one))
})

t.test('is iterated as events come', async t => {
  const { subscription, parts: [only] } = setting()
  const events = iterate(subscription)
  t.equal(only?.publish(1), false)
  t.strictSame(await events.next(), note(1))
  const next = events.next()
  t.equal(only?.publish(2), true)
  t.strictSame(await next, note(2))
  subscription.close()
  t.strictSame(await events.next(), DONE)
})

t.test('is read frame by frame as events come', async t => {
  const { subscription, carrier, parts: [only] } = setting()
  const { frames, readable } = framed(subscription, carrier)
  t.equal(only?.publish(1), false)
  t.equal(readable(), 1)
  t.equal(frames.read()?.bytes.toString(), 'id: e.1\nevent: note\ndata: 1\n\n')
  carrier.reason = 'client'
  frames.stop()
  t.strictSame([only?.departures, frames.ended], [['client'], 'complete'])
})

t.test('the stream of one channel takes past it what came in one tick, unless a final event may be among it', async t => {
  const [only, final, merged, iterated] = [setting(), setting(), setting({ parts: [new FakePart(), new FakePart()] }), setting()]
  const taker = { offer: () => true }
  framed(only.subscription, only.carrier).frames.offerTo(taker)
  framed(final.subscription, final.carrier, ['done']).frames.offerTo(taker)
  framed(merged.subscription, merged.carrier).frames.offerTo(taker)
  iterate(iterated.subscription)
  const takersOf = ({ parts }: Setting): unknown[] => parts.map(({ taker }) => taker)
  t.strictSame([only, final, merged, iterated].map(takersOf), [[taker], [undefined], [undefined, undefined], [undefined]])
})

t.test('one that was closed before it is read ends at once', async t => {
  const { subscription, parts: [only], timer, carrier } = setting()
  subscription.close()
  t.strictSame(await iterate(subscription).next(), DONE)
  t.strictSame([only?.started, only?.departures, timer.size], [0, [], 0])
  const other = setting()
  other.subscription.close()
  t.equal(framed(other.subscription, carrier).frames.ended, 'complete')
})

t.test('who has enough of it leaves it complete', async t => {
  const { subscription, parts: [only] } = setting()
  await iterate(subscription).return?.()
  t.strictSame([only?.departures, subscription.isEnded], [['complete'], true])
})

t.test('a signal of its own ends it, in whatever way it is read', async t => {
  for (const isAbortedBefore of [true, false]) {
    const iterated = new AbortController()
    if (isAbortedBefore) iterated.abort()
    const first = setting({ signal: iterated.signal })
    const next = iterate(first.subscription).next()
    iterated.abort()
    t.strictSame(await next, DONE)
    const read = new AbortController()
    if (isAbortedBefore) read.abort()
    const second = setting({ signal: read.signal })
    const { frames, readable } = framed(second.subscription, second.carrier)
    read.abort()
    t.strictSame([frames.read(), frames.ended, readable()], [undefined, 'complete', isAbortedBefore ? 0 : 1])
    for (const { parts: [only], timer } of [first, second]) {
      t.strictSame([only?.started, only?.departures, timer.size], isAbortedBefore ? [0, [], 0] : [1, ['client'], 0])
    }
  }
})

t.test('when the answer to its request has ended, whoever iterates it is told', async t => {
  for (const isAbortedBefore of [true, false]) {
    const { subscription, carrier, parts: [only], timer } = setting({ isOfRequest: true })
    const reason = new Error('the client left')
    carrier.reason = 'client'
    if (isAbortedBefore) carrier.controller.abort(reason)
    const next = iterate(subscription).next()
    carrier.controller.abort(reason)
    await t.rejects(next, reason)
    t.strictSame([only?.departures, timer.size, getEventListeners(carrier.signal, 'abort').length], [isAbortedBefore ? [] : ['client'], 0, 0])
  }
})

t.test('what fails one of its channels fails it, once', async t => {
  const { subscription, parts, timer } = setting({ parts: [new FakePart(), new FakePart()] })
  const next = iterate(subscription).next()
  parts[0]?.reader?.onFailed(new Error('first'))
  parts[1]?.reader?.onFailed(new Error('second'))
  await t.rejects(next, { message: 'first' })
  t.strictSame([parts.map(({ departures }) => departures), parts.map(({ stopped }) => stopped), timer.size], [[['error'], ['error']], [1, 1], 0])
})

t.test('when too many wait for the history already, the answer to its request ends early, and it fails where there is none', async t => {
  const answered = setting({ isOfRequest: true })
  iterate(answered.subscription)
  answered.parts[0]?.reader?.onFailed(FST_ERR_SSE_REPLAY_OVERLOADED(1))
  t.strictSame([answered.carrier.ends, answered.parts[0]?.departures, answered.timer.size], [['overloaded'], ['overloaded'], 0])

  const { subscription, parts } = setting()
  const next = iterate(subscription).next()
  parts[0]?.reader?.onFailed(FST_ERR_SSE_REPLAY_OVERLOADED(1))
  await t.rejects(next, { code: 'FST_ERR_SSE_STREAM_CLOSED', message: 'the event stream was closed: overloaded' })
})

t.test('it ends with the last of its channels, when the rest was taken', async t => {
  const { subscription, parts } = setting({ parts: [new FakePart(), new FakePart()] })
  const [first, second] = parts as [FakePart, FakePart]
  const events = iterate(subscription)
  first.arrivals[0]?.()
  second.items.push(message(1))
  second.arrivals[0]?.()
  t.strictSame([first.departures, second.departures], [[], []])
  t.match(await events.next(), { value: { data: 1 } })
  t.strictSame(await events.next(), DONE)
  t.strictSame([first.departures, second.departures], [['shutdown'], ['shutdown']])
})

t.test('where a request is answered, the end of its channels ends the answer, and is no end of a loop', async t => {
  const { subscription, parts: [only], carrier } = setting({ isOfRequest: true })
  const next = iterate(subscription).next()
  only?.arrivals[0]?.()
  await t.rejects(next, { code: 'FST_ERR_SSE_STREAM_CLOSED', message: 'the event stream was closed: shutdown' })
  t.strictSame([carrier.ends, only?.departures], [['shutdown'], ['shutdown']])
})

t.test('too much is what waits for it in all of its channels, beyond the bound', async t => {
  const alone = setting()
  const next = iterate(alone.subscription).next()
  const isTooMuch = ({ subscription, parts }: Setting, ...waiting: number[]): boolean => {
    parts.forEach((part, i) => { part.waiting = waiting[i] as number })
    return subscription.isTooMuch()
  }
  t.equal(isTooMuch(alone, 50), false)
  t.equal(isTooMuch(alone, 51), true)
  await t.rejects(next, { code: 'FST_ERR_SSE_STREAM_CLOSED', message: 'the event stream was closed: slow' })
  t.strictSame(alone.parts[0]?.departures, ['slow'])

  const merged = setting({ parts: [new FakePart(), new FakePart()] })
  const { carrier, parts: [first, second] } = merged
  const { frames, readable } = framed(merged.subscription, carrier)
  t.equal(isTooMuch(merged, 60, 40), false)
  t.equal(isTooMuch(merged, 60, 41), true, 'all of its channels together')
  t.strictSame([carrier.ends, first?.departures, second?.departures, readable()], [['slow'], ['slow'], ['slow'], 1])
  t.throws(() => frames.read(), { code: 'FST_ERR_SSE_STREAM_CLOSED' })
})

t.test('where it stands is told from time to time', async t => {
  const { subscription, carrier, parts: [only] } = setting()
  const { frames, readable } = framed(subscription, carrier)
  t.equal(frames.read(), undefined, 'that is what it came with')
  if (only !== undefined) only.position = at(7)
  t.equal(frames.read(), undefined)
  subscription.tellPosition()
  t.equal(readable(), 1)
  t.equal(frames.read()?.bytes.toString(), 'event: stream-position\nid: e.7\ndata: null\n\n')
  subscription.close()
})

t.test('expires', async t => {
  t.beforeEach(() => { mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000 }) })
  t.afterEach(() => { mock.timers.reset() })

  t.test('when the first of its parts does', async t => {
    const { subscription, parts, carrier } = setting({ parts: [new FakePart(9_000), new FakePart(3_000)], isOfRequest: true })
    const next = iterate(subscription).next()
    mock.timers.tick(1_999)
    t.equal(subscription.isEnded, false)
    mock.timers.tick(1)
    await t.rejects(next, { code: 'FST_ERR_SSE_STREAM_CLOSED', message: 'the event stream was closed: expired' })
    t.strictSame([parts.map(({ departures }) => departures), carrier.ends], [[['expired'], ['expired']], ['expired']])
    mock.timers.tick(100_000)
    t.strictSame(carrier.ends, ['expired'])
  })

  t.test('at once where that time has passed', async t => {
    const { subscription, parts: [only] } = setting({ parts: [new FakePart(-5)] })
    const next = iterate(subscription).next()
    t.equal(subscription.isEnded, true)
    t.strictSame([only?.arrivals, only?.departures], [[], []], 'it has read nothing')
    await t.rejects(next, { code: 'FST_ERR_SSE_STREAM_CLOSED', message: 'the event stream was closed: expired' })
  })

  t.test('also where that is further than a timer goes', async t => {
    const { subscription } = setting({ parts: [new FakePart(1_000 + 2 ** 32)] })
    iterate(subscription)
    mock.timers.tick(2 ** 31 - 1)
    mock.timers.tick(2 ** 31 - 1)
    mock.timers.tick(1)
    t.equal(subscription.isEnded, false)
    mock.timers.tick(1)
    t.equal(subscription.isEnded, true)
  })

  t.test('not after it has ended', async t => {
    const { subscription, carrier } = setting({ parts: [new FakePart(3_000)], isOfRequest: true })
    iterate(subscription)
    subscription.close()
    mock.timers.tick(10_000)
    t.strictSame(carrier.ends, [])
  })
})

t.test('one that is ended by somebody who is told that it comes leaves nothing behind', async t => {
  const controller = new AbortController()
  const parts = [new FakePart(), new FakePart(), new FakePart()] as const
  parts[1].onArrive = () => { controller.abort() }
  const { subscription, timer } = setting({ parts: [...parts], signal: controller.signal })
  const events = iterate(subscription)
  t.strictSame(parts.map(({ departures }) => departures), [['client'], ['client'], []])
  t.strictSame([parts.map(({ started }) => started), timer.size], [[1, 1, 0], 0])
  t.strictSame(await events.next(), DONE)
})

t.test('where one of its channels is closed before it is read, nothing is left of the others', async t => {
  const { subscription, parts, timer } = setting({ parts: [new FakePart(), new FakePart()] })
  const [first, second] = parts as [FakePart, FakePart]
  const failure = new Error('closed')
  second.start = () => { throw failure }
  t.throws(() => iterate(subscription), failure)
  t.strictSame([subscription.isEnded, timer.size, first.departures, first.stopped, second.stopped], [true, 0, ['error'], 1, 1])
})

t.test('a channel that closes as it is told that one comes is read to its end', async t => {
  const { subscription, parts: [only], carrier } = setting()
  if (only !== undefined) only.onArrive = () => { only.arrivals[0]?.() }
  const { frames } = framed(subscription, carrier)
  t.equal(frames.ended, 'shutdown')
})
