import t, { type Test } from 'tap'
import type { ChannelOptions, SubscribeOptions } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { type Client, open, opened, payloads, received, resume } from './clients.js'
import { count, counts, note, notes } from './streams.js'

type Options = ChannelOptions<typeof counts.schemas>

async function serve (t: Test, options: Options = {}, subscribe: SubscribeOptions<never> = {}) {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('counts', counts, options)
  app.get('/', { schema: { response: { 200: counts } } }, request => channel.subscribe(request, subscribe as never))
  const { url } = await listen()
  const publish = async (...numbers: number[]): Promise<string[]> =>
    await Promise.all(numbers.map(async n => await channel.publish(count(n))))
  return { app, channel, url, publish }
}

/** What a `stream-gap` says, with its id. */
async function gapOf (client: Client): Promise<unknown> {
  await client.until(events => events.some(({ event }) => event === 'stream-gap'))
  const gap = client.items.find(({ event }) => event === 'stream-gap')
  return { ...JSON.parse(gap?.data ?? '') as object, id: gap?.id }
}

t.test('who comes back gets exactly what it has missed, then live events', async t => {
  const { url, publish } = await serve(t)
  const client = await opened(t, url)
  const ids = await publish(1, 2, 3)
  await received(client, 3)
  client.leave()
  await publish(4, 5)

  const back = await resume(t, url, ids[2] ?? '')
  t.strictSame(await received(back, 2), [4, 5])
  await publish(6)
  t.strictSame(await received(back, 3), [4, 5, 6])
  t.ok(back.items.every(({ event }) => event === 'count'), 'and nothing else is said')
})

t.test('who left before its first event misses none either, since it was told where it stands', async t => {
  const { url, publish } = await serve(t)
  await publish(1)
  const client = await opened(t, url)
  t.strictSame(client.items.map(({ event, data }) => ({ event, data })), [{ event: 'stream-position', data: 'null' }])
  client.leave()
  await publish(2)
  t.strictSame(await received(await resume(t, url, client.items[0]?.id ?? ''), 1), [2])
})

t.test('who has everything is told nothing', async t => {
  const { url, publish } = await serve(t)
  const [id = ''] = await publish(1)
  const back = await resume(t, url, id)
  await publish(2)
  t.strictSame(await received(back, 1), [2])
  t.equal(back.items.length, 1)
})

t.test('a page that was rendered with a position connects with it, and misses nothing in between', async t => {
  const { channel, url, publish } = await serve(t)
  await publish(1)
  const position = await channel.position()
  await publish(2, 3)
  t.strictSame(await received(await open(t, `${url}/?lastEventId=${position}`), 2), [2, 3])
})

t.test('from says where those begin who don\'t come back', async t => {
  const { channel, url, publish } = await serve(t, { history: { maxEvents: 3 } }, { from: 'start' })
  const [position = ''] = await publish(1, 2, 3, 4)
  t.strictSame(await received(await open(t, url), 3), [2, 3, 4])
  const seen: unknown[] = []
  for await (const event of channel.subscribe({}, { from: { position } })) {
    seen.push(event.data)
    if (seen.length === 3) break
  }
  t.strictSame(seen, [2, 3, 4])
  t.throws(() => channel.subscribe({}, { from: 'snapshot' }), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID' })
})

t.test('a last event id counts for more than from', async t => {
  const { url, publish } = await serve(t, {}, { from: 'start' })
  const ids = await publish(1, 2)
  const back = await resume(t, url, ids[0] ?? '')
  t.strictSame(await received(back, 1), [2])
})

t.test('a gap is told once, and then live events follow', async t => {
  const { url, publish } = await serve(t, { history: { maxEvents: 2 } })
  const ids = await publish(1, 2, 3, 4, 5)
  const back = await resume(t, url, ids[1] ?? '')
  t.strictSame(await gapOf(back), { requested: ids[1], earliest: ids[2], id: ids[4] })
  await publish(6)
  t.strictSame(await received(back, 1), [6])

  t.test('and who comes back with its earliest gets all that was left', async t => {
    const { earliest } = await gapOf(await resume(t, url, 'gone.1')) as { earliest: string }
    t.strictSame(await received(await resume(t, url, earliest), 2), [5, 6])
  })
  t.test('and who leaves right after it is not told again', async t => {
    t.strictSame(await received(await resume(t, url, ids[4] ?? ''), 1), [6])
  })
})

t.test('an id that is not the channel\'s is a gap, never an error and never somebody else\'s events', async t => {
  const { app, url, publish } = await serve(t)
  const other = app.sse.channel('notes', notes)
  const foreign = await other.publish(note('secret'))
  const [id = ''] = await publish(1, 2)
  const [epoch = ''] = id.split('.')
  for (const wrong of [
    foreign, 'stream-end', '1', 'a.b', `${epoch}.`, `${epoch}.x`, `${epoch}.-1`, `${epoch}.3`, `${epoch}.1e0`,
    `${epoch}.9007199254740993`, `${epoch}.99999999999999999999`, `x${epoch}.1`, `${epoch}`, `${foreign}~${foreign}`, '~', '..', '__proto__.1',
    'x'.repeat(1025), 'x'.repeat(8000)
  ]) {
    const back = await resume(t, url, wrong)
    const requested = wrong.length > 1024 ? '' : wrong
    t.match(await gapOf(back), { requested, id: `${epoch}.2` }, wrong.slice(0, 30))
    t.strictSame(payloads(back.items), [])
    back.leave()
  }
})

t.test('without a history, only who has missed nothing comes back without a gap', async t => {
  const { url, publish } = await serve(t, { history: { maxEvents: 0 } })
  const [id = ''] = await publish(1)
  const back = await resume(t, url, id)
  await publish(2)
  t.strictSame(await received(back, 1), [2])
  t.match(await gapOf(await resume(t, url, id)), { requested: id })
})

t.test('a reconnect in the middle of a long replay goes on where it was', async t => {
  const { url, publish } = await serve(t, { history: { maxEvents: 5_000 } }, { from: 'start' })
  const numbers = Array.from({ length: 2_000 }, (_, i) => i)
  await publish(...numbers)
  const client = await open(t, url)
  await client.until(({ length }) => length >= 700)
  client.leave()
  const got = payloads(client.items)
  const back = await resume(t, url, client.items.at(-1)?.id ?? '')
  t.strictSame([...got, ...await received(back, 2_000 - got.length)], numbers)
})

t.test('events that come while others are replayed follow them', async t => {
  const { url, publish } = await serve(t, { history: { maxEvents: 10_000 } }, { from: 'start' })
  await publish(...Array.from({ length: 1_000 }, (_, i) => i))
  const client = await open(t, url)
  for (let n = 1_000; n < 3_000; n += 100) {
    await publish(...Array.from({ length: 100 }, (_, i) => n + i))
    await client.until(({ length }) => length > 0)
  }
  t.strictSame(await received(client, 3_000), Array.from({ length: 3_000 }, (_, i) => i))
})

t.test('subscribe() fixes the place, however late it is iterated', async t => {
  const { channel, publish } = await serve(t)
  const subscription = channel.subscribe({})
  await publish(1, 2)
  const seen: unknown[] = []
  for await (const event of subscription) {
    seen.push(event.data)
    if (seen.length === 2) break
  }
  t.strictSame(seen, [1, 2])
})
