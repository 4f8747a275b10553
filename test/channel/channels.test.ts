import t from 'tap'
import { merge } from '../../lib/channel/channels.js'
import type { Subscription } from '../../lib/channel/subscription.js'
import type { Carrier } from '../../lib/stream/carrier.js'
import { SECRET, settled } from './fixtures.js'
import { channelScope, note, notes, take } from './scope.js'

const INVALID = 'FST_ERR_SSE_SUBSCRIBE_INVALID'

t.test('a name is open once', async t => {
  const { open, channels } = channelScope(t)
  const channel = open('notes')
  t.throws(() => open('notes'), { code: 'FST_ERR_SSE_CHANNEL_EXISTS', message: "the channel 'notes' is open already; open it once, and share what channel() returned" })
  t.throws(() => open(''), { code: 'FST_ERR_SSE_CHANNEL_INVALID' })
  t.throws(() => open('others', { retain: 'all' } as never), { code: 'FST_ERR_SSE_OPTION_INVALID' })
  t.equal(channels.size, 1)
  t.equal(channels.all[0], channel)
  await channel.close()
  t.equal(channels.size, 0)
  t.not(open('notes'), channel)
})

t.test('schemas are compiled when the server is ready, or when a channel is opened after that', async t => {
  const { open, channels, compiled, scope } = channelScope(t)
  open('a')
  open('b')
  t.strictSame(compiled, [])
  channels.compile()
  t.strictSame(compiled, ['a', 'b'])
  channels.open('c', notes, {}, scope, true)
  t.strictSame(compiled, ['a', 'b', 'c'])
  const failing = { ...scope, compile: () => { throw new Error('no schema') } }
  t.throws(() => channels.open('d', notes, {}, failing, true), { message: 'no schema' })
  t.equal(channels.size, 3)
})

t.test('all of them are closed together', async t => {
  const { open, channels } = channelScope(t)
  const [a, b] = [open('a'), open('b')]
  const events = [a, b].map(channel => channel.subscribe({}, { from: 'start' })[Symbol.asyncIterator]())
  await settled()
  await channels.close()
  t.equal(channels.size, 0)
  for (const each of events) t.strictSame((await take(each, 2)).at(-1), { done: true })
})

t.test('several subscriptions are read as one, and one id resumes all of them', async t => {
  const { open, timer } = channelScope(t)
  const [a, b] = [open('a'), open('b')]
  const [a1, b1] = [await a.publish(note(1)), await b.publish(note(10))]
  const [a2, b2] = [await a.publish(note(2)), await b.publish(note(20))]
  const lastEventId = `${a1}~${b1}`
  const events = merge([a.subscribe({ lastEventId }), b.subscribe({ lastEventId })])[Symbol.asyncIterator]()
  t.strictSame(await take(events, 2), [{ ...note(2), id: `${a2}~${b1}` }, { ...note(20), id: `${a2}~${b2}` }])
  t.strictSame([a.subscriberCount(), b.subscriberCount(), timer.size], [1, 1, 1])
  await events.return?.()
  t.strictSame([a.subscriberCount(), b.subscriberCount(), timer.size], [0, 0, 0])
  const again = merge([b.subscribe({ lastEventId: `${a2}~${b1}` }), a.subscribe({ lastEventId: `${a2}~${b1}` })])[Symbol.asyncIterator]()
  t.strictSame(await take(again, 1), [{ ...note(20), id: `${b2}~${a2}` }])
})

t.test('a merged subscription can be merged again', async t => {
  const { open } = channelScope(t)
  const [a, b, c] = [open('a'), open('b'), open('c')]
  t.equal(merge([merge([a.subscribe({}), b.subscribe({})]), c.subscribe({})]).streams.length, 3)
})

t.test('only subscriptions that nobody reads can be merged, and at least one', async t => {
  const channel = channelScope(t).open('notes')
  for (const wrong of [[], [channel.subscribe({}), {}], [null], [(async function * () {})()]]) {
    t.throws(() => merge(wrong), { code: INVALID, message: 'subscribe(): merge() takes subscriptions, which subscribe() returns' })
  }
  const subscription = channel.subscribe({})
  merge([subscription])
  t.throws(() => merge([subscription]), { code: 'FST_ERR_SSE_SUBSCRIPTION_STARTED' })
})

t.test('only subscriptions of one subscriber that begin alike can be merged', async t => {
  const { open, carriers } = channelScope(t)
  const [a, b] = [open('a'), open('b')]
  const [one, other] = [{ id: 'one' }, { id: 'other' }] as never as [object, object]
  for (const request of [one, other]) carriers.set(request, {} as unknown as Carrier)
  const { signal } = new AbortController()
  const alike = 'subscribe(): merge() takes subscriptions of the same request, with the same signal, the same lastEventId and the same position to begin from'
  const cases: Array<[first: () => Subscription, second: () => Subscription]> = [
    [() => a.subscribe({ lastEventId: 'x.1' }), () => b.subscribe({})],
    [() => a.subscribe({ lastEventId: 'x.1' }), () => b.subscribe({ lastEventId: 'x.2' })],
    [() => a.subscribe({}, { from: { position: 'x.1' } }), () => b.subscribe({}, { from: { position: 'x.2' } })],
    [() => a.subscribe(one as never), () => b.subscribe(other as never)],
    [() => a.subscribe(one as never), () => b.subscribe({})],
    [() => a.subscribe({ signal }), () => b.subscribe({})],
    [() => a.subscribe({ signal }), () => b.subscribe({ signal: new AbortController().signal })]
  ]
  for (const [first, second] of cases) {
    t.throws(() => merge([first(), second()]), { code: INVALID, message: alike })
    t.throws(() => merge([second(), first()]), { code: INVALID, message: alike })
  }
  t.doesNotThrow(() => merge([a.subscribe({ signal }), b.subscribe({ signal }, { from: 'start' })]))
  t.doesNotThrow(() => merge([a.subscribe(one as never), b.subscribe(one as never)]))
})

t.test('a channel can be merged once: an id has one place for each', async t => {
  const { open } = channelScope(t)
  const [a, b] = [open('a'), open('b')]
  t.throws(() => merge([a.subscribe({}, { topics: ['x'] }), b.subscribe({}), a.subscribe({}, { topics: ['y'] })]), {
    code: INVALID, message: "subscribe(): merge() takes subscriptions of different channels, instead got two of 'a'; subscribe to it once, with all topics"
  })
})

t.test('20 are merged at most', async t => {
  const { open } = channelScope(t)
  const channels = Array.from({ length: 21 }, (_, index) => open(`${index}`))
  t.doesNotThrow(() => merge(channels.slice(1).map(channel => channel.subscribe({}))))
  t.throws(() => merge(channels.map(channel => channel.subscribe({}))), { code: INVALID, message: "subscribe(): merge() takes 20 subscriptions at most, instead got '21'" })
})

t.test('14 of channels that sign their ids are merged at most: the id of all of them has to fit into 1 KiB', async t => {
  const { open } = channelScope(t)
  const signed = Array.from({ length: 15 }, (_, index) => open(`signed ${index}`, { signIds: { secret: SECRET } }))
  const plain = Array.from({ length: 20 }, (_, index) => open(`plain ${index}`))
  const merged = (...all: typeof signed): Subscription => merge(all.map(channel => channel.subscribe({})))
  const tooLong = (count: number) => ({
    code: INVALID,
    message: `subscribe(): merge() takes subscriptions whose id stays within 1024 bytes, such as 14 of channels that sign theirs, instead got '${count}'`
  })
  t.doesNotThrow(() => merged(...signed.slice(1)))
  t.throws(() => merged(...signed), tooLong(15))
  t.doesNotThrow(() => merged(...signed.slice(0, 1), ...plain.slice(1)))
  t.throws(() => merged(...signed.slice(0, 3), ...plain.slice(3)), tooLong(20))
})

t.test('tells what has come of those that are open', async t => {
  const { channels, open } = channelScope(t)
  const [first] = [open('a'), open('b')]
  t.strictSame(channels.metrics.map(({ channel }) => channel), ['a', 'b'])
  await first.close()
  t.strictSame(channels.metrics.map(({ channel }) => channel), ['b'])
})
