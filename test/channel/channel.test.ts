import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import t from 'tap'
import type { Channel } from '../../lib/channel/channel.js'
import type { Carrier } from '../../lib/stream/carrier.js'
import { type FrameCarrier, kFrames } from '../../lib/stream/frame-source.js'
import type { AnyRequest, Departure, Presence, SubscribeOptions, SubscriberOptions } from '../../types/channel.js'
import { FakeLog, SECRET, settled } from './fixtures.js'
import { channelScope, note, notes, take } from './scope.js'
import { topicPrefix } from '../../lib/channel/topic-prefix.js'

const iterate = (channel: Channel, subscriber: AnyRequest | SubscriberOptions = {}, options?: SubscribeOptions<never>): AsyncIterator<unknown> => (
  channel.subscribe(subscriber, options)[Symbol.asyncIterator]()
)

const dataOf = (events: Array<Record<string, unknown>>): unknown[] => events.map(({ event, data }) => event === 'note' ? data : event)

/** The same without word of where it stands, which comes first if nothing else does. */
async function takeNotes (events: AsyncIterator<unknown>, count: number): Promise<Array<Record<string, unknown>>> {
  const taken = []
  while (taken.length < count) taken.push(...(await take(events, 1)).filter(({ event }) => event !== 'stream-position'))
  return taken
}

t.test('what is published has an id, and reaches its subscribers with it', async t => {
  const channel = channelScope(t).open('notes')
  const [first, second] = [iterate(channel), iterate(channel)]
  await settled()
  const ids = [await channel.publish(note(1)), await channel.publish({ ...note(2), retry: 5 })]
  for (const events of [first, second]) {
    t.strictSame(await takeNotes(events, 2), [{ event: 'note', data: 1, id: ids[0] }, { event: 'note', data: 2, retry: 5, id: ids[1] }])
  }
  t.equal(await channel.position(), ids[1])
  t.match(ids, [/^[\w-]+\.1$/, /^[\w-]+\.2$/])
})

t.test('an invalid event, wrong options and an id of its own reach nobody', async t => {
  const channel = channelScope(t).open('notes')
  await t.rejects(channel.publish(note('x')), { code: 'FST_ERR_SSE_INVALID_EVENT' })
  await t.rejects(channel.publish(note(1), { key: 'k' }), { code: 'FST_ERR_SSE_PUBLISH_INVALID' })
  await t.rejects(channel.publish(note(1), null as never), { code: 'FST_ERR_SSE_PUBLISH_INVALID' })
  await t.rejects(channel.publish({ ...note(1), id: 'x' }), { code: 'FST_ERR_SSE_PUBLISH_INVALID' })
  t.match(await channel.position(), /\.0$/)
})

t.test('an idempotency key that was used gives the same id', async t => {
  const channel = channelScope(t).open('notes')
  const id = await channel.publish(note(1), { idempotencyKey: 'k' })
  t.equal(await channel.publish(note(2), { idempotencyKey: 'k' }), id)
  t.equal(await channel.position(), id)
})

t.test('has the stream, its constructors and a name', async t => {
  const { open, compiled } = channelScope(t)
  const channel = open('notes')
  t.equal(channel.name, 'notes')
  t.equal(channel.stream, notes)
  t.equal(channel.event, notes.event)
  t.strictSame(channel.retention, { maxEvents: 1_000, maxBytes: 8 * 1024 * 1024, maxAgeMs: Infinity })
  t.strictSame(compiled, [])
  channel.compile()
  channel.compile()
  await channel.publish(note(1))
  t.strictSame(compiled, ['notes'])
})

t.test('a subscriber begins where its last event ID says, else where it asks to', async t => {
  const channel = channelScope(t).open('notes')
  const [first = '', second = ''] = [await channel.publish(note(1)), await channel.publish(note(2))]
  await channel.publish(note(3))
  for (const [subscriber, options, data] of [
    [{ lastEventId: first }, {}, [2, 3]],
    [{ lastEventId: second }, { from: 'start' }, [3]],
    [{}, { from: 'start' }, [1, 2, 3]],
    [{}, { from: { position: second } }, [3]],
    [{ lastEventId: 'never an id' }, { from: 'start' }, ['stream-gap']],
    [{}, {}, ['stream-position']],
    [{}, { from: 'live' }, ['stream-position']]
  ] as const) {
    const events = iterate(channel, subscriber, options)
    t.strictSame(dataOf(await take(events, data.length)), data)
    await events.return?.()
  }
})

t.test('a gap says what was asked for', async t => {
  const channel = channelScope(t).open('notes', { history: { maxEvents: 1 } })
  const ids = [await channel.publish(note(1)), await channel.publish(note(2)), await channel.publish(note(3))]
  const [gap] = await take(iterate(channel, { lastEventId: ids[0] }), 1)
  t.strictSame(gap, { event: 'stream-gap', data: { requested: ids[0], earliest: ids[1] }, id: ids[2] })
})

t.test('where the latest is retained, a subscriber begins with the newest of every key', async t => {
  const channel = channelScope(t).open('notes', { retain: 'latest', key: ({ data }) => `${(data as number) % 10}` })
  for (const data of [1, 2, 11, 12, 3]) await channel.publish(note(data))
  await channel.publish(note(3), { tombstone: true })
  await channel.publish(note(99), { key: '2' })
  t.strictSame(dataOf(await take(iterate(channel), 2)), [11, 99])
  t.strictSame(dataOf(await take(iterate(channel, {}, { from: 'live' }), 1)), ['stream-position'])
})

t.test('a snapshot is what a subscriber begins from, or gets in place of a gap', async t => {
  const channel = channelScope(t).open('notes', { snapshot: () => [note(10), note(20)] as never })
  const id = await channel.publish(note(1))
  const filter = ({ data }: { data: number }): boolean => data !== 10
  for (const [subscriber, options] of [[{}, { from: 'snapshot', filter }], [{ lastEventId: 'x' }, { filter }]] as const) {
    t.strictSame(await take(iterate(channel, subscriber, options as never), 2), [note(20), { event: 'stream-position', data: null, id }])
  }
  const without = channelScope(t).open('others')
  t.throws(() => without.subscribe({}, { from: 'snapshot' }), {
    code: 'FST_ERR_SSE_SUBSCRIBE_INVALID', message: "subscribe(): the channel 'others' has no snapshot to begin from"
  })
})

t.test('a snapshot that fails is logged, and a gap is told', async t => {
  const failure = new Error('database')
  const { open, lines } = channelScope(t)
  const channel = open('notes', { snapshot: () => { throw failure } })
  t.strictSame(dataOf(await take(iterate(channel, {}, { from: 'snapshot' }), 1)), ['stream-gap'])
  t.strictSame(lines, [{ level: 'error', fields: { err: failure }, text: 'a snapshot failed; a gap is told in its place' }])
})

t.test('topics and filters say who gets what', async t => {
  const channel = channelScope(t).open('notes')
  const all = iterate(channel)
  const some = iterate(channel, {}, { topics: ['a', topicPrefix('b')], filter: (({ data }: { data: number }) => data > 1) as never })
  await settled()
  t.strictSame([channel.subscriberCount(), channel.subscriberCount('a'), channel.subscriberCount('c')], [2, 2, 1])
  t.strictSame(channel.topics(), [{ topic: 'a', subscribers: 1 }, { topic: topicPrefix('b'), subscribers: 1 }])
  for (const [data, topic] of [[1, 'a'], [2, 'a'], [3, 'bb'], [4, 'c']] as const) await channel.publish(note(data), { topic })
  t.strictSame(dataOf(await takeNotes(all, 4)), [1, 2, 3, 4])
  t.strictSame(dataOf(await takeNotes(some, 2)), [2, 3])
})

t.test('wrong subscribers and options are refused', async t => {
  const channel = channelScope(t).open('notes')
  t.throws(() => channel.subscribe(null as never), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID' })
  t.throws(() => channel.subscribe({}, { topics: [] }), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID' })
})

t.test('those who listen are told who comes and goes', async t => {
  const { open, carriers, timer } = channelScope(t)
  const channel = open('notes', { identity: ({ id }) => `user of ${id}` })
  const plain = open('plain')
  const told: Array<Presence | Departure> = []
  const listener = (presence: Presence | Departure): void => { told.push(presence) }
  for (const each of [channel, plain]) t.equal(each.on('subscribe', listener).on('unsubscribe', listener), each)
  const request = { id: 'r1' } as unknown as AnyRequest
  const carrier = { signal: new AbortController().signal, reason: undefined, resumesFrom: undefined, gaps: 0, maxBufferedBytes: 1, addMissed () {}, endFor () {} } satisfies Carrier
  carriers.set(request, carrier)
  const visits: Array<[channel: Channel, subscriber: AnyRequest | SubscriberOptions, identity: unknown]> = [
    [channel, request, 'user of r1'], [channel, { identity: 'job' }, 'job'], [channel, {}, undefined], [plain, request, undefined]
  ]
  for (const [each, subscriber, identity] of visits) {
    const subscription = each.subscribe(subscriber, { topics: ['a'] })
    t.strictSame(told, [], 'nobody has come before it is read')
    subscription[Symbol.asyncIterator]()
    const presence = { channel: each.name, topics: ['a'], identity }
    t.strictSame(told.splice(0), [presence])
    subscription.close()
    t.strictSame(told.splice(0), [{ ...presence, reason: 'complete' }])
  }
  t.equal(channel.off('subscribe', listener).off('unsubscribe', listener), channel)
  channel.subscribe({})[Symbol.asyncIterator]()
  t.strictSame(told, [])
  t.equal(timer.size, 1)
})

t.test('closing ends who reads it, after what was published before', async t => {
  const { open, channels, timer } = channelScope(t)
  const channel = open('notes')
  const events = iterate(channel)
  await settled()
  const published = channel.publish(note(1))
  const closed = channel.close()
  t.equal(channel.close(), closed)
  await published
  await closed
  t.strictSame(dataOf(await takeNotes(events, 1)), [1])
  t.strictSame(await take(events, 1), [{ done: true }])
  t.strictSame([channel.subscriberCount(), channels.size, timer.size], [0, 0, 0])
  t.throws(() => channel.subscribe({}), { code: 'FST_ERR_SSE_CHANNEL_CLOSED' })
  await t.rejects(channel.publish(note(2)), { code: 'FST_ERR_SSE_CHANNEL_CLOSED' })
  await t.rejects(channel.position(), { code: 'FST_ERR_SSE_CHANNEL_CLOSED' })
})

t.test('closing waits for those who are still to be handed what was published', async t => {
  const log = new FakeLog()
  const { open } = channelScope(t, { broker: { open: () => log, close: async () => {} } })
  const channel = open('notes')
  const all = Array.from({ length: 2_500 }, () => iterate(channel))
  await settled(60)
  await channel.publish(note(1))
  await channel.close()
  t.equal(log.closed, 1)
  for (const events of all) t.strictSame(dataOf(await takeNotes(events, 1)), [1])
})

t.test('many who come back to the same place share the bytes that they get', async t => {
  const channel = channelScope(t).open('notes')
  const id = await channel.publish(note(0))
  for (const data of [1, 2, 3]) await channel.publish(note(data))
  const read = async (lastEventId: string) => {
    const carrier = { maxBufferedBytes: 1_000 } as unknown as Carrier
    const frames = channel.subscribe({ lastEventId })[kFrames]({ carrier, final: new Set(), marksEnd: true, onReadable () {} } satisfies FrameCarrier)
    await settled()
    return frames.read()
  }
  const [first, second] = [await read(id), await read(id)]
  t.equal(first?.events, 3)
  t.equal(second, first)
  t.not(await read(id.replace(/1$/, '2')), first)
})

t.test('signed ids are those of the scope of who subscribes, by request or by name', async t => {
  const { open, carriers } = channelScope(t)
  const signIds = { secret: SECRET, scope: (request: unknown) => (request as { user: string }).user }
  const channel = open('notes', { signIds })
  const request = { user: 'Ann' } as unknown as AnyRequest
  carriers.set(request, { signal: new AbortController().signal } as unknown as Carrier)
  await channel.publish(note(1))
  const [ofRequest, ofName] = [await channel.position(request), await channel.position({ scope: 'Ann' })]
  t.match(ofName, /^[\w-]+\.1\.[\w-]{22}$/)
  t.equal(ofRequest, ofName)
  t.equal(await channel.position({ raw: {}, user: 'Ann' } as never), ofName, 'also of a request whose answer is not known here')
  const events = iterate(channel, { scope: 'Ann', lastEventId: ofName })
  await channel.publish(note(2))
  t.strictSame(await takeNotes(events, 1), [{ ...note(2), id: await channel.position(request) }])
  for (const wrong of [undefined, {}, { scope: '' }, { scope: 7 }, { raw: {} }] as never[]) {
    await t.rejects(channel.position(wrong), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID' })
    if (wrong !== undefined && !('raw' in wrong)) t.throws(() => channel.subscribe(wrong), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID' })
  }
})

t.test('who comes back with an id that is not its own begins now, and is told of a gap', async t => {
  const channel = channelScope(t).open('notes', { signIds: { secret: SECRET, scope: () => 'Ann' } })
  const plain = await channel.publish(note(1))
  const own = await channel.position({ scope: 'Bob' })
  for (const lastEventId of [plain, await channel.position({ scope: 'Ann' }), plain.replace(/1$/, '0')]) {
    const events = iterate(channel, { scope: 'Bob', lastEventId })
    t.strictSame(await take(events, 1), [{ event: 'stream-gap', data: { requested: lastEventId, earliest: own }, id: own }])
  }
  const fromStart = iterate(channel, { scope: 'Bob', lastEventId: plain }, { from: 'start' })
  const { data } = (await take(fromStart, 1))[0] as { data: { earliest: string } }
  t.match(data.earliest, /\.0\.[\w-]{22}$/, 'it could have all that is retained, without an id')
  const trusted = iterate(channel, { scope: 'Bob' }, { from: { position: plain } })
  t.match(await take(trusted, 1), [{ event: 'stream-gap' }], 'a position to begin from may be what a client has sent')
})

t.test('those of one scope who come back to the same place share the bytes that they get', async t => {
  const channel = channelScope(t).open('notes', { signIds: { secret: SECRET, scope: () => 'Ann' } })
  const ids = new Map<string, string>()
  for (const scope of ['Ann', 'Bob']) ids.set(scope, await channel.position({ scope }))
  for (const data of [1, 2, 3]) await channel.publish(note(data))
  const read = async (scope: string) => {
    const carrier = { maxBufferedBytes: 1_000 } as unknown as Carrier
    const frames = channel.subscribe({ scope, lastEventId: ids.get(scope) })[kFrames]({ carrier, final: new Set(), marksEnd: true, onReadable () {} } satisfies FrameCarrier)
    await settled()
    return frames.read()
  }
  const [first, other, second] = [await read('Ann'), await read('Bob'), await read('Ann')]
  t.equal(first?.events, 3)
  t.equal(second, first)
  t.not(other, first)
  t.equal(other?.events, 3)
})

t.test('counts what comes of it', async t => {
  const { open, carriers } = channelScope(t)
  const channel = open('notes', { history: { maxEvents: 1 } })
  const id = await channel.publish(note(1))
  await t.rejects(channel.publish(note('1')))
  for (const n of [2, 3]) await channel.publish(note(n))
  const request = { id: 'r1' } as unknown as AnyRequest
  const carrier = { signal: new AbortController().signal, reason: undefined, resumesFrom: id, gaps: 0, maxBufferedBytes: 1, addMissed () {}, endFor () {} } satisfies Carrier
  carriers.set(request, carrier)
  for (const subscriber of [request, { lastEventId: id }]) {
    const events = channel.subscribe(subscriber)[Symbol.asyncIterator]()
    t.match(await take(events, 1), [{ event: 'stream-gap' }])
    await events.return?.()
  }
  t.equal(carrier.gaps, 1)
  t.match(channel.measure(), { channel: 'notes', subscribers: 0, published: 3, invalidEvents: 1, gaps: 2, lag: 0 })
})

t.test('asks for the end of its log where somebody is there, once at a time, and can do without', async t => {
  const log = new FakeLog()
  const { open, lines } = channelScope(t, { broker: { open: () => log, close: async () => {} } })
  const channel = open('notes')
  const events = channel.subscribe({})[Symbol.asyncIterator]()
  const waiting = events.next()
  await settled()
  channel.measure()
  await settled()
  t.strictSame(lines, [])
  const heads = t.capture(log, 'head', async () => { throw new Error('no broker') })
  channel.measure()
  channel.measure()
  await settled()
  t.equal(heads().length, 1)
  t.equal(lines.at(-1)?.text, 'the lag of a channel could not be found')
  await events.return?.()
  await waiting
})

t.test('what could not be stored is not counted', async t => {
  const log = new FakeLog()
  const { open } = channelScope(t, { broker: { open: () => log, close: async () => {} } })
  const channel = open('notes')
  t.capture(log, 'append', async () => { throw new Error('no broker') })
  await t.rejects(channel.publish(note(1)), { message: 'no broker' })
  t.match(channel.measure(), { published: 0, invalidEvents: 0 })
})

t.test('stores whose doing an event is, where a listener says so', async t => {
  const { open } = channelScope(t)
  const channel = open('notes')
  const write = (message: unknown): void => { (message as { trace: string }).trace = 'somebody' }
  subscribe('fastify-typed-sse:channel:publish', write)
  t.teardown(() => { unsubscribe('fastify-typed-sse:channel:publish', write) })
  t.type(await channel.publish(note(1)), 'string')
})
