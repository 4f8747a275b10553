import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { z } from 'zod'
import sse, { eventStream } from '../../lib/index.js'
import { type Client, open, opened, received } from '../channels/clients.js'
import { count, counts } from '../channels/streams.js'
import { inspected, PREFIX } from './setting.js'

const post = async (app: FastifyInstance, action: string, payload: unknown) => {
  const { statusCode, body } = await app.inject({ method: 'POST', url: `${PREFIX}/${action}`, headers: { 'content-type': 'application/json' }, payload: JSON.stringify(payload) })
  return { statusCode, body: (body === '' ? undefined : JSON.parse(body)) as Record<string, string> | undefined }
}

async function tailOf (t: Parameters<typeof opened>[0], url: string, channel = 'counts'): Promise<Client> {
  return await opened(t, `${url}${PREFIX}/tail?channel=${encodeURIComponent(channel)}`)
}

interface Batch { skipped: number, events: Array<{ event: string, id?: string, data: string, length: number, at: number }> }

const batches = (client: Client): Batch[] => client.items.filter(({ event }) => event === 'events').map(({ data }) => JSON.parse(data) as Batch)
const tailed = (client: Client): Batch['events'] => batches(client).flatMap(({ events }) => events)

t.test('an event is published as the app would, and logged', async t => {
  const { app, channel, listen, logged } = await inspected(t)
  const { url } = await listen()
  const client = await opened(t, `${url}/counts/ann`)
  const { statusCode, body } = await post(app, 'publish', { channel: 'counts', event: 'count', data: 7 })
  t.equal(statusCode, 200)
  t.equal(body?.['id'], await channel.position())
  t.strictSame(await received(client, 1), [7])
  t.match(await logged(({ msg }) => msg === 'an event was published by the inspector'), { level: 30, channel: 'counts', event: 'count' })
})

t.test('a topic says who gets it', async t => {
  const { app, channel } = await inspected(t)
  const subscription = channel.subscribe({}, { topics: ['a'] })[Symbol.asyncIterator]()
  const position = await subscription.next()
  t.match(position.value, { event: 'stream-position' })
  await post(app, 'publish', { channel: 'counts', event: 'count', data: 1, topic: 'b' })
  await post(app, 'publish', { channel: 'counts', event: 'count', data: 2, topic: 'a' })
  t.match((await subscription.next()).value, { event: 'count', data: 2 })
  await subscription.return?.()
})

t.test('what is wrong with an event is told as it comes, and nobody gets it', async t => {
  const { app, channel } = await inspected(t)
  const before = await channel.position()
  for (const [event, statusCode, expected] of [
    [{ event: 'count', data: 'x' }, 422, { code: 'FST_ERR_SSE_INVALID_EVENT', message: "channel 'counts': the event 'count'" }],
    [{ event: 'count' }, 422, { code: 'FST_ERR_SSE_INVALID_EVENT' }],
    [{ event: 'other', data: 1 }, 422, { code: 'FST_ERR_SSE_UNKNOWN_EVENT' }],
    [{}, 422, { code: /^FST_ERR_SSE/ }],
    [{ event: 'count', data: 1, topic: 7 }, 422, { code: 'FST_ERR_SSE_PUBLISH_INVALID' }]
  ] as const) {
    const answer = await post(app, 'publish', { channel: 'counts', ...event })
    t.match(answer, { statusCode, body: { code: expected.code } })
    t.type(answer.body?.['message'], 'string')
  }
  for (const nothing of [{ channel: 'none' }, {}, null, [], 'counts']) {
    t.match(await post(app, 'publish', nothing), { statusCode: 404, body: { message: 'no such channel is open here, or several scopes have one of this name' } })
  }
  t.equal(await channel.position(), before)
})

t.test('a broker that does not answer is told by its status code', async t => {
  const { app, channel } = await inspected(t)
  Object.assign(channel, { publish: async () => { throw Object.assign(new Error('away'), { code: 'FST_ERR_SSE_BROKER_UNAVAILABLE', statusCode: 503 }) } })
  t.strictSame(await post(app, 'publish', { channel: 'counts', event: 'count', data: 1 }), { statusCode: 503, body: { code: 'FST_ERR_SSE_BROKER_UNAVAILABLE', message: 'away' } })
  Object.assign(channel, { publish: async () => { throw new Error('of no kind') } })
  t.strictSame(await post(app, 'publish', { channel: 'counts', event: 'count', data: 1 }), { statusCode: 422, body: { code: '', message: 'of no kind' } })
})

t.test('a stream is ended, and logged; one that is not there is not', async t => {
  const { app, listen, closed, logged } = await inspected(t)
  const { url } = await listen()
  const client = await opened(t, `${url}/counts/ann`)
  const other = await opened(t, `${url}/counts/bob`)
  const [stream] = app.sse.streams()
  t.strictSame(await post(app, 'close', { id: stream?.id }), { statusCode: 204, body: undefined })
  t.equal(await client.ended, 'whole')
  t.match(await closed(), { route: 'GET /counts/:name', reason: 'expired' })
  t.match(await logged(({ msg }) => msg === 'a stream was ended by the inspector'), { level: 30, route: 'GET /counts/:name' })
  for (const id of [stream?.id, 'x', undefined]) {
    t.match(await post(app, 'close', { id }), { statusCode: 404, body: { message: 'this stream is not open here; it may have ended by itself' } })
  }
  t.equal(app.sse.streams().length, 1)
  other.leave()
})

t.test('a tail shows what comes on a channel, of all topics, with what is declared', async t => {
  const { channel, listen } = await inspected(t)
  const { url } = await listen()
  await channel.publish(count(0))
  const client = await tailOf(t, url)
  while (channel.subscriberCount() === 0) await new Promise(setImmediate)
  t.match(JSON.parse(client.items[0]?.data ?? ''), {
    name: 'counts',
    events: [{ name: 'count', isFinal: false, schema: JSON.stringify({ type: 'number' }, null, 2) }, { name: 'total' }]
  })
  await channel.publish(count(1))
  const id = await channel.publish({ event: 'total', data: { sum: 2 } }, { topic: 'a' })
  await client.until(() => tailed(client).length === 2)
  t.match(tailed(client), [{ event: 'count', data: '1', length: 1 }, { event: 'total', data: '{"sum":2}', id }])
  t.ok(Math.abs((tailed(client)[0]?.at ?? 0) - Date.now()) < 60_000)
  client.leave()
  while (channel.subscriberCount() > 0) await new Promise(setImmediate)
})

t.test('of what comes too fast, and of what is too long, the tail says how much there is', async t => {
  const { app, listen } = await inspected(t)
  const long = app.sse.channel('long', eventStream({ text: Type.String() }, { final: [] }))
  const { url } = await listen()
  const client = await tailOf(t, url, 'long')
  while (long.subscriberCount() === 0) await new Promise(setImmediate)
  for (let n = 0; n < 500; n++) void long.publish({ event: 'text', data: 'x'.repeat(n === 499 ? 5_000 : 1) })
  await client.until(() => tailed(client).some(({ length }) => length === 5_002))
  t.equal(tailed(client).at(-1)?.data, `"${'x'.repeat(3_999)}…`)
  const shown = batches(client)
  t.equal(shown.reduce((sum, { skipped, events }) => sum + skipped + events.length, 0), 500)
  t.ok(shown.every(({ events }) => events.length <= 50))
  t.ok(shown.some(({ skipped }) => skipped > 0))
})

t.test('a tail shows also what JSON does not have, and whose ids are for somebody else', async t => {
  const { app, listen } = await inspected(t)
  const Whole = Type.Transform(Type.String()).Decode(text => BigInt(text)).Encode(String)
  const whole = eventStream({ whole: Whole, nothing: Type.Null(), checked: z.object({ name: z.string() }) }, { final: ['nothing'] })
  const channel = app.sse.channel('whole', whole, { signIds: { secret: 'a secret of more than 32 characters, so', scope: ({ ip }) => ip } })
  const { url } = await listen()
  const client = await tailOf(t, url, 'whole')
  while (channel.subscriberCount() === 0) await new Promise(setImmediate)
  await channel.publish({ event: 'whole', data: 7n })
  await client.until(() => tailed(client).length === 1)
  t.match(tailed(client), [{ event: 'whole', data: '7' }])
  const { events } = JSON.parse(client.items[0]?.data ?? '') as { events: Array<{ isFinal: boolean, schema: string }> }
  t.strictSame(events.map(({ isFinal }) => isFinal), [false, true, false])
  t.match(JSON.parse(events[2]?.schema ?? ''), { type: 'object', properties: { name: { type: 'string' } } })
  await channel.publish({ event: 'nothing', data: null })
  await client.until(() => tailed(client).length === 2)
  t.match(tailed(client)[1], { event: 'nothing', data: 'null', length: 4 })
})

t.test('where several scopes have a channel of one name, none of them gets what was for another', async t => {
  const { app, channel } = await inspected(t)
  const before = await channel.position()
  await app.register(async scope => {
    await scope.register(sse)
    scope.sse.channel('counts', counts)
  })
  t.equal((await post(app, 'publish', { channel: 'counts', event: 'count', data: 1 })).statusCode, 404)
  t.equal((await app.inject(`${PREFIX}/tail?channel=counts`)).statusCode, 404)
  t.equal(await channel.position(), before)
})

t.test('a tail ends with its channel, and there is none of one that is not open', async t => {
  const { app, channel, listen } = await inspected(t)
  const { url } = await listen()
  const client = await tailOf(t, url)
  while (channel.subscriberCount() === 0) await new Promise(setImmediate)
  await channel.publish(count(1))
  await channel.close()
  t.equal(await client.ended, 'whole')
  t.match(tailed(client), [{ data: '1' }])
  t.strictSame((await app.inject(`${PREFIX}/tail?channel=counts`)).json(), { code: '', message: 'no such channel is open here, or several scopes have one of this name' })
  t.equal((await app.inject(`${PREFIX}/tail`)).statusCode, 404)
})

t.test('a tail whose subscription fails is cut', async t => {
  const { channel, listen } = await inspected(t)
  Object.assign(channel, { subscribe: () => (async function * () { throw new Error('too slow') })() })
  const { url } = await listen()
  const client = await open(t, `${url}${PREFIX}/tail?channel=counts`)
  t.equal(await client.ended, 'cut')
})
