import { once } from 'node:events'
import type { Transform } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { type Encoder, encoders } from '../../lib/stream/encoders.js'
import { tick, ticks } from '../ecosystem/ticks.js'
import { loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { RawClient } from '../helpers/raw-client.js'

/** All that were made. */
const engines: Transform[] = []
const { gzip } = encoders as { gzip: { open: Encoder['open'] } }
const { open } = gzip
gzip.open = level => {
  const engine = open(level)
  engines.push(engine)
  return engine
}

const declared = { schema: { response: { 200: ticks } } }
const headers = ['Accept-Encoding: gzip']

/** Compressors whose memory has not been freed. What is garbage counts as well: it is collected late, since V8 does not see its size. */
function left (): number {
  return engines.filter(engine => (engine as Transform & { _handle: unknown })._handle !== null).length
}

t.beforeEach(() => { engines.length = 0 })

t.test('the compressor of a stream is freed', async t => {
  t.test('when the stream is complete, before the client has read it', async t => {
    const { app, listen, closed } = await loadedApp(t, { compress: true })
    const ended = deferred()
    app.get('/', declared, async (_request, reply) => {
      for (let n = 0; n < 10; n++) await reply.sse.send(tick({ n }))
      t.equal(left(), 1)
      reply.sse.end()
      await nextTurn()
      t.equal(left(), 0)
      ended.resolve()
      return reply.sse
    })
    const client = new RawClient(t, (await listen()).port).request('/', { headers })
    await ended.promise
    await client.until(({ isComplete }) => isComplete)
    t.match(await closed(), { reason: 'complete' })
  })

  t.test('when the client leaves', async t => {
    const { app, listen, closed } = await loadedApp(t, { compress: true })
    app.get('/', declared, (_request, reply) => reply.sse)
    const client = new RawClient(t, (await listen()).port).request('/', { headers })
    await client.until(({ text }) => text.includes('\r\n\r\n'))
    t.equal(left(), 1)
    client.socket.destroy()
    t.match(await closed(), { reason: 'client' })
    await nextTurn()
    t.equal(left(), 0)
  })

  t.test('when the client leaves while more is sent than it reads', async t => {
    const { app, listen, closed } = await loadedApp(t, { compress: true })
    app.get('/', async function * () { for (;;) yield { data: String(Math.random()).repeat(1_000) } })
    const client = new RawClient(t, (await listen()).port).request('/', { headers })
    await client.until(({ text }) => text.length > 100_000)
    client.socket.destroy()
    t.match(await closed(), { reason: 'client' })
    await nextTurn()
    t.equal(left(), 0)
  })

  t.test('when the client leaves before the head is out', async t => {
    const { app, listen, closed } = await loadedApp(t, { compress: true })
    const [inHook, release] = [deferred(), deferred()]
    app.get('/', {
      ...declared,
      onSend: async () => {
        inHook.resolve()
        await release.promise
      }
    }, (_request, reply) => {
      reply.sse.send(tick({ n: 1 }))
      return reply.sse
    })
    const client = new RawClient(t, (await listen()).port).request('/', { headers })
    await inHook.promise
    t.equal(left(), 1)
    client.socket.destroy()
    t.match(await closed(), { reason: 'client' })
    await nextTurn()
    t.equal(left(), 0)
    release.resolve()
    await nextTurn()
    t.equal(left(), 0)
  })

  t.test('when its source fails, and when a hook does', async t => {
    const { app, listen, closed } = await loadedApp(t, { compress: true })
    app.get('/source', declared, async function * () {
      yield tick({ n: 1 })
      throw new Error('half-way')
    })
    app.get('/hook', {
      ...declared,
      onSend: async (_request, _reply, payload) => {
        if (typeof payload !== 'string') throw new Error('in a hook')
        return payload
      }
    }, (_request, reply) => reply.sse)
    const { port } = await listen()
    for (const [n, path] of ['/source', '/hook'].entries()) {
      new RawClient(t, port).request(path, { headers: [...headers, 'Connection: close'] })
      t.match(await closed(n), { reason: 'error' })
      await nextTurn()
      t.equal(engines.length > n, true)
      t.equal(left(), 0)
    }
  })

  t.test('when a hook puts something else in its place', async t => {
    const { app, closed } = await loadedApp(t, { compress: true })
    app.get('/', {
      ...declared,
      onSend: async (_request, reply) => {
        reply.removeHeader('content-encoding')
        return 'else'
      }
    }, (_request, reply) => reply.sse)
    const { body } = await app.inject({ url: '/', headers: { 'accept-encoding': 'gzip' } })
    t.equal(body, 'else')
    await closed()
    await nextTurn()
    t.equal(left(), 0)
  })

  t.test('when the server closes, and destroys who does not read', async t => {
    const { app, listen, closed } = await loadedApp(t, { compress: true, closeTimeoutMs: 50 })
    app.get('/', (_request, reply) => {
      const more = setInterval(() => { reply.sse.send({ data: String(Math.random()).repeat(5_000) }) }, 1)
      reply.sse.signal.addEventListener('abort', () => { clearInterval(more) })
      return reply.sse
    })
    const client = new RawClient(t, (await listen()).port)
    client.socket.pause()
    client.request('/', { headers })
    await once(app.server, 'request')
    await nextTurn()
    t.equal(left(), 1)
    await app.close()
    t.match(await closed(), { reason: 'shutdown' })
    t.equal(left(), 0)
  })
})

t.test('none is made for who gets no compressed stream', async t => {
  const { app } = await loadedApp(t, { compress: true })
  app.get('/', declared, async function * () { yield tick({ n: 1 }) })
  await app.inject({ url: '/' })
  await app.inject({ method: 'HEAD', url: '/', headers: { 'accept-encoding': 'gzip' } })
  await app.inject({ url: '/', headers: { 'accept-encoding': 'gzip', accept: 'text/html' } })
  t.strictSame(engines, [])
})
