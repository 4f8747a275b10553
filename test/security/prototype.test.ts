import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import { connect } from '../../lib/client/connect.js'
import { eventStream } from '../../lib/index.js'
import type { EventSchemas, EventStream } from '../../types/event.js'
import { open, received, resume } from '../channels/clients.js'
import { loadedApp } from '../helpers/app.js'

/** What every object has, and what makes an object's prototype. */
const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__']

/** An object as JSON.parse makes it of a request: `__proto__` is a property of its own. */
const parsed = (json: string): object => JSON.parse(json) as object
const POLLUTING = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"text":"x"}'

const PROTOTYPES = [Object.prototype, Array.prototype, Function.prototype]
const before = PROTOTYPES.map(prototype => Reflect.ownKeys(prototype))

/** Fails if anything was added to what all objects have. */
function expectClean (t: Test): void {
  t.strictSame(PROTOTYPES.map(prototype => Reflect.ownKeys(prototype)), before)
  t.equal(({} as { polluted?: unknown }).polluted, undefined)
}

/** The first event of a stream that is then left. */
async function firstOf (stream: AsyncIterable<unknown>): Promise<{ event: string, data: unknown }> {
  const events = stream[Symbol.asyncIterator]()
  const { value } = await events.next() as { value: { event: string, data: unknown } }
  await events.return?.()
  return value
}

t.test('an event may have the name of what every object has, and is checked as any other', async t => {
  const { app, listen } = await loadedApp(t, {}, { forceCloseConnections: true })
  for (const name of NAMES) {
    const schemas = Object.defineProperty({}, name, { value: Type.Number(), enumerable: true }) as EventSchemas
    const stream = eventStream(schemas) as unknown as EventStream
    app.get(`/${name}`, { schema: { response: { 200: stream } } }, async function * () {
      yield { event: name, data: 7 } as never
    })
    app.get(`/${name}/wrong`, { schema: { response: { 200: stream } } }, async function * () {
      yield { event: name, data: 'no number' } as never
    })
  }
  const notes = eventStream({ note: Type.Number() }) as unknown as EventStream
  for (const name of NAMES) {
    app.get(`/undeclared/${name}`, { schema: { response: { 200: notes } } }, async function * () {
      yield { event: name, data: 7 } as never
    })
  }
  const { url } = await listen()
  for (const name of NAMES) {
    t.equal((await app.inject(`/${name}`)).body, `retry: 2000\nevent: ${name}\ndata: 7\n\n`, name)
    t.match((await app.inject(`/${name}/wrong`)).json(), { code: 'FST_ERR_SSE_INVALID_EVENT' }, name)
    t.match((await app.inject(`/undeclared/${name}`)).json(), { code: 'FST_ERR_SSE_UNKNOWN_EVENT' }, name)

    const heard: unknown[] = []
    const stream = connect<never>(`${url}/${name}`)
    stream.on(name as never, (data: unknown) => { heard.push(data) })
    const { event, data } = await firstOf(stream)
    t.strictSame([event, data], [name, 7])
    t.strictSame(heard, [7], `the client hears ${name}`)
  }
  expectClean(t)
})

t.test('a payload with such properties is sent without them, or as they are, and never acted on', async t => {
  const { app, listen } = await loadedApp(t, {}, { forceCloseConnections: true })
  const strict = eventStream({ note: Type.Object({ text: Type.String() }) })
  const loose = eventStream({ note: Type.Any() })
  app.get('/strict', { schema: { response: { 200: strict } } }, async function * () { yield { event: 'note' as const, data: parsed(POLLUTING) as { text: string } } })
  app.get('/loose', { schema: { response: { 200: loose } } }, async function * () { yield { event: 'note' as const, data: parsed(POLLUTING) } })
  app.get('/undeclared', async function * () { yield { event: 'note', data: parsed(POLLUTING) } })
  const { url } = await listen()
  t.equal((await app.inject('/strict')).body, 'retry: 2000\nevent: note\ndata: {"text":"x"}\n\n')
  for (const path of ['/loose', '/undeclared']) {
    t.equal((await app.inject(path)).body, `retry: 2000\nevent: note\ndata: ${POLLUTING}\n\n`, path)
    const { data } = await firstOf(connect<never>(url + path))
    t.strictSame(Object.keys(data as object), ['__proto__', 'constructor', 'text'], 'the client has them as properties of their own')
    t.equal(Object.getPrototypeOf(data), Object.prototype)
  }
  expectClean(t)
})

t.test('channels, topics, keys and idempotency keys may have such names', async t => {
  const { app, listen } = await loadedApp(t)
  const values = eventStream({ value: Type.Number() })
  for (const name of NAMES) {
    const channel = app.sse.channel(name, values)
    const latest = app.sse.channel(`latest ${name}`, values, { retain: 'latest', key: () => name })
    app.get(`/${name}`, request => channel.subscribe(request, { topics: [name], from: 'start' }))
    app.get(`/${name}/latest`, request => latest.subscribe(request))
    const id = await channel.publish(channel.event.value(1), { topic: name, idempotencyKey: name })
    t.equal(await channel.publish(channel.event.value(2), { topic: name, idempotencyKey: name }), id)
    await channel.publish(channel.event.value(3), { topic: 'another' })
    await channel.publish(channel.event.value(4), { topic: name })
    await latest.publish(latest.event.value(5))
    await latest.publish(latest.event.value(6))
  }
  const { url } = await listen()
  for (const name of NAMES) {
    t.strictSame(await received(await open(t, `${url}/${name}`), 2), [1, 4], name)
    t.strictSame(await received(await open(t, `${url}/${name}/latest`), 1), [6], name)
    const forged = await resume(t, `${url}/${name}`, `${name}.1`)
    await forged.until(events => events.some(({ event }) => event === 'stream-gap'))
  }
  expectClean(t)
})

t.test('options made of a request are no more than options', async t => {
  const { app } = await loadedApp(t)
  const values = eventStream({ value: Type.Number() })
  const channel = app.sse.channel('values', values)
  for (const json of ['{"__proto__":{"topics":["a"]}}', '{"constructor":1}', '{"topics":["a"],"__proto__":{}}']) {
    t.throws(() => channel.subscribe({}, parsed(json)), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID' }, json)
    await t.rejects(channel.publish(channel.event.value(1), parsed(json)), { code: 'FST_ERR_SSE_PUBLISH_INVALID' }, json)
    t.throws(() => channel.subscribe(parsed(json)), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID' }, json)
    t.throws(() => app.sse.channel('other', values, parsed(json)), { code: 'FST_ERR_SSE_OPTION_INVALID' }, json)
  }
  t.throws(() => channel.subscribe({}, { topics: [parsed('{"prefix":""}')] } as never), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID' })
  expectClean(t)
})
