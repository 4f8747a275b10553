import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, createServer } from 'node:net'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { pipeline, type Readable, Transform } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import t, { type Test } from 'tap'
import { loadedApp, type TestApp, testApp } from '../helpers/app.js'
import { certificate } from '../helpers/certificate.js'
import { needsHandlerTimeout, needsHttp2Trailers } from '../helpers/fastify-features.js'
import { RawClient } from '../helpers/raw-client.js'
import { ACME_FRAME, acme, done, job, prices, progress, START } from './streams.js'

const LAST = { headers: ['Connection: close'] }

const declared = { schema: { response: { 200: prices } } }

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown

interface Case {
  /** Options of its test over HTTP/2. */
  overHttp2?: { skip: string | boolean }
  /** Default: GET. */
  method?: string
  /** What else the client asks for, and that the connection be closed then. It is about HTTP/1, and left out for HTTP/2. */
  ask?: (client: RawClient) => unknown
  options?: RouteShorthandOptions
  handler: Handler
  prepare?: (app: TestApp['app']) => unknown
}

const generator: Handler = async function * () {
  yield acme
  await turn()
  yield acme
}

/** Whatever a response can be made of. */
const CASES: Record<string, Case> = {
  'a generator': { handler: generator },
  'a generator of a route that declares nothing': { options: { schema: {} }, handler: generator },
  'a sink': {
    handler (request, { sse }) {
      void sse.send(acme)
      setImmediate(() => { sse.end() })
      return sse
    }
  },
  'a final event': { options: { schema: { response: { 200: job } } }, handler: async function * () { yield done() } },
  'an error before the first event': { handler: async function * () { throw new Error('early') } },
  'an error after it': {
    handler: async function * () {
      yield acme
      await turn()
      throw new Error('late')
    }
  },
  'an event that is wrong': { handler: async function * () { yield { event: 'price', data: {} } } },
  'a channel: what was missed, then a tick of its own for each of two, a tick of two, and the end': {
    options: { schema: { response: { 200: job } } },
    async handler (request) {
      const channel = request.server.sse.channel('job', job)
      await channel.publish(progress({ percent: 0 }))
      const subscription = channel.subscribe(request, { from: 'start' })
      void (async () => {
        for (const ticks of [[1], [2], [3, 4]]) {
          await delay(10)
          for (const percent of ticks) void channel.publish(progress({ percent }))
        }
        await delay(10)
        void channel.publish(done())
      })()
      return subscription
    }
  },
  'a status and headers of its own': {
    options: { schema: { response: { 201: prices } } },
    handler (request, reply) {
      reply.raw.setHeader('X-Raw', '1')
      reply.code(201).header('x-own', 'ä').header('set-cookie', ['a=1', 'b=2']).header('cache-control', 'no-store')
      return generator(request, reply)
    }
  },
  'a header that can not be sent': {
    handler (request, reply) {
      reply.header('x-own', 'a\nb')
      return generator(request, reply)
    }
  },
  'a header that can not be sent, of a route that declares nothing': {
    options: { schema: {} },
    handler (request, reply) {
      reply.header('x-own', 'a\nb')
      return generator(request, reply)
    }
  },
  'a header that can not be sent, of a generator that declares nothing': {
    options: { schema: {} },
    handler: async function * (request, reply) {
      reply.header('x-own', 'a\nb')
      yield acme
    }
  },
  'a header that can not be sent, beside headers of the response itself': {
    options: {
      onSend: (request, reply, payload, done) => {
        reply.header('x-own', 'a\nb')
        done(null, payload)
      }
    },
    handler (request, reply) {
      reply.raw.setHeader('X-Raw', '1')
      return generator(request, reply)
    }
  },
  'a trailer': {
    overHttp2: needsHttp2Trailers,
    handler (request, reply) {
      reply.trailer('x-end', (reply, payload, done) => { done(null, 'told') })
      return generator(request, reply)
    }
  },
  'a hook that changes the body': {
    options: {
      onSend: (request, reply, payload, done) => {
        done(null, (payload as NodeJS.ReadableStream).pipe(new Transform({
          transform (chunk, encoding, callback) { callback(null, String(chunk).toUpperCase()) }
        })))
      }
    },
    handler: generator
  },
  'a hook that takes its time': { options: { onSend: async (request, reply, payload) => { await turn(); return payload } }, handler: generator },
  'a hook that fails': { options: { onSend: async () => { throw new Error('in a hook') } }, handler: generator },
  'a hook that answers otherwise': { options: { onSend: async (request, reply) => { reply.type('text/plain'); return 'otherwise' } }, handler: generator },
  'a hook that another plugin adds later': {
    prepare: app => app.addHook('onRoute', route => {
      route.onSend = [route.onSend ?? []].flat().concat((request, reply, payload, done) => {
        reply.header('x-late', '1')
        done(null, payload)
      })
    }),
    handler: generator
  },
  'HTTP/1.0': { ask: client => client.request('/', { version: '1.0' }), handler: generator },
  'a HEAD request': { method: 'HEAD', handler: generator },
  'two requests at once': { ask: client => client.request('/').request('/', LAST), handler: generator },
  'two requests, one after the other': {
    async ask (client) {
      await client.request('/').until(({ isComplete }) => isComplete)
      client.request('/', LAST)
    },
    handler: generator
  }
}

interface Transport {
  server?: object
  /** All that a client gets which asks for what a case is about, but what two requests differ in anyway. */
  get: (t: Test, port: number, asked: Case) => Promise<string>
  isHttp2?: boolean
}

const TRANSPORTS: Record<string, Transport> = {
  'HTTP/1': { get: overHttp1 },
  'HTTP/1 over TLS': { server: { https: certificate }, get: overTls },
  'HTTP/1 over TLS, beside HTTP/2': { server: { http2: true, https: { ...certificate, allowHTTP1: true } }, get: overTls },
  'HTTP/2': { server: { http2: true }, get: async (t, port, asked) => await overHttp2(t, `http://127.0.0.1:${port}`, asked), isHttp2: true },
  'HTTP/2 over TLS': {
    server: { http2: true, https: certificate }, get: async (t, port, asked) => await overHttp2(t, `https://127.0.0.1:${port}`, asked), isHttp2: true
  }
}

for (const [transport, { server, get, isHttp2 = false }] of Object.entries(TRANSPORTS)) {
  t.test(transport, async t => {
    for (const [name, asked] of Object.entries(CASES)) {
      if (isHttp2 && asked.ask !== undefined) continue
      t.test(`${name}: the response is the same, byte for byte`, (isHttp2 && asked.overHttp2) || {}, async t => {
        const { options, handler, prepare } = asked
        const responses: string[] = []
        for (const fastPaths of [true, false]) {
          const { app, listen } = await loadedApp(t, { fastPaths }, server)
          prepare?.(app)
          app.addHook('onRequest', async (request, reply) => { reply.raw.sendDate = false })
          app.get('/', { ...declared, ...options }, handler as never)
          responses.push(await get(t, (await listen()).port, asked))
        }
        t.match(responses[0], /^(?:HTTP\/1\.|\{":status":)/)
        // The ids of a channel hold an epoch, which is another one for each.
        const [fast, plain] = responses.map(response => response.replace(/^id: .*(?=\.\d+$)/gm, 'id: epoch'))
        t.equal(fast, plain)
      })
    }
  })
}

async function overHttp1 (t: Test, port: number, { method = 'GET', ask = client => client.request('/', { ...LAST, method }) }: Case): Promise<string> {
  const client = new RawClient(t, port)
  await ask(client)
  await client.until(({ ended }) => ended !== undefined)
  return client.text
}

/** The same through a socket that speaks TLS, which the client does not. */
async function overTls (t: Test, port: number, asked: Case): Promise<string> {
  const tunnel = createServer(near => {
    const far = connectTls({ port, host: '127.0.0.1', ca: certificate.cert, ALPNProtocols: ['http/1.1'] })
    pipeline(near, far, near, () => {}) // a stream that is broken off is an error, and ends the client's connection too
  }).listen(0, '127.0.0.1')
  t.teardown(() => { tunnel.close() })
  await once(tunnel, 'listening')
  return await overHttp1(t, (tunnel.address() as AddressInfo).port, asked)
}

/** The headers, the body, the trailers if there are any, and the code that the stream ends with. */
async function overHttp2 (t: Test, origin: string, { method = 'GET' }: Case): Promise<string> {
  const session = connectHttp2(origin, { ca: certificate.cert })
  t.teardown(() => { session.destroy() })
  const stream = session.request({ ':path': '/', ':method': method })
  let text = ''
  stream.on('response', headers => { text += JSON.stringify(headers) })
  stream.on('trailers', trailers => { text += JSON.stringify(trailers) })
  stream.on('error', () => {}) // the code says it
  stream.setEncoding('utf8').on('data', chunk => { text += String(chunk) })
  await new Promise(resolve => { stream.on('close', resolve) })
  return `${text}\ncode ${stream.rstCode}`
}

t.test('as what they are on for, streams have no listeners of Fastify', async t => {
  const count = async (test: Promise<TestApp> | TestApp, t: Test, options: RouteShorthandOptions = declared): Promise<number> => {
    const { app, listen } = await test
    const streaming = new Promise<ServerResponse>(resolve => {
      app.get('/', options, async function * (request, reply) {
        yield acme
        await turn()
        resolve(reply.raw)
        await once(reply.sse.signal, 'abort')
      })
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ body }) => body === START + ACME_FRAME)
    const response = await streaming
    return response.eventNames().reduce((sum, event) => sum + response.listenerCount(event), 0)
  }
  const fast = await count(loadedApp(t), t)
  const plain = await count(loadedApp(t, { fastPaths: false }), t)
  t.ok(fast < plain - 8, `${fast} instead of ${plain}`)
  t.equal(await count(loadedApp(t), t, {}), fast, 'also where a generator function declares nothing')
  const late = await count(testApp(t), t)
  t.ok(late < plain, 'also where the route was declared before the plugin had loaded')
})

t.test('hooks after the response run, as without them', async t => {
  for (const fastPaths of [true, false]) {
    const { app, listen } = await loadedApp(t, { fastPaths })
    const responded = new Promise<void>(resolve => { app.addHook('onResponse', async () => { resolve() }) })
    app.get('/', declared, generator as never)
    await new RawClient(t, (await listen()).port).request('/').until(({ isComplete }) => isComplete)
    await responded
  }
})

t.test("Fastify's own signal aborts, as without them", needsHandlerTimeout, async t => {
  for (const fastPaths of [true, false]) {
    const { app, listen } = await loadedApp(t, { fastPaths })
    const aborted = new Promise<void>(resolve => {
      app.get('/', declared, async function * (request) {
        request.signal.addEventListener('abort', () => { resolve() }, { once: true })
        yield acme
        await once(request.signal, 'abort')
      })
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ body }) => body === START + ACME_FRAME)
    client.socket.destroy()
    await aborted
  }
})

t.test('a header that a hook sets and that can not be sent is an error, whatever was set before', async t => {
  for (const fastPaths of [true, false]) {
    for (const prepare of [() => {}, (reply: FastifyReply) => { reply.raw.setHeader('X-Raw', '1') }]) {
      const { app, listen } = await loadedApp(t, { fastPaths })
      const onSend = async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
        reply.header('x-own', 'a\nb')
        return payload
      }
      app.get('/', { ...declared, onSend }, (request, reply) => {
        prepare(reply)
        return generator(request, reply) as never
      })
      const client = new RawClient(t, (await listen()).port).request('/', LAST)
      await client.until(({ ended }) => ended !== undefined)
      t.match(client.text, /^HTTP\/1\.1 500 /)
    }
  }
})

t.test('a hook that destroys what it was given ends the stream, at once and not as complete', async t => {
  for (const fastPaths of [true, false]) {
    const { app, listen, closed } = await loadedApp(t, { fastPaths })
    let payload: Readable | undefined
    const onSend: RouteShorthandOptions['onSend'] = (request, reply, given, done) => {
      payload = given as Readable
      done(null, given)
    }
    app.get('/', { ...declared, onSend }, async function * (request, reply) {
      yield acme
      await once(reply.sse.signal, 'abort')
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ body }) => body === START + ACME_FRAME)
    payload?.destroy()
    await client.until(({ ended }) => ended !== undefined)
    t.notOk(client.isComplete)
    t.match(await closed(), { reason: 'error' })
  }
})

t.test('a hook that waits for the end of what it was given is told', async t => {
  for (const event of ['end', 'close']) {
    const { app, listen } = await loadedApp(t)
    const told = new Promise<void>(resolve => {
      const onSend: RouteShorthandOptions['onSend'] = (request, reply, given, done) => {
        (given as Readable).once(event, () => { resolve() })
        done(null, given)
      }
      app.get('/', { ...declared, onSend }, generator as never)
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ isComplete }) => isComplete)
    await told
    t.equal(client.body, START + ACME_FRAME.repeat(2))
  }
})

t.test('a route that another plugin makes of one runs all the hooks that it gives it', async t => {
  const { app, listen } = await loadedApp(t)
  app.addHook('onRoute', function (route) {
    if (route.url.startsWith('/v1') || route.method === 'HEAD') return
    const own: RouteShorthandOptions['onSend'] = (request, reply, payload, done) => {
      reply.header('x-own', '1')
      done(null, payload)
    }
    this.route({ ...route, exposeHeadRoute: false, url: `/v1${route.url}`, onSend: [route.onSend ?? [], own].flat() })
  })
  app.get('/prices', declared, generator as never)
  const { port } = await listen()
  for (const [path, isCopy] of [['/prices', false], ['/v1/prices', true]] as const) {
    const client = new RawClient(t, port).request(path)
    await client.until(({ isComplete }) => isComplete)
    t.equal(/^x-own: 1/m.test(client.text), isCopy, path)
  }
})
