import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { eventStream } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { documentOf, type Response } from './document.js'

const ticks = eventStream({ tick: Type.Integer() })
const job = eventStream({ done: Type.Null() }, { final: ['done'] })
const Problem = Type.Object({ title: Type.String() })

const NOT_ACCEPTABLE = {
  description: 'The client does not accept text/event-stream.',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        additionalProperties: true,
        properties: { statusCode: { type: 'number' }, code: { type: 'string' }, error: { type: 'string' }, message: { type: 'string' } }
      }
    }
  }
}
const COMPLETE = { description: 'The client has seen the whole stream, as its `Last-Event-ID` says; there is nothing to reconnect for.' }

async function responsesOf (t: Test, options: Partial<RouteOptions>): Promise<Record<string, Response>> {
  const { paths } = await documentOf(t, '3.2.0', app => { declare(app, options) })
  return Object.values(paths['/']?.[String([options.method ?? 'GET'].flat()[0]).toLowerCase()] ?? {}).at(-1) as Record<string, Response>
}

function declare (app: FastifyInstance, options: Partial<RouteOptions>): void {
  app.route({ method: 'GET', url: '/', handler: async function * () {}, ...options })
}

t.test('a GET that only streams refuses who does not accept that', async t => {
  t.strictSame((await responsesOf(t, { schema: { response: { 200: ticks } } }))['406'], NOT_ACCEPTABLE)
  const { app } = await loadedApp(t)
  declare(app, { schema: { response: { 200: ticks } } })
  const { statusCode, body } = await app.inject({ url: '/', headers: { accept: 'application/json' } })
  t.equal(statusCode, 406)
  t.strictSame(Object.keys(JSON.parse(body) as object).toSorted(), Object.keys(NOT_ACCEPTABLE.content['application/json'].schema.properties).toSorted())
})

t.test('a GET whose stream can be complete tells so with a 204', async t => {
  t.strictSame((await responsesOf(t, { schema: { response: { 200: job } } }))['204'], COMPLETE)
  t.strictSame((await responsesOf(t, { schema: { response: { 200: ticks } }, sse: { onComplete: 'stop' } } as object))['204'], COMPLETE)
})

for (const [name, options, statuses] of [
  ['other methods, which stream whatever the client accepts', { method: 'POST', schema: { response: { 200: job } } }, ['200']],
  ['routes of several methods, for their GET', { method: ['GET', 'POST'], schema: { response: { 200: job } } }, ['200', '204', '406']],
  ['routes that have another answer', {
    schema: { response: { 200: { content: { 'text/event-stream': { schema: ticks }, 'application/json': { schema: Type.Object({}) } } } } }
  }, ['200']],
  ['streams for all successes', { schema: { response: { '2xx': job } } }, ['204', '406', '2XX']],
  ['routes without streams', { schema: { response: { 200: Problem } } }, ['200']]
] as const) {
  t.test(`the answers of ${name}`, async t => {
    t.strictSame(Object.keys(await responsesOf(t, options as unknown as Partial<RouteOptions>)), statuses)
  })
}

for (const status of ['406', '4xx', 'default']) {
  t.test(`what the user says of ${status} stands for a 406`, async t => {
    const responses = await responsesOf(t, { schema: { response: { 200: ticks, [status]: Problem } } })
    t.strictSame(Object.keys(responses), ['200', status.replace('xx', 'XX')])
    t.strictSame((responses[status.replace('xx', 'XX')]?.content?.['application/json']?.schema as { required: string[] }).required, ['title'])
  })
}

t.test('what the user says of 204 stands', async t => {
  const responses = await responsesOf(t, { schema: { response: { 200: job, 204: Type.Null({ description: 'Mine' }) } } })
  t.strictSame(responses['204'], { description: 'Mine' })
})

t.test('a stream that is declared as the default is one for successes; errors are JSON', async t => {
  const { default: response } = await responsesOf(t, { schema: { response: { default: ticks } } })
  t.strictSame(Object.keys(response?.content ?? {}), ['text/event-stream', 'application/json'])
  t.strictSame(response?.content?.['application/json'], NOT_ACCEPTABLE.content['application/json'])
  t.equal(response?.description, 'A stream of events')
})

t.test('what the user says beside a stream stays', async t => {
  const { 200: response } = await responsesOf(t, {
    schema: {
      response: {
        200: {
          description: 'Now and then',
          content: { 'text/event-stream': { schema: ticks, 'x-mine': 1 }, 'application/json': { schema: Type.Array(Type.Integer()) } }
        }
      }
    }
  })
  t.equal(response?.description, 'Now and then')
  t.strictSame(Object.keys(response?.content?.['text/event-stream'] ?? {}), ['schema', 'x-mine', 'itemSchema'])
  t.strictSame(response?.content?.['application/json'], { schema: { type: 'array', items: { type: 'integer' } } })
})

t.test('a route with limits tells what comes beyond them', async t => {
  const TOO_MANY = { description: 'Too many streams are open; `Retry-After` says when to come back.', content: NOT_ACCEPTABLE.content }
  const TOO_MANY_PER_KEY = { description: 'The client has too many streams open; `Retry-After` says when to come back.', content: NOT_ACCEPTABLE.content }
  const responses = async (sse: object, schema: object = { response: { 200: ticks } }) => await responsesOf(t, { schema, sse } as object)
  t.strictSame(await responses({ maxStreams: 5 }), { ...await responses({}), 503: TOO_MANY })
  t.strictSame(await responses({ maxStreamsPerKey: 5 }), { ...await responses({}), 429: TOO_MANY_PER_KEY })
  t.strictSame(await responses({ maxStreams: 5, maxStreamsPerKey: 5 }), { ...await responses({}), 429: TOO_MANY_PER_KEY, 503: TOO_MANY })
  for (const status of ['429', '4xx', 'default']) {
    const { 429: said } = await responses({ maxStreamsPerKey: 5 }, { response: { 200: ticks, [status]: Problem } })
    t.not(said?.description, TOO_MANY_PER_KEY.description, status)
  }
  for (const status of ['503', '5xx', 'default']) {
    const { 503: said } = await responses({ maxStreams: 5 }, { response: { 200: ticks, [status]: Problem } })
    t.not(said?.description, TOO_MANY.description, status)
  }
})

t.test('a limit of the server is one of each route that streams', async t => {
  const { paths } = await documentOf(t, '3.2.0', app => {
    const channel = app.sse.channel('ticks', ticks)
    declare(app, { schema: { response: { 200: ticks } }, handler: request => channel.subscribe(request) })
    declare(app, { url: '/plain', schema: { response: { 200: Problem } } })
  }, { maxStreams: 5, maxStreamsPerKey: 1 })
  t.strictSame(Object.keys(paths['/']?.['get']?.responses ?? {}), ['200', '406', '429', '503'])
  t.equal(paths['/']?.['get']?.responses['503']?.description, 'The channel behind this stream is closed. Or: Too many streams are open; `Retry-After` says when to come back.')
  t.strictSame(Object.keys(paths['/plain']?.['get']?.responses ?? {}), ['200'])
})

t.test('what follows a channel tells that it may be closed', async t => {
  const declareFollowers = (app: FastifyInstance): void => {
    const channel = app.sse.channel('ticks', ticks)
    for (const method of ['GET', 'POST']) declare(app, { method, schema: { response: { 200: ticks } }, handler: request => channel.subscribe(request) })
    for (const status of ['503', '5xx', 'default']) declare(app, { url: `/${status}`, schema: { response: { 200: ticks, [status]: Problem } } })
    app.post('/close', async () => { await channel.close() })
  }
  const { paths } = await documentOf(t, '3.2.0', declareFollowers)
  const UNAVAILABLE = { description: 'The channel behind this stream is closed.', content: NOT_ACCEPTABLE.content }
  t.strictSame(paths['/']?.['get']?.responses['503'], UNAVAILABLE)
  t.strictSame(paths['/']?.['post']?.responses['503'], UNAVAILABLE)
  t.strictSame(['503', '5xx', 'default'].map(status => Object.keys(paths[`/${status}`]?.['get']?.responses ?? {})),
    [['200', '406', '503'], ['200', '406', '5XX'], ['200', 'default']])

  const { app } = await loadedApp(t)
  declareFollowers(app)
  await app.inject({ method: 'POST', url: '/close' })
  for (const method of ['GET', 'POST'] as const) {
    const { statusCode, body } = await app.inject({ method, url: '/' })
    t.equal(statusCode, 503)
    t.strictSame(Object.keys(JSON.parse(body) as object).toSorted(), Object.keys(NOT_ACCEPTABLE.content['application/json'].schema.properties).toSorted())
  }
})
