import { Type } from '@sinclair/typebox'
import t from 'tap'
import { eventStream, raw } from '../../lib/index.js'
import { injectEvents } from '../../lib/testing/inject-events.js'
import { bareApp, loadedApp } from '../helpers/app.js'
import { acme, acmeReceived, declared, halt, prices } from './streams.js'

async function * session () {
  yield acme(1)
  yield acme(2)
  yield halt({ reason: 'lunch' })
  yield acme(3)
}

t.test('gives status, headers and typed events', async t => {
  const { app } = await loadedApp(t)
  app.get('/', declared, session)
  const stream = await injectEvents<typeof prices>(app, { url: '/' })
  t.equal(stream.status, 200)
  t.equal(stream.headers['content-type'], 'text/event-stream')
  t.equal(stream.body, '')
  t.strictSame(await stream.rest(), [acmeReceived(1), acmeReceived(2), { event: 'halt', data: { reason: 'lunch' } }, acmeReceived(3)])
  t.strictSame(await stream.rest(), [])
})

t.test('takes a URL for its options', async t => {
  const { app } = await loadedApp(t)
  app.get('/', declared, session)
  t.equal((await (await injectEvents(app, '/')).rest()).length, 4)
})

t.test('passes on all options of inject', async t => {
  const { app } = await loadedApp(t)
  const echoes = eventStream({ echo: Type.Any() })
  app.post('/', { schema: { body: Type.Object({ n: Type.Integer() }), response: { 200: echoes } } }, async function * (request) {
    const { body, query, headers: { authorization, cookie } } = request
    yield echoes.event.echo({ body, query, authorization, cookie })
  })
  const stream = await injectEvents<typeof echoes>(app, {
    method: 'POST', url: '/', query: { q: '1' }, payload: { n: 1 }, headers: { Authorization: 'Bearer x' }, cookies: { a: 'b' }
  })
  t.strictSame(await stream.rest(), [
    { event: 'echo', data: { body: { n: 1 }, query: { q: '1' }, authorization: 'Bearer x', cookie: 'a=b' } }
  ])
})

t.test('asks for an event stream, unless the headers say otherwise', async t => {
  const { app } = await loadedApp(t)
  const schema = { response: { 200: { content: { 'application/json': { schema: Type.Array(Type.Number()) }, 'text/event-stream': { schema: prices } } } } }
  app.get('/', { schema }, async request => request.prefersEventStream ? prices.from(session) : [1, 2, 3])
  t.equal((await injectEvents(app, '/')).body, '')
  t.equal((await injectEvents(app, { url: '/', headers: { Accept: 'application/json' } })).body, '[1,2,3]')
})

t.test('take() gives the next events, and iteration those after them', async t => {
  const { app } = await loadedApp(t)
  app.get('/', declared, session)
  const stream = await injectEvents<typeof prices>(app, '/')
  t.strictSame(await stream.take(0), [])
  t.strictSame(await stream.take(1), [acmeReceived(1)])
  const left = []
  for await (const event of stream) {
    left.push(event.event === 'price' ? event.data.value : event.event)
  }
  t.strictSame(left, [2, 'halt', 3])
})

t.test('until() gives the events up to the one that is named, and with it', async t => {
  const { app } = await loadedApp(t)
  app.get('/', declared, session)
  const stream = await injectEvents<typeof prices>(app, '/')
  t.strictSame(await stream.until('halt'), [acmeReceived(1), acmeReceived(2), { event: 'halt', data: { reason: 'lunch' } }])
  t.strictSame(await stream.rest(), [acmeReceived(3)])
})

t.test('those who ask at the same time get one event after the other', async t => {
  const { app } = await loadedApp(t)
  app.get('/', declared, session)
  const stream = await injectEvents<typeof prices>(app, '/')
  t.strictSame(await Promise.all([stream.take(1), stream.take(1)]), [[acmeReceived(1)], [acmeReceived(2)]])
})

t.test('gives what is raw text by its declaration as it is, and all else as JSON', async t => {
  const { app } = await loadedApp(t)
  const texts = eventStream({
    html: Type.String({ contentMediaType: 'text/html' }),
    json: Type.String({ contentMediaType: 'application/json' }),
    vendor: Type.String({ contentMediaType: 'application/x+json; v=1' }),
    string: Type.String(),
    number: Type.Number(),
    shared: Type.Unsafe<string>({ $ref: 'line#' })
  })
  const { html, json, vendor, string, number, shared } = texts.event
  app.addSchema({ $id: 'line', type: 'string', contentMediaType: 'text/plain' })
  app.get('/', { schema: { response: { '2xx': texts } } }, async function * () {
    yield html('5')
    yield html('<p>\n</p>')
    yield json('5')
    yield vendor('5')
    yield string('5')
    yield number(5)
    yield shared('5')
    yield raw('[DONE]')
    yield raw('5')
  })
  const stream = await injectEvents<typeof texts>(app, '/')
  t.strictSame((await stream.rest()).map(({ event, data }) => [event, data]), [
    ['html', '5'], ['html', '<p>\n</p>'], ['json', '5'], ['vendor', '5'], ['string', '5'], ['number', 5],
    ['shared', '5'], ['message', '[DONE]'], ['message', 5]
  ])
})

t.test('takes what a schema checks that has no JSON Schema for JSON', async t => {
  const { app } = await loadedApp(t)
  const anything = eventStream({ anything: { '~standard': { version: 1, vendor: 'valibot', validate: (value: unknown) => ({ value }) } } })
  app.get('/', { schema: { response: { 200: anything } } }, async function * () { yield anything.event.anything('5') })
  t.strictSame(await (await injectEvents(app, '/')).rest(), [{ event: 'anything', data: '5' }])
})

t.test('knows what is raw text without a declaration when it is told', async t => {
  const { app } = await loadedApp(t)
  app.get('/', async function * () {
    yield { event: 'line', data: '5' }
    yield { event: 'line', data: 'five' }
    yield { event: 'count', data: 5 }
  })
  const data = async (options: object) => (await (await injectEvents(app, { url: '/', ...options })).rest()).map(({ data }) => data)
  t.strictSame(await data({}), [5, 'five', 5])
  t.strictSame(await data({ text: ['line'] }), ['5', 'five', 5])
})

t.test('notes what stands beside the events, not before it was reached', async t => {
  const { app } = await loadedApp(t, { retryMs: 100 })
  app.get('/', declared, async function * () {
    yield { comment: 'warm\nup' }
    yield acme(1)
    yield prices.event.price({ symbol: 'ACME', value: 2 }, { id: 'two', retry: 200 })
    yield { comment: 'and out' }
  })
  const stream = await injectEvents<typeof prices>(app, '/')
  t.strictSame([stream.retryMs, stream.lastEventId, stream.comments], [undefined, undefined, []])
  await stream.take(1)
  t.strictSame([stream.retryMs, stream.lastEventId, stream.comments], [100, undefined, ['warm', 'up']])
  t.strictSame(await stream.take(1), [{ ...acmeReceived(2), id: 'two' }])
  t.strictSame([stream.retryMs, stream.lastEventId, stream.comments], [200, 'two', ['warm', 'up']])
  await stream.rest()
  t.strictSame(stream.comments, ['warm', 'up', 'and out'])
})

t.test('comes back with a last event ID, of any characters', async t => {
  const { app } = await loadedApp(t)
  const ids: unknown[] = []
  app.get('/', declared, (request, reply) => {
    ids.push(reply.sse.lastEventId)
    return session()
  })
  for (const lastEventId of ['7', 'café – 東京']) {
    const stream = await injectEvents(app, { url: '/', lastEventId })
    await stream.close()
  }
  t.strictSame(ids, ['7', 'café – 東京'])
})

t.test('a channel gives who comes back what it has missed', async t => {
  const { app } = await loadedApp(t)
  const channel = app.sse.channel('prices', prices)
  app.get('/', declared, request => channel.subscribe(request))
  const first = await injectEvents<typeof prices>(app, '/')
  await channel.publish(acme(1))
  const [{ id, ...event } = {}] = await first.take(1)
  t.strictSame(event, acmeReceived(1))
  t.equal(first.lastEventId, id)
  await first.close()
  await channel.publish(acme(2))
  const second = await injectEvents<typeof prices>(app, { url: '/', lastEventId: String(first.lastEventId) })
  t.strictSame((await second.take(1)).map(({ event, data }) => ({ event, data })), [acmeReceived(2)])
  await second.close()
})

t.test('a position that is no event moves the last event ID alone', async t => {
  const { app } = await loadedApp(t)
  const channel = app.sse.channel('prices', prices)
  app.get('/', declared, request => channel.subscribe(request))
  const first = await injectEvents<typeof prices>(app, '/')
  const waiting = first.take(1)
  while (first.lastEventId === undefined) await new Promise(setImmediate)
  t.equal(first.lastEventId, await channel.position())
  await channel.publish(acme(1))
  t.equal((await waiting)[0]?.event, 'price')
  await first.close()
})

t.test('a gap is an event', async t => {
  const { app } = await loadedApp(t)
  const channel = app.sse.channel('prices', prices, { history: { maxEvents: 1 } })
  app.get('/', declared, request => channel.subscribe(request))
  const requested = await channel.publish(acme(1))
  for (const value of [2, 3, 4]) await channel.publish(acme(value))
  const stream = await injectEvents<typeof prices>(app, { url: '/', lastEventId: requested })
  const [gap] = await stream.until('stream-gap')
  t.match(gap, { event: 'stream-gap', data: { requested } })
  await stream.close()
})

t.test('a final event has no mark of the plugin, and who has seen it gets a 204', async t => {
  const { app } = await loadedApp(t)
  const job = eventStream({ done: Type.Null() }, { final: ['done'] })
  app.get('/', { schema: { response: { 200: job } } }, async function * () { yield job.event.done() })
  app.get('/stop', { ...declared, sse: { onComplete: 'stop' } }, session)
  for (const [url, last] of [['/', { event: 'done', data: null }], ['/stop', acmeReceived(3)]] as const) {
    const stream = await injectEvents(app, url)
    t.strictSame((await stream.rest()).at(-1), last)
    t.equal(stream.lastEventId, 'stream-end')
    const again = await injectEvents(app, { url, lastEventId: 'stream-end' })
    t.equal(again.status, 204)
    t.equal(again.body, '')
  }
})

t.test('events arrive as they are made', async t => {
  const { app } = await loadedApp(t)
  let yielded = 0
  app.get('/', declared, async function * () {
    for (;;) {
      yield acme(++yielded)
      await new Promise(setImmediate)
    }
  })
  const stream = await injectEvents<typeof prices>(app, '/')
  for (let n = 1; n <= 100; n++) t.strictSame(await stream.take(1), [acmeReceived(n)])
  await stream.close()
})

t.test('who takes one event does not make an endless generator run on', async t => {
  const { app } = await loadedApp(t)
  let yielded = 0
  app.get('/', declared, async function * () {
    for (;;) yield acme(++yielded)
  })
  const stream = await injectEvents<typeof prices>(app, '/')
  t.strictSame(await stream.take(1), [acmeReceived(1)])
  let before
  do {
    before = yielded
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
  } while (before !== yielded)
  t.ok(yielded < 10_000, `it has yielded ${yielded} events`)
  await stream.take(20_000)
  t.ok(yielded >= 20_001, 'it goes on when more are taken')
  await stream.close()
})

t.test('an event stream that is not of this plugin is read as well', async t => {
  const { app } = bareApp(t)
  app.get('/', async (_request, reply) => await reply.type('text/event-stream').send('event: x\ndata: 1\n\n'))
  const stream = await injectEvents(app, '/')
  t.strictSame(await stream.rest(), [{ event: 'x', data: 1 }])
  t.equal(await stream.close(), undefined)
})
