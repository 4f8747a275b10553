import { Type } from '@sinclair/typebox'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import t from 'tap'
import { eventStream } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'

/** What would make fields and events of its own, if it stood in a stream as it is. */
const EVIL = ['\n', '\r', '\r\n', '\n\n'].map(end => `x${end}event: evil${end}id: evil${end}retry: 1${end}data: evil\n\n`)
const MARKUP = '</script><img src=x onerror=alert(1)>\u2028\u2029'

const EVENTS = eventStream({ json: Type.Any(), text: Type.String({ contentMediaType: 'text/plain' }) })

function parse (body: string): { events: EventSourceMessage[], retries: number[], comments: string[] } {
  const events: EventSourceMessage[] = []
  const retries: number[] = []
  const comments: string[] = []
  const parser = createParser({ onEvent: event => { events.push(event) }, onRetry: ms => { retries.push(ms) }, onComment: comment => { comments.push(comment) } })
  parser.feed(body)
  return { events, retries, comments }
}

/** Line breaks as a client gets them: all of them are LF. */
const normalized = (text: string): string => text.replaceAll(/\r\n?/g, '\n')

t.test('data and comments never make a field or an event, whatever they hold', async t => {
  const { app } = await loadedApp(t)
  const evil = [...EVIL, MARKUP, '\uFEFF', 'data: x', ':', '\0']
  app.get('/declared', { schema: { response: { 200: EVENTS } } }, async function * () {
    for (const text of evil) {
      yield { event: 'json' as const, data: { [text]: text } }
      yield { event: 'text' as const, data: text }
      yield { comment: text }
    }
  })
  app.get('/undeclared', async function * () {
    for (const text of evil) {
      yield { event: 'json', data: { [text]: text } }
      yield { event: 'text', data: text }
      yield { comment: text }
    }
  })
  for (const url of ['/declared', '/undeclared']) {
    const { events, retries } = parse((await app.inject(url)).body)
    t.strictSame(events.map(({ event, id }) => [event, id]), evil.flatMap(() => [['json', undefined], ['text', undefined]]), url)
    t.strictSame(events.filter(({ event }) => event === 'json').map(({ data }) => JSON.parse(data) as unknown), evil.map(text => ({ [text]: text })))
    t.strictSame(events.filter(({ event }) => event === 'text').map(({ data }) => data), evil.map(normalized))
    t.strictSame(retries, [2_000], "and the server's retry is the only one")
  }
})

t.test('a name, an id or a retry that is none is an error of the route, and nothing of it is sent', async t => {
  const { app } = await loadedApp(t)
  const wrong = [
    ...EVIL.flatMap(text => [{ event: text, data: 1 }, { event: 'json', data: 1, id: text }, { event: 'json', data: 1, retry: text }]),
    { event: 'json', data: 1, id: 'a\0b' }, { event: 'json', data: 1, retry: -1 }, { event: 'json', data: 1, retry: 1.5 }
  ]
  wrong.forEach((event, i) => {
    app.get(`/declared/${i}`, { schema: { response: { 200: EVENTS } } }, async function * () { yield event as never })
    app.get(`/undeclared/${i}`, async function * () { yield event as never })
    app.get(`/sink/${i}`, async (_request, reply) => {
      await reply.sse.send(event as never).catch((error: unknown) => { throw error })
      return reply.sse
    })
  })
  for (let i = 0; i < wrong.length; i++) {
    for (const kind of ['declared', 'undeclared', 'sink']) {
      const { statusCode, headers, body } = await app.inject(`/${kind}/${i}`)
      t.equal(statusCode, 500, `${kind}: ${JSON.stringify(wrong[i])}`)
      t.equal(headers['content-type'], 'application/json; charset=utf-8')
      t.match((JSON.parse(body) as { code: string }).code, /^FST_ERR_SSE_(?:UNKNOWN_EVENT|FIELD_INVALID)$/)
    }
  }
})

t.test('what a channel is told of an event never gets into a stream but as its data', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('evil\n\nevent: evil', EVENTS)
  const latest = app.sse.channel('latest', EVENTS, { retain: 'latest', key: () => 'key' })
  app.get('/', request => channel.subscribe(request, { from: 'start' }))
  app.get('/latest', request => latest.subscribe(request))
  for (const text of EVIL) {
    await channel.publish({ event: 'text', data: text }, { topic: text, idempotencyKey: text })
    await latest.publish({ event: 'text', data: text }, { topic: text, key: text })
    await t.rejects(channel.publish({ event: text, data: 1 } as never), { code: 'FST_ERR_SSE_UNKNOWN_EVENT' })
    await t.rejects(channel.publish({ event: 'text', data: text, retry: text } as never), { code: 'FST_ERR_SSE_FIELD_INVALID' })
    await t.rejects(channel.publish({ event: 'text', data: text, id: text } as never), { code: 'FST_ERR_SSE_PUBLISH_INVALID' })
  }
  const { port } = await listen()
  for (const path of ['/', '/latest']) {
    const client = new RawClient(t, port).request(path)
    await client.until(({ body }) => parse(body).events.length >= EVIL.length)
    const { events, retries } = parse(client.body)
    t.strictSame(events.map(({ event, data }) => [event, data]), EVIL.map(text => ['text', normalized(text)]))
    for (const { id } of events) t.match(id, /^[\w-]+\.\d+$/)
    t.strictSame(retries, [2_000])
  }
})

t.test('what a client sends comes back as JSON, if at all, and in no header', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('channel', EVENTS)
  app.get('/', { schema: { response: { 200: EVENTS } } }, request => channel.subscribe(request))
  const { port } = await listen()
  const id = encodeURIComponent(`${MARKUP}"\\`)
  const client = new RawClient(t, port).request(`/?lastEventId=${id}`, { headers: [`X-Evil: ${MARKUP.slice(0, -2)}`, 'Accept: text/event-stream, evil/evil'] })
  await client.until(({ body }) => body.includes('\n\n'))
  const { events } = parse(client.body)
  t.equal(events.length, 1)
  t.equal((JSON.parse(events[0]?.data ?? '') as { requested: string }).requested, `${MARKUP}"\\`)
  t.notMatch(client.text.split('\r\n\r\n')[0], /evil|script|onerror/i)

  const refused = await app.inject({ url: '/', headers: { accept: `text/html, "${MARKUP.slice(0, -2)}"` } })
  t.equal(refused.statusCode, 406)
  t.equal(refused.headers['content-type'], 'application/json; charset=utf-8', 'which no browser takes for a page')
})

t.test('a declaration whose names would be fields is refused', async t => {
  for (const name of ['a\nb', 'a\rb', 'x\ndata: evil']) {
    t.throws(() => eventStream({ [name]: Type.Null() }), { code: 'FST_ERR_SSE_STREAM_INVALID' }, JSON.stringify(name))
  }
})
