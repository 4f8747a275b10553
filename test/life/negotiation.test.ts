import { Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import t from 'tap'
import { eventStream } from '../../lib/index.js'
import { loadedApp, testApp, type TestApp } from '../helpers/app.js'
import { ACME_FRAME, acme, prices, START } from './streams.js'

const STREAM = 'text/event-stream'
const JSON_TYPE = 'application/json; charset=utf-8'

const declared = { schema: { response: { 200: prices } } }
const both = {
  schema: {
    response: {
      200: { content: { 'application/json': { schema: Type.Object({ value: Type.Number() }) }, 'text/event-stream': { schema: prices } } }
    }
  }
}

async function countingApp (t: Parameters<typeof loadedApp>[0]): Promise<TestApp & { runs: () => number }> {
  const loaded = await loadedApp(t)
  let runs = 0
  loaded.app.route({
    method: ['GET', 'POST'],
    url: '/',
    ...declared,
    handler: async function * () {
      runs++
      yield acme
    }
  })
  loaded.app.get('/sink', declared, (request, reply) => {
    runs++
    reply.sse.end()
    return reply.sse
  })
  loaded.app.get('/any', async function * () {
    runs++
    yield acme
  })
  return { ...loaded, runs: () => runs }
}

t.test('a route that only streams', async t => {
  for (const accept of [undefined, '*/*', 'text/*', 'text/event-stream', 'text/html, text/event-stream;q=0.1']) {
    t.test(`answers Accept: ${String(accept)}`, async t => {
      const { app } = await countingApp(t)
      const { statusCode, body } = await app.inject({ url: '/', headers: accept === undefined ? {} : { accept } })
      t.equal(statusCode, 200)
      t.equal(body, START + ACME_FRAME)
    })
  }

  for (const accept of ['application/json', 'text/html', 'text/event-stream;q=0', '*/*;q=1, text/event-stream;q=0']) {
    for (const method of ['GET', 'HEAD'] as const) {
      t.test(`refuses a ${method} with Accept: ${accept}, and the handler does not run`, async t => {
        const { app, runs } = await countingApp(t)
        const { statusCode, body } = await app.inject({ url: '/sink', method, headers: { accept } })
        t.equal(statusCode, 406)
        if (method === 'GET') t.match(JSON.parse(body), { code: 'FST_ERR_SSE_NOT_ACCEPTABLE' })
        t.equal(runs(), 0)
      })
    }
  }

  t.test("streams to a POST whatever it accepts, since OpenAI's client asks for application/json", async t => {
    const { app } = await countingApp(t)
    const { statusCode, body } = await app.inject({ url: '/', method: 'POST', headers: { accept: 'application/json' } })
    t.equal(statusCode, 200)
    t.equal(body, START + ACME_FRAME)
  })

  t.test('refuses only after every hook that may turn the client away', async t => {
    const { app } = await loadedApp(t)
    const preHandler = async (): Promise<never> => { throw Object.assign(new Error('who are you'), { statusCode: 401 }) }
    app.get('/', { ...declared, preHandler }, async function * () { yield acme })
    for (const method of ['GET', 'HEAD'] as const) {
      t.equal((await app.inject({ url: '/', method, headers: { accept: 'text/html' } })).statusCode, 401)
    }
  })

  t.test('says nothing about other statuses', async t => {
    const { app } = await loadedApp(t)
    app.get('/', { schema: { response: { 200: prices, 404: Type.Object({ missing: Type.String() }) } } }, async (request, reply) => {
      reply.code(404)
      return { missing: 'it', secret: 'no' }
    })
    const { statusCode, body } = await app.inject('/')
    t.equal(statusCode, 404)
    t.equal(body, '{"missing":"it"}')
  })
})

t.test('HEAD', async t => {
  t.test('of a route that only streams has the headers, and the handler does not run', async t => {
    const { app, runs } = await countingApp(t)
    for (const url of ['/', '/sink']) {
      const { statusCode, headers, body } = await app.inject({ url, method: 'HEAD' })
      t.equal(statusCode, 200)
      t.match(headers, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' })
      t.notOk('content-length' in headers)
      t.equal(body, '')
    }
    t.equal(runs(), 0)
  })

  t.test('of another route has the headers, does not start the iterable, and its signal has aborted', async t => {
    const { app, logs } = await loadedApp(t)
    const seen: unknown[] = []
    app.get('/', (request, reply) => {
      seen.push(reply.sse.signal.aborted, (reply.sse.signal.reason as { code: string }).code)
      return (async function * () {
        seen.push('started')
        yield acme
      })()
    })
    const { statusCode, headers } = await app.inject({ url: '/', method: 'HEAD' })
    t.equal(statusCode, 200)
    t.equal(headers['content-type'], 'text/event-stream')
    t.strictSame(seen, [true, 'FST_ERR_SSE_STREAM_CLOSED'])
    t.strictSame(logs.filter(({ msg }) => msg === 'event stream closed'), [])
  })

  t.test('of another route takes what its sink is given for sent to nobody', async t => {
    const { app } = await loadedApp(t)
    const sent: boolean[] = []
    app.get('/', async (request, reply) => {
      sent.push(await reply.sse.send({ data: 1 }), await reply.sse.comment('x'))
      await reply.sse.sendAll((async function * () { t.fail('started') })())
      reply.sse.end()
      return reply.sse
    })
    t.equal((await app.inject({ url: '/', method: 'HEAD' })).headers['content-type'], 'text/event-stream')
    t.strictSame(sent, [false, false])
  })
})

t.test('a route that declares both', async t => {
  async function bothApp (t: Parameters<typeof loadedApp>[0]): Promise<TestApp> {
    const loaded = await loadedApp(t)
    loaded.app.get('/', both, async (request, reply) => {
      if (!request.prefersEventStream) return { value: 1 }
      return prices.from(async function * () { yield acme })
    })
    return loaded
  }

  for (const [accept, expected] of Object.entries({
    'text/event-stream': STREAM,
    'application/json': JSON_TYPE,
    'application/json;q=0.5, text/event-stream': STREAM,
    'text/event-stream;q=0.5, application/json': JSON_TYPE,
    'application/json, text/event-stream': JSON_TYPE,
    'text/event-stream, application/json': STREAM,
    'text/event-stream, */*': STREAM,
    'text/*, application/json;q=0.9': STREAM,
    '*/*;q=0.1, text/event-stream;q=0.2': STREAM,
    '*/*, text/event-stream;q=0': JSON_TYPE,
    '*/*, application/json;q=0': STREAM,
    '*/*': JSON_TYPE,
    'text/html': JSON_TYPE
  })) {
    t.test(`gives ${expected} for Accept: ${accept}, and caches keep them apart`, async t => {
      const { app } = await bothApp(t)
      for (const method of ['GET', 'HEAD'] as const) {
        const { headers } = await app.inject({ url: '/', method, headers: { accept } })
        t.equal(headers['content-type'], expected)
        t.equal(headers.vary, 'Accept')
      }
    })
  }

  t.test('gives what is declared first to who sends no Accept, and to who takes anything', async t => {
    const json = { schema: Type.Object({ value: Type.Number() }) }
    const stream = { schema: prices }
    for (const [content, expected] of [
      [{ 'application/json': json, 'text/event-stream': stream }, JSON_TYPE],
      [{ 'text/event-stream': stream, 'application/json': json }, STREAM]
    ] as const) {
      const { app } = await loadedApp(t)
      app.get('/', { schema: { response: { 200: { content } } } }, async request => request.prefersEventStream ? prices.from(async function * () { yield acme }) : { value: 1 })
      for (const headers of [{}, { accept: '*/*' }]) {
        const response = await app.inject({ url: '/', headers })
        t.equal(response.headers['content-type'], expected)
        t.equal(response.headers.vary, 'Accept')
      }
    }
  })

  t.test('checks what it gives, whichever it is', async t => {
    const { app } = await loadedApp(t)
    app.get('/extra', both, async request => {
      if (!request.prefersEventStream) return { value: 1, secret: 'no' }
      return (async function * () { yield { ...acme, data: { ...acme.data, secret: 'no' } } })()
    })
    app.get('/wrong', both, async request => {
      if (!request.prefersEventStream) return { value: 'much' }
      return (async function * () { yield { ...acme, data: { symbol: 'ACME', value: 'much' } } })()
    })
    app.get('/unknown', both, async function * () { yield { event: 'prize', data: 1 } })
    const ask = async (url: string, accept: string) => await app.inject({ url, headers: { accept } })
    t.equal((await ask('/extra', 'application/json')).body, '{"value":1}')
    t.equal((await ask('/extra', 'text/event-stream')).body, START + ACME_FRAME)
    t.equal((await ask('/wrong', 'application/json')).statusCode, 500)
    t.match((await ask('/wrong', 'text/event-stream')).json(), { statusCode: 500, code: 'FST_ERR_SSE_INVALID_EVENT' })
    t.match((await ask('/unknown', 'text/event-stream')).json(), { statusCode: 500, code: 'FST_ERR_SSE_UNKNOWN_EVENT' })
  })

  t.test('may decide by the body of the request, whatever Accept says', async t => {
    const { app } = await loadedApp(t)
    app.post('/', { schema: { ...both.schema, body: Type.Object({ stream: Type.Boolean({ default: false }) }) } }, async request => {
      if (!(request.body as { stream: boolean }).stream) return { value: 1 }
      return prices.from(async function * () { yield acme })
    })
    for (const accept of ['application/json', 'text/event-stream', '*/*']) {
      const ask = async (payload: object) => await app.inject({ method: 'POST', url: '/', headers: { accept }, payload })
      t.equal((await ask({ stream: true })).body, START + ACME_FRAME)
      t.equal((await ask({ stream: false })).body, '{"value":1}')
      t.equal((await ask({})).body, '{"value":1}')
    }
  })

  t.test('answers an error as JSON, and caches keep it apart', async t => {
    const { app } = await loadedApp(t)
    app.get('/', both, async function * () { throw Object.assign(new Error('not yet'), { statusCode: 425 }) })
    const { statusCode, headers } = await app.inject({ url: '/', headers: { accept: 'text/event-stream' } })
    t.equal(statusCode, 425)
    t.equal(headers['content-type'], JSON_TYPE)
    t.equal(headers.vary, 'Accept')
  })

  t.test('does all that when it is declared before the plugin has loaded', async t => {
    const { app } = testApp(t)
    app.get('/', both, async (request, reply) => {
      if (!request.prefersEventStream) return { value: 1, secret: 'no' }
      return prices.from(async function * () { yield acme })
    })
    app.get('/generator', both, async function * (request, reply) {
      reply.header('vary', 'Origin')
      yield acme
    })
    for (const [accept, body] of [['text/event-stream', START + ACME_FRAME], ['application/json', '{"value":1}']] as const) {
      const response = await app.inject({ url: '/', headers: { accept } })
      t.equal(response.body, body)
      t.equal(response.headers.vary, 'Accept')
    }
    const { headers } = await app.inject('/generator')
    t.equal(headers.vary, 'Origin, Accept', 'also when its generator speaks to caches')
  })

  t.test('adds to the Vary that is there', async t => {
    const { app } = await loadedApp(t)
    const varying = (vary: string | string[]) => async (request: unknown, reply: { header: (name: string, value: unknown) => unknown }) => { reply.header('vary', vary) }
    app.get('/a', { ...both, preHandler: varying('Origin') }, async () => ({ value: 1 }))
    app.get('/b', { ...both, preHandler: varying('origin, accept') }, async () => ({ value: 1 }))
    app.get('/c', { ...both, preHandler: varying('*') }, async () => ({ value: 1 }))
    app.get('/handler', both, async (request, reply) => {
      reply.header('vary', 'Origin')
      return { value: 1 }
    })
    t.equal((await app.inject('/a')).headers.vary, 'Origin, Accept')
    t.equal((await app.inject('/handler')).headers.vary, 'Origin, Accept')
    t.equal((await app.inject('/b')).headers.vary, 'origin, accept')
    t.equal((await app.inject('/c')).headers.vary, '*')
  })

  t.test('has that in every answer, whoever gives it, and whatever else is told to caches', async t => {
    const { app } = await loadedApp(t)
    const origin = async (_request: unknown, reply: FastifyReply): Promise<void> => { reply.header('vary', 'Origin') }
    const querystring = Type.Object({ n: Type.Integer() })
    app.get('/validated', { schema: { ...both.schema, querystring } }, async () => ({ value: 1 }))
    app.get('/refused', { ...both, onRequest: async (): Promise<never> => { throw Object.assign(new Error('who are you?'), { statusCode: 401 }) } }, async () => ({ value: 1 }))
    app.get('/nowhere', { ...both, onRequest: (_request, reply) => { reply.callNotFound() } }, async () => ({ value: 1 }))
    app.get('/generator', both, async function * (request, reply) {
      await origin(request, reply)
      yield acme
    })
    app.get('/hooked', { ...both, onSend: origin }, async () => ({ value: 1 }))
    app.get('/hooked-twice', { ...both, onSend: [async () => {}, origin] }, async () => ({ value: 1 }))
    app.get('/only', { ...declared, preHandler: origin }, async function * () { yield acme })

    const got = async (url: string): Promise<[number, unknown]> => {
      const { statusCode, headers } = await app.inject(url)
      return [statusCode, headers.vary]
    }
    t.strictSame(await got('/validated'), [400, 'Accept'])
    t.strictSame(await got('/refused'), [401, 'Accept'])
    t.strictSame(await got('/nowhere'), [404, 'Accept'])
    for (const url of ['/generator', '/hooked', '/hooked-twice']) t.strictSame(await got(url), [200, 'Origin, Accept'], url)
    t.strictSame(await got('/only'), [200, 'Origin'], 'where there is nothing to choose, nothing is said')
  })

  t.test('runs its handler for HEAD', async t => {
    const { app } = await bothApp(t)
    const { headers, body } = await app.inject({ url: '/', method: 'HEAD', headers: { accept: 'text/event-stream' } })
    t.equal(headers['content-type'], 'text/event-stream')
    t.equal(body, '')
  })
})

t.test('a stream belongs to the status it is declared for', async t => {
  for (const [key, statusCode, carries] of [
    ['2xx', 202, true], ['2XX', 200, true], ['default', 200, true], [202, 202, true],
    [202, 200, false], ['2xx', 500, false], ['default', 500, false], ['default', 404, false]
  ] as Array<[string | number, number, boolean]>) {
    t.test(`declared for ${key}, ${carries ? 'it answers with' : 'it does not answer with'} ${statusCode}`, async t => {
      const { app } = await loadedApp(t)
      app.get('/', { schema: { response: { [key]: prices } } }, async function * (request, reply) {
        reply.code(statusCode)
        yield acme
      })
      const response = await app.inject('/')
      if (carries) t.equal(response.body, START + ACME_FRAME)
      else t.match(response.json(), { code: 'FST_ERR_SSE_STATUS_UNDECLARED' })
      t.equal(response.statusCode, carries ? statusCode : 500)
    })
  }
})

t.test("a stream that is declared as 'default' leaves errors and redirections what they are", async t => {
  const { app } = await loadedApp(t)
  const byDefault = { schema: { querystring: Type.Object({ n: Type.Optional(Type.Number()) }), response: { default: prices } } }
  app.get('/', byDefault, async function * () { yield acme })
  app.get('/plain', byDefault, (request, reply) => { reply.redirect('/login') })
  app.get('/touched', byDefault, async (request, reply) => {
    t.notOk(reply.sse.signal.aborted)
    return reply.redirect('/login')
  })
  app.get('/generator', byDefault, async function * (request, reply) { reply.redirect('/login') })
  t.match((await app.inject('/?n=x')).json(), { statusCode: 400, code: 'FST_ERR_VALIDATION', message: 'querystring/n must be number' })
  t.match((await app.inject({ url: '/', headers: { accept: 'text/html' } })).json(), { statusCode: 406, code: 'FST_ERR_SSE_NOT_ACCEPTABLE' })
  for (const url of ['/plain', '/touched', '/generator']) {
    const { statusCode, headers } = await app.inject(url)
    t.equal(statusCode, 302)
    t.match(headers, { location: '/login' })
    t.not(headers['content-type'], 'text/event-stream')
  }
})

t.test('request.prefersEventStream of an undeclared route tells whether the client takes one', async t => {
  const { app } = await loadedApp(t)
  app.get('/', async request => ({ prefers: request.prefersEventStream }))
  t.equal((await app.inject({ url: '/', headers: { accept: 'text/event-stream' } })).body, '{"prefers":true}')
  t.equal((await app.inject({ url: '/', headers: { accept: 'text/html' } })).body, '{"prefers":false}')
})

t.test("events named as EventSource's own are warned of when they are declared", async t => {
  const { app, logs } = await loadedApp(t)
  app.get('/', { schema: { response: { 200: eventStream({ error: Type.Null(), open: Type.Null(), news: Type.Null() }) } } }, async function * () {})
  const warnings = logs.filter(({ level }) => level === 40)
  t.strictSame(warnings.map(({ route, msg }) => `${String(route)}: ${msg}`), [
    "GET /: the event 'error' can't be told from an EventSource's own event of that name; choose another one",
    "GET /: the event 'open' can't be told from an EventSource's own event of that name; choose another one",
    "HEAD /: the event 'error' can't be told from an EventSource's own event of that name; choose another one",
    "HEAD /: the event 'open' can't be told from an EventSource's own event of that name; choose another one"
  ])
})
