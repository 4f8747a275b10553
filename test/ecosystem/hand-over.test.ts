import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { setImmediate as turn } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import sse from '../../lib/index.js'
import { bareApp, loadedApp, type TestApp, testApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { connect, eventsOf } from '../helpers/event-stream-client.js'
import { count, counted, tick, ticks } from './ticks.js'

const declared = { schema: { response: { 200: ticks, 404: Type.Object({ message: Type.String() }) } } }
const STREAM = 'text/event-stream'
const JSON_TYPE = 'application/json; charset=utf-8'

// A route may be declared before the plugin has loaded, right after a register() without await, or after it.
const moments: Record<string, (t: Test) => TestApp | Promise<TestApp>> = { before: testApp, after: loadedApp }

for (const [moment, makeApp] of Object.entries(moments)) {
  t.test(`on a route that is declared ${moment} the plugin has loaded,`, async t => {
    t.test('a content type that is set already does not hurt', async t => {
      const { app } = await makeApp(t)
      app.get('/type', declared, async (_request, reply) => {
        reply.type('text/event-stream')
        return count(1)
      })
      app.get('/charset', declared, async (_request, reply) => {
        reply.header('content-type', 'text/event-stream; charset=utf-8')
        return count(1)
      })
      app.get('/json', declared, async (_request, reply) => {
        reply.type('application/json')
        return count(1)
      })
      app.get('/undeclared', async (_request, reply) => {
        reply.type('text/event-stream')
        return count(1)
      })
      app.get('/sink', declared, async (_request, reply) => {
        reply.type('text/event-stream')
        await reply.sse.sendAll(count(1))
      })
      app.get('/send', declared, (_request, reply) => { reply.type('text/event-stream').send(count(1)) })
      for (const url of ['/type', '/charset', '/json', '/undeclared', '/sink', '/send']) {
        const response = await app.inject(url)
        t.equal(response.statusCode, 200, url)
        t.equal(response.headers['content-type'], STREAM, url)
        t.equal(response.body, counted(1), url)
      }
    })

    t.test('headers and a status that are set inside the generator arrive, up to its first event', async t => {
      const { app } = await makeApp(t)
      app.get('/', { schema: { response: { '2xx': ticks } } }, async function * (_request, reply) {
        reply.header('x-sync', '1')
        await turn()
        reply.code(203).headers({ 'x-async': '2', 'cache-control': 'no-store' })
        yield tick({ n: 1 })
        reply.header('x-late', '3')
      })
      const { statusCode, headers, body } = await app.inject('/')
      t.equal(statusCode, 203)
      t.match(headers, { 'x-sync': '1', 'x-async': '2', 'cache-control': 'no-store', 'content-type': STREAM })
      t.notOk('x-late' in headers)
      t.equal(body, counted(1))
    })

    t.test('reply.send() inside the generator answers in its place', async t => {
      const { app, logs } = await makeApp(t)
      let finished = 0
      app.get('/returns', declared, async function * (_request, reply) {
        try {
          await turn()
          reply.code(404).send({ message: 'no such feed', secret: 'x' })
        } finally {
          finished++
        }
      })
      app.get('/goes-on', declared, async function * (_request, reply) {
        try {
          reply.code(404).send({ message: 'no such feed', secret: 'x' })
          yield tick({ n: 1 })
          t.fail('went on')
        } finally {
          finished++
        }
      })
      for (const url of ['/returns', '/goes-on']) {
        const { statusCode, headers, body } = await app.inject(url)
        t.equal(statusCode, 404, url)
        t.equal(headers['content-type'], JSON_TYPE, url)
        t.equal(body, '{"message":"no such feed"}', url)
        t.notOk('x-accel-buffering' in headers)
      }
      await turn()
      t.equal(finished, 2)
      t.strictSame(logs.filter(({ stream }) => stream !== undefined), [], 'what never was a stream has no close record')
    })

    t.test('reply.redirect() inside the generator redirects', async t => {
      const { app } = await makeApp(t)
      app.get('/', declared, async function * (_request, reply) {
        await turn()
        reply.redirect('/elsewhere', 307)
      })
      app.get('/elsewhere', declared, async function * (_request, reply) {
        reply.redirect('/there')
        yield tick({ n: 1 })
      })
      const first = await app.inject('/')
      t.equal(first.statusCode, 307)
      t.equal(first.headers.location, '/elsewhere')
      const second = await app.inject('/elsewhere')
      t.equal(second.statusCode, 302)
      t.equal(second.headers.location, '/there')
      t.equal(second.body, '')
    })

    t.test('an error handler may answer with an object', async t => {
      const { app } = await makeApp(t)
      app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
        reply.code(error.statusCode ?? 500).send({ told: error.message })
      })
      app.get('/', declared, async function * (_request, reply) {
        reply.type('text/event-stream')
        await turn()
        throw Object.assign(new Error('no upstream'), { statusCode: 502 })
      })
      const { statusCode, headers, body } = await app.inject('/')
      t.equal(statusCode, 502)
      t.equal(headers['content-type'], JSON_TYPE)
      t.equal(body, '{"told":"no upstream"}')
    })

    t.test('an object-mode Readable carries events', async t => {
      const { app, closed } = await makeApp(t)
      app.get('/', declared, () => Readable.from([tick({ n: 1 }), tick({ n: 2 })]))
      app.get('/async', declared, async (_request, reply) => reply.send(Readable.from(count(2))))
      app.get('/push', declared, () => {
        const source = new PassThrough({ objectMode: true })
        setImmediate(() => {
          source.write(tick({ n: 1 }))
          source.end(tick({ n: 2 }))
        })
        return source
      })
      app.get('/bytes', declared, () => Readable.from(['event: tick\ndata: {"n":1}\n\n']))
      for (const url of ['/', '/async', '/push']) {
        const { headers, body } = await app.inject(url)
        t.equal(headers['content-type'], STREAM, url)
        t.equal(body, counted(2), url)
      }
      t.match([await closed(0), await closed(2)], [{ reason: 'complete', events: 2 }, { reason: 'complete', events: 2 }])
      t.equal((await app.inject('/bytes')).json().code, 'FST_ERR_SSE_INVALID_EVENT', 'bytes are no events')
    })

    t.test('an object-mode Readable that fails does not end the process', async t => {
      const { app, listen, closed } = await makeApp(t)
      const failure = deferred()
      app.get('/already', declared, () => new Readable({ objectMode: true, read () {} }).destroy(new Error('already')))
      app.get('/early', declared, () => {
        const source = new PassThrough({ objectMode: true })
        setImmediate(() => { source.destroy(new Error('early')) })
        return source
      })
      app.get('/late', declared, () => {
        const source = new PassThrough({ objectMode: true })
        source.write(tick({ n: 1 }))
        failure.promise.then(() => { source.destroy(new Error('late')) }, t.fail)
        return source
      })
      for (const name of ['already', 'early']) {
        const { statusCode, headers, json } = await app.inject(`/${name}`)
        t.equal(statusCode, 500)
        t.equal(headers['content-type'], JSON_TYPE)
        t.match(json(), { message: name })
      }
      const { url } = await listen()
      const response = await connect(t, `${url}/late`)
      const events = eventsOf(response)
      t.equal((await events.next()).value?.data, '{"n":1}')
      failure.resolve()
      await t.rejects(events.next(), { code: 'ECONNRESET' })
      t.match(await closed(2), { reason: 'error', events: 1 })
    })

    t.test('a Readable is destroyed when its client leaves, and errors no more', async t => {
      const { app, listen, closed } = await makeApp(t)
      const source = new PassThrough({ objectMode: true })
      app.get('/', declared, () => source)
      const { url } = await listen()
      source.write(tick({ n: 1 }))
      const response = await connect(t, url)
      await eventsOf(response).next()
      response.destroy()
      await once(source, 'close')
      t.equal(source.destroyed, true)
      t.match(await closed(), { reason: 'client' })
      source.emit('error', new Error('of a socket that goes down late'))
    })

    t.test('a web ReadableStream carries events', async t => {
      const { app, closed } = await makeApp(t)
      app.get('/', declared, () => ReadableStream.from(count(2)))
      app.get('/async', declared, async () => ReadableStream.from([tick({ n: 1 }), tick({ n: 2 })]))
      app.get('/send', declared, (_request, reply) => { reply.send(ReadableStream.from(count(2))) })
      app.get('/fails', declared, () => new ReadableStream({ start (controller) { controller.error(new Error('web')) } }))
      for (const url of ['/', '/async', '/send']) {
        const { headers, body } = await app.inject(url)
        t.equal(headers['content-type'], STREAM, url)
        t.equal(body, counted(2), url)
      }
      t.match(await closed(2), { reason: 'complete', events: 2 })
      t.match((await app.inject('/fails')).json(), { statusCode: 500, message: 'web' })
    })

    t.test('a web ReadableStream is cancelled when its client leaves', async t => {
      const { app, listen, closed } = await makeApp(t)
      const cancelled = deferred()
      app.get('/', declared, () => new ReadableStream({
        start (controller) { controller.enqueue(tick({ n: 1 })) },
        cancel () { cancelled.resolve() }
      }))
      const { url } = await listen()
      const response = await connect(t, url)
      await eventsOf(response).next()
      response.destroy()
      await cancelled.promise
      t.match(await closed(), { reason: 'client' })
    })

    t.test('reply.send(iterable) streams, returned or not, at once or later', async t => {
      const { app, logs } = await makeApp(t)
      app.get('/sync', declared, (_request, reply) => { reply.send(count(2)) })
      app.get('/sync-returned', declared, (_request, reply) => reply.send(count(2)))
      app.get('/async', declared, async (_request, reply) => { reply.send(count(2)) })
      app.get('/async-returned', declared, async (_request, reply) => reply.send(count(2)))
      app.get('/async-reply', declared, async (_request, reply) => {
        reply.send(count(2))
        return reply
      })
      app.get('/async-slow', declared, async (_request, reply) => {
        await turn()
        reply.send((async function * () {
          await turn()
          yield * count(2)
        })())
        await turn()
      })
      app.get('/callback', declared, (_request, reply) => { setImmediate(() => { reply.send(count(2)) }) })
      app.get('/undeclared', async (_request, reply) => { reply.send(count(2)) })
      for (const url of ['/sync', '/sync-returned', '/async', '/async-returned', '/async-reply', '/async-slow', '/callback', '/undeclared']) {
        const { statusCode, headers, body } = await app.inject(url)
        t.equal(statusCode, 200, url)
        t.equal(headers['content-type'], STREAM, url)
        t.equal(body, counted(2), url)
      }
      t.strictSame(logs.filter(({ level }) => level >= 40), [])
    })

    t.test('reply.sse streams, returned or not', async t => {
      const { app, logs } = await makeApp(t)
      app.get('/waits', declared, async (_request, reply) => {
        await reply.sse.send(tick({ n: 1 }))
        await reply.sse.send(tick({ n: 2 }))
        reply.sse.end()
      })
      app.get('/hands-on', declared, async (_request, reply) => {
        const { sse } = reply
        setImmediate(() => {
          sse.send(tick({ n: 1 }))
          sse.send(tick({ n: 2 }))
          sse.end()
        })
      })
      app.get('/returns', declared, async (_request, reply) => {
        reply.sse.sendAll(count(2))
        return reply.sse
      })
      app.get('/undeclared', async (_request, reply) => {
        reply.sse.send(tick({ n: 1 }))
        setImmediate(() => {
          reply.sse.send(tick({ n: 2 }))
          reply.sse.end()
        })
      })
      for (const url of ['/waits', '/hands-on', '/returns', '/undeclared']) {
        const { statusCode, headers, body } = await app.inject(url)
        t.equal(statusCode, 200, url)
        t.equal(headers['content-type'], STREAM, url)
        t.equal(body, counted(2), url)
      }
      t.strictSame(logs.filter(({ level }) => level >= 40), [])
    })

    t.test('streams of bytes stay what they are where no stream is declared', async t => {
      const { app } = await makeApp(t)
      const bodies: Record<string, () => unknown> = {
        '/readable': () => Readable.from(['by', 'tes']),
        '/pass-through': () => new PassThrough().end('bytes'),
        '/web': () => new Blob(['bytes']).stream(),
        '/response': () => new Response('bytes'),
        '/buffer': () => Buffer.from('bytes'),
        '/typed-array': () => new TextEncoder().encode('bytes')
      }
      for (const [url, body] of Object.entries(bodies)) {
        app.get(url, body)
        app.get(`${url}/async`, async () => body())
        app.get(`${url}/send`, (_request, reply) => { reply.type('text/plain').send(body()) })
        app.get(`${url}/other-schema`, { schema: { response: { 404: { type: 'object' } } } }, body)
      }
      for (const url of Object.keys(bodies)) {
        for (const path of [url, `${url}/async`, `${url}/send`, `${url}/other-schema`]) {
          const { statusCode, headers, body } = await app.inject(path)
          t.equal(statusCode, 200, path)
          t.equal(body, 'bytes', path)
          t.not(headers['content-type'], STREAM, path)
          t.notOk('x-accel-buffering' in headers, path)
        }
      }
    })
  })
}

for (const order of ['earlier', 'later']) {
  t.test(`an envelope hook that is registered ${order} than the plugin wraps objects, and never a stream`, async t => {
    const { app } = bareApp(t)
    const envelope = (): void => { app.addHook('preSerialization', async (_request, _reply, payload) => ({ data: payload })) }
    if (order === 'earlier') envelope()
    app.register(sse)
    if (order === 'later') app.after(envelope)
    const content = { 'application/json': { schema: Type.Object({ data: Type.Object({ n: Type.Integer() }) }) }, 'text/event-stream': { schema: ticks } }
    app.get('/before', declared, () => count(1))
    app.after(() => {
      app.get('/json', async () => ({ n: 1 }))
      app.get('/after', declared, () => count(1))
      app.get('/undeclared', () => count(1))
      app.get('/send', declared, async (_request, reply) => { reply.send(count(1)) })
      app.get('/sink', declared, async (_request, reply) => { await reply.sse.sendAll(count(1)) })
      app.get('/both', { schema: { response: { 200: { content } } } }, (request): unknown => request.prefersEventStream ? count(1) : { n: 1 })
      app.get('/error', { schema: { response: { 200: ticks } } }, async function * (_request, reply) {
        (reply as FastifyReply).code(400).send({ n: 1 })
      })
    })
    t.equal((await app.inject('/json')).body, '{"data":{"n":1}}')
    for (const url of ['/before', '/after', '/undeclared', '/send', '/sink', '/both']) {
      const { headers, body } = await app.inject({ url, headers: { accept: 'text/event-stream' } })
      t.equal(headers['content-type'], STREAM, url)
      t.equal(body, counted(1), url)
    }
    t.equal((await app.inject({ url: '/both', headers: { accept: 'application/json' } })).body, '{"data":{"n":1}}')
    t.equal((await app.inject('/error')).body, '{"data":{"n":1}}')
  })
}
