import { once } from 'node:events'
import { get } from 'node:http'
import { PassThrough, pipeline, Readable, Transform } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setImmediate as turn, setTimeout as timeout } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest, onSendHookHandler, RouteShorthandOptions } from 'fastify'
import t from 'tap'
import { eventStream } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { type Deferred, deferred } from '../helpers/deferred.js'
import { connect, eventsOf } from '../helpers/event-stream-client.js'
import { count, counted, job, tick, ticks } from './ticks.js'

const declared = { schema: { response: { 200: ticks } } }
const STREAM = 'text/event-stream'
const JSON_TYPE = 'application/json; charset=utf-8'

t.test('onSend', async t => {
  t.test('may wait, and read and set the headers of a stream', async t => {
    const { app } = await loadedApp(t)
    const seen: unknown[] = []
    app.addHook('onSend', async (_request, reply, payload) => {
      await turn()
      seen.push(reply.getHeaders(), payload instanceof Readable)
      reply.header('x-seen', 'yes').header('cache-control', 'no-store')
    })
    app.get('/', declared, () => count(2))
    const { headers, body } = await app.inject('/')
    t.strictSame(seen, [{ 'content-type': STREAM, 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' }, true])
    t.match(headers, { 'x-seen': 'yes', 'cache-control': 'no-store', 'content-type': STREAM })
    t.equal(body, counted(2))
  })

  t.test('may read a stream that ends, and answer with what it has read', async t => {
    const { app, closed } = await loadedApp(t)
    app.get('/', {
      ...declared,
      onSend: async (_request: FastifyRequest, _reply: FastifyReply, payload: unknown) => (await text(payload as Readable)).toUpperCase()
    }, () => count(100))
    const { statusCode, body, headers } = await app.inject('/')
    t.equal(statusCode, 200)
    t.equal(body, counted(100).toUpperCase())
    t.equal(headers['content-length'], String(body.length))
    t.match(await closed(), { reason: 'complete', events: 100 })
  })

  const wrappers: Record<string, (payload: Readable) => Readable> = {
    'pipeline() with a Transform': payload => pipeline(payload, upperCase(), () => {}) as unknown as Readable,
    'pipe()': payload => payload.pipe(upperCase()),
    "pipe() that does not end, and its 'end' event": payload => {
      const wrapped = new PassThrough()
      payload.pipe(upperCase().on('data', chunk => { wrapped.write(chunk) }), { end: false })
      payload.once('end', () => { setImmediate(() => { wrapped.end() }) })
      return wrapped
    },
    "'data' events": payload => {
      const wrapped = new PassThrough()
      payload.on('data', chunk => { if (!wrapped.write(String(chunk).toUpperCase())) payload.pause() })
      wrapped.on('drain', () => { payload.resume() })
      payload.on('end', () => { wrapped.end() })
      wrapped.on('close', () => { payload.destroy() })
      return wrapped
    },
    'async iteration': payload => Readable.from((async function * () {
      for await (const chunk of payload) yield String(chunk).toUpperCase()
    })())
  }
  for (const [name, wrap] of Object.entries(wrappers)) {
    const onSend: onSendHookHandler = async (_request, _reply, payload) => wrap(payload as Readable)

    t.test(`may wrap a stream by ${name}: events arrive as they are made`, async t => {
      const { app, listen, closed } = await loadedApp(t)
      let next = deferred()
      app.get('/', { ...declared, onSend }, async function * () {
        for (let n = 1; n <= 3; n++) {
          yield tick({ n })
          await next.promise
          next = deferred()
        }
      })
      const { url } = await listen()
      const response = await connect(t, url)
      t.equal(response.headers['content-type'], STREAM)
      let body = ''
      for await (const chunk of response) {
        body += String(chunk)
        next.resolve()
      }
      t.equal(body, counted(3).toUpperCase())
      t.match(await closed(), { reason: 'complete', events: 3 })
    })

    t.test(`may wrap a stream by ${name}: a large one arrives whole`, async t => {
      const { app, listen } = await loadedApp(t)
      const texts = eventStream({ text: Type.String() })
      app.get('/', { schema: { response: { 200: texts } }, onSend }, async function * () {
        for (let n = 0; n < 1_000; n++) yield texts.event.text(`${n} ${'x'.repeat(4_000)}`)
      })
      const { url } = await listen()
      const body = await text(await connect(t, url))
      t.equal(body.split('\n').filter(line => /^DATA: "\d+ X{4000}"$/.test(line)).length, 1_000)
    })

    t.test(`may wrap a stream by ${name}: the generator stops when the client leaves`, async t => {
      const { app, listen, closed } = await loadedApp(t)
      const { handler, stopped } = endless()
      app.get('/', { ...declared, onSend }, handler)
      const { url } = await listen()
      const response = await connect(t, url)
      await once(response, 'readable')
      response.destroy()
      t.match(await stopped.promise, { message: 'the event stream was closed: client' })
      t.match(await closed(), { reason: 'client' })
    })

    t.test(`may wrap a stream by ${name}: one that fails half-way does not look complete`, async t => {
      const { app, listen, closed } = await loadedApp(t)
      app.get('/', { ...declared, onSend }, async function * () {
        yield tick({ n: 1 })
        await turn()
        throw new Error('half-way')
      })
      const { url } = await listen()
      const response = await connect(t, url)
      await t.rejects(text(response), { code: 'ECONNRESET' })
      t.notOk(response.complete)
      t.match(await closed(), { reason: 'error' })
    })
  }

  t.test('may wrap a stream by what fails: the generator stops, and nothing looks complete', async t => {
    const { app, listen, closed } = await loadedApp(t)
    const { handler, stopped } = endless()
    let chunks = 0
    app.get('/', {
      ...declared,
      onSend: async (_request: FastifyRequest, _reply: FastifyReply, payload: unknown) => pipeline(payload as Readable, new Transform({
        transform (chunk, _encoding, callback) {
          if (++chunks > 3) callback(new Error('in the transform'))
          else callback(null, chunk)
        }
      }), () => {})
    }, handler)
    const { url } = await listen()
    const response = await connect(t, url)
    await t.rejects(text(response), { code: 'ECONNRESET' })
    await stopped.promise
    t.match(await closed(), { reason: 'error' })
  })

  const failures: Record<string, onSendHookHandler> = {
    'an async hook': async () => {
      await turn()
      throw Object.assign(new Error('in onSend'), { statusCode: 503 })
    },
    'a hook with a callback': (_request, _reply, _payload, done) => { done(Object.assign(new Error('in onSend'), { statusCode: 503 })) },
    'a hook that throws': () => { throw Object.assign(new Error('in onSend'), { statusCode: 503 }) }
  }
  for (const [what, onSend] of Object.entries(failures)) {
    for (const kind of ['a generator', 'reply.sse']) {
      t.test(`may fail, by ${what} before ${kind}: a clean JSON error, and the generator stops`, async t => {
        const { app, closed } = await loadedApp(t)
        const { handler, stopped } = endless()
        app.get('/', { ...declared, onSend: oncePerRequest(onSend) }, kind === 'a generator'
          ? handler
          : (request, reply) => {
              reply.sse.sendAll(handler(request, reply))
              return reply.sse
            })
        const { statusCode, headers, json } = await app.inject('/')
        t.equal(statusCode, 503)
        t.equal(headers['content-type'], JSON_TYPE)
        t.match(json(), { message: 'in onSend', statusCode: 503 })
        await stopped.promise
        t.match(await closed(), { reason: 'error' })
      })

      t.test(`may fail, by ${what} before ${kind}: an error handler answers with an object`, async t => {
        const { app, closed } = await loadedApp(t)
        const { handler, stopped } = endless()
        app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => { reply.code(error.statusCode ?? 500).send({ told: error.message }) })
        app.get('/', { ...declared, onSend: oncePerRequest(onSend) }, kind === 'a generator'
          ? handler
          : (request, reply) => {
              reply.sse.sendAll(handler(request, reply))
              return reply.sse
            })
        const { statusCode, headers, body } = await app.inject('/')
        t.equal(statusCode, 503)
        t.equal(headers['content-type'], JSON_TYPE)
        t.equal(body, '{"told":"in onSend"}')
        await stopped.promise
        t.match(await closed(), { reason: 'error' })
      })
    }
  }

  for (const [what, replacement] of Object.entries({ 'a string': 'instead', 'a Buffer': Buffer.from('instead'), 'another stream': null })) {
    t.test(`may replace a stream by ${what}: the generator stops`, async t => {
      const { app, listen, closed } = await loadedApp(t)
      const { handler, stopped } = endless()
      app.get('/', {
        ...declared,
        onSend: async (_request: FastifyRequest, reply: FastifyReply) => {
          reply.type('text/plain')
          return replacement ?? Readable.from(['in', 'stead'])
        }
      }, handler)
      const { url } = await listen()
      const response = await connect(t, url)
      t.equal(response.statusCode, 200)
      t.equal(response.headers['content-type'], 'text/plain')
      t.equal(await text(response), 'instead')
      await stopped.promise
      t.match(await closed(), { reason: 'error' })
    })
  }

  t.test('may take so long that the client leaves meanwhile', async t => {
    const { app, listen, closed } = await loadedApp(t)
    const { handler, stopped } = endless()
    const sending = deferred()
    const left = deferred()
    app.get('/', {
      ...declared,
      onSend: async () => {
        sending.resolve()
        await left.promise
      }
    }, handler)
    const { url } = await listen()
    const response = connect(t, url)
    response.catch(() => {}) // it never comes
    await sending.promise
    app.server.closeAllConnections()
    await stopped.promise
    left.resolve()
    t.match(await closed(), { reason: 'client' })
  })
})

t.test('onResponse runs once when a stream is complete, and for what is answered instead of one', async t => {
  const { app } = await loadedApp(t)
  const responses: unknown[] = []
  app.addHook('onResponse', async ({ method, headers }, reply) => {
    responses.push([method, headers.accept, reply.statusCode, reply.sent, reply.elapsedTime > 0])
  })
  app.get('/', { schema: { response: { 200: job } } }, async function * () {
    yield tick({ n: 1 })
    await turn()
    yield job.event.done()
  })
  await app.inject({ url: '/', headers: { accept: STREAM } })
  await app.inject({ url: '/', headers: { accept: 'text/html' } })
  await app.inject({ url: '/', headers: { accept: STREAM, 'last-event-id': 'stream-end' } })
  await app.inject({ method: 'HEAD', url: '/', headers: { accept: STREAM } })
  t.strictSame(responses, [
    ['GET', STREAM, 200, true, true], ['GET', 'text/html', 406, true, true], ['GET', STREAM, 204, true, true], ['HEAD', STREAM, 200, true, true]
  ])
})

t.test('onError hears of a failure before the response has begun, and the log of one after it', async t => {
  const { app, listen, logged } = await loadedApp(t)
  const errors: string[] = []
  app.addHook('onError', async (_request, reply, error) => { errors.push(`${error.message} ${reply.sent}`) })
  app.get('/before', declared, async function * () { throw new Error('before') })
  app.get('/after', declared, async function * () {
    yield tick({ n: 1 })
    throw new Error('after')
  })
  const { url } = await listen()
  t.equal((await fetch(`${url}/before`)).status, 500)
  await t.rejects(text(await connect(t, `${url}/after`)))
  t.match(await logged(({ msg }) => msg === 'the source of an event stream failed'), { err: { message: 'after' } })
  t.strictSame(errors, ['before false'])
})

t.test('onRequestAbort runs when the client leaves a stream', async t => {
  const { app, listen, closed } = await loadedApp(t)
  const aborted = deferred<string>()
  app.addHook('onRequestAbort', async request => { aborted.resolve(request.url) })
  app.get('/path', declared, async function * (_request, reply) {
    yield tick({ n: 1 })
    await once(reply.sse.signal, 'abort')
  })
  const { url } = await listen()
  const response = await connect(t, `${url}/path`)
  await eventsOf(response).next()
  response.destroy()
  t.equal(await aborted.promise, '/path')
  t.match(await closed(), { reason: 'client' })
})

t.test('a hook before the handler may answer instead of it', async t => {
  const answers: Record<string, RouteShorthandOptions> = {
    'onRequest that returns the reply': { onRequest: async (_request, reply) => reply.code(403).send({ error: 'no' }) },
    'onRequest that only sends': { onRequest: (_request, reply) => { reply.code(403).send({ error: 'no' }) } },
    'preParsing that returns the reply': { preParsing: async (_request, reply) => { await reply.code(403).send({ error: 'no' }) } },
    'preValidation that returns the reply': { preValidation: async (_request, reply) => reply.code(403).send({ error: 'no' }) },
    'preHandler that returns the reply': { preHandler: async (_request, reply) => reply.code(403).send({ error: 'no' }) },
    'preHandler that only sends': { preHandler: (_request, reply) => { reply.code(403).send({ error: 'no' }) } }
  }
  for (const [what, options] of Object.entries(answers)) {
    const { app } = await loadedApp(t)
    app.get('/', { ...declared, ...options }, () => { t.fail('the handler does not run') })
    for (const headers of [{}, { accept: 'application/json' }]) {
      const { statusCode, headers: { 'content-type': type }, body } = await app.inject({ url: '/', headers })
      t.equal(statusCode, 403, what)
      t.equal(type, JSON_TYPE, what)
      t.equal(body, '{"error":"no"}', what)
    }
  }
})

t.test('reading reply.sse in a hook begins nothing', async t => {
  const { app } = await loadedApp(t)
  const seen: unknown[] = []
  for (const hook of ['onRequest', 'preValidation', 'preHandler'] as const) {
    app.addHook(hook, async (_request: FastifyRequest, reply: FastifyReply) => {
      seen.push(reply.sse.lastEventId, reply.sse.signal.aborted)
      await turn()
    })
  }
  app.get('/stream', declared, () => count(1))
  app.get('/json', async () => ({ json: true }))
  const headers = { 'last-event-id': '7' }
  t.equal((await app.inject({ url: '/stream', headers })).body, counted(1))
  t.strictSame((await app.inject({ url: '/json', headers })).json(), { json: true })
  t.equal((await app.inject({ url: '/none', headers })).statusCode, 404)
  t.strictSame(seen, Array.from({ length: 9 }, () => ['7', false]).flat())
})

function upperCase (): Transform {
  return new Transform({ transform (chunk, _encoding, callback) { callback(null, String(chunk).toUpperCase()) } })
}

/** An onSend hook for what is to be sent at first, not for the answer to its own failure. */
function oncePerRequest (hook: onSendHookHandler): onSendHookHandler {
  const seen = new WeakSet<FastifyRequest>()
  return function (request, reply, payload, done) {
    if (seen.has(request)) {
      done()
      return undefined as never
    }
    seen.add(request)
    return hook.call(this, request, reply, payload, done) as never
  }
}

/** A generator without end, and why its stream has ended. */
function endless (): { handler: (request: FastifyRequest, reply: FastifyReply) => AsyncGenerator<ReturnType<typeof tick>>, stopped: Deferred<unknown> } {
  const stopped = deferred<unknown>()
  return {
    stopped,
    handler: async function * (_request, reply) {
      const { signal } = reply.sse
      try {
        for (let n = 1; ; n++) {
          yield tick({ n })
          await turn()
        }
      } finally {
        stopped.resolve(signal.reason)
      }
    }
  }
}

t.test('what hooks and the app log when a stream closes is logged', async t => {
  const { app, logs, logged } = await loadedApp(t)
  app.addHook('onResponse', (_request, _reply, done) => { process.nextTick(done) })
  app.get('/fails', declared, async function * (_request, reply) {
    reply.raw.on('close', () => { reply.log.info('bye') })
    throw new Error('no ticks')
  })
  await app.inject('/fails')
  await logged(({ msg }) => msg === 'bye')
  await logged(({ msg }) => msg === 'request completed')
  t.equal(logs.filter(({ msg }) => msg === 'bye' || msg === 'request completed').length, 2)
})

t.test('a hook or an error handler that takes longer than stallTimeoutMs is no client that stalls', async t => {
  const { app, closed, listen } = await loadedApp(t, { stallTimeoutMs: 40, heartbeatMs: 40 })
  const slowly = async (): Promise<void> => { await timeout(200) }
  app.get('/slow', { ...declared, onSend: slowly }, () => count(1))
  app.get('/fails', { ...declared, onSend: async (_request: FastifyRequest, _reply: FastifyReply, payload: unknown) => { if (payload instanceof Readable) throw new Error('no hook') } }, () => count(1))
  app.setErrorHandler(async (error: Error, _request, reply) => {
    await slowly()
    return await reply.code(503).send({ told: error.message })
  })
  const { url } = await listen()
  const slow = await fetch(`${url}/slow`)
  t.equal(await slow.text(), counted(1))
  t.match(await closed(0), { reason: 'complete' })
  const fails = await fetch(`${url}/fails`)
  t.strictSame([fails.status, await fails.json()], [503, { told: 'no hook' }])
  t.match(await closed(1), { reason: 'error' })
})

t.test('an answer in the place of a stream may stall for longer than stallTimeoutMs', async t => {
  const { app, listen } = await loadedApp(t, { stallTimeoutMs: 40 })
  const answer = Buffer.alloc(16 * 1024 ** 2, 'x')
  app.setErrorHandler(async (_error, _request, reply) => await reply.code(503).send(answer))
  app.get('/', { ...declared, onSend: async (_request: FastifyRequest, _reply: FastifyReply, payload: unknown) => { if (payload instanceof Readable) throw new Error('no hook') } }, () => count(1))
  const { port } = await listen()
  const request = get({ port, host: '127.0.0.1' })
  const [response] = await once(request, 'response') as [Readable]
  await timeout(200)
  t.equal((await text(response)).length, answer.length)
})
