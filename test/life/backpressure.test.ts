import t from 'tap'
import { once } from 'node:events'
import type { AnyStreamEvent, EventSink } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { START } from './streams.js'

const big = { data: 'x'.repeat(16 * 1024) }

t.test('next() is not called while the socket is full', async t => {
  const { app, listen, closed } = await loadedApp(t)
  let yielded = 0
  let full = (): void => {}
  const stands = new Promise<void>(resolve => { full = resolve })
  app.get('/', async function * () {
    for (;;) {
      const before = ++yielded
      // Nothing is asked for any more when the count stands still for a while.
      setTimeout(() => { if (yielded === before) full() }, 100).unref()
      yield big
    }
  })
  const client = new RawClient(t, (await listen()).port)
  client.socket.pause()
  client.request('/')
  await stands
  const stoodAt = yielded
  t.ok(stoodAt * big.data.length < 16 * 1024 * 1024, `stopped after ${stoodAt} events`)
  client.socket.resume()
  await client.until(() => yielded > stoodAt)
  client.socket.destroy()
  t.match(await closed(), { reason: 'client' })
})

t.test('a write without progress for stallTimeoutMs closes the stream', async t => {
  for (const [what, handler] of Object.entries({
    'of a generator': async function * () { for (;;) yield big },
    'of a sink': (request: unknown, reply: { sse: { send: (event: unknown) => Promise<boolean> } }) => {
      const fill = async (): Promise<void> => { while (await reply.sse.send(big)); }
      fill().catch(error => { t.error(error) })
      return reply.sse
    }
  })) {
    t.test(what, async t => {
      const { app, listen, closed } = await loadedApp(t, { stallTimeoutMs: 50 })
      app.get('/', handler as never)
      const client = new RawClient(t, (await listen()).port)
      client.socket.pause()
      client.request('/')
      t.match(await closed(), { reason: 'stalled' })
      client.socket.resume()
      await client.until(({ ended }) => ended !== undefined)
      t.notOk(client.isComplete)
    })
  }

  t.test('also while it is sent what came before an error, which stays the reason', async t => {
    const { app, listen, closed } = await loadedApp(t, { stallTimeoutMs: 50 })
    app.get('/', async (request, reply) => {
      reply.sse.send({ data: 'x'.repeat(16 * 1024 * 1024) })
      await new Promise(setImmediate)
      throw new Error('feed lost')
    })
    const client = new RawClient(t, (await listen()).port)
    client.socket.pause()
    client.request('/')
    t.match(await closed(), { reason: 'error' })
  })

  t.test('but not one that is only slow, or has nothing to write', async t => {
    const { app, listen } = await loadedApp(t, { stallTimeoutMs: 1_000, heartbeatMs: Infinity })
    app.get('/', async function * (request, reply) {
      for (let n = 0; n < 400; n++) yield big
      await once(reply.sse.signal, 'abort')
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    // Reads in small sips, with rests that are shorter than the timeout.
    const sips = setInterval(() => { client.socket.resume() }, 5)
    client.socket.on('data', () => { client.socket.pause() })
    t.teardown(() => { clearInterval(sips) })
    await client.until(({ text }) => text.length > 400 * big.data.length)
    clearInterval(sips)
    client.socket.resume()
    t.equal(client.ended, undefined)
  })
})

t.test('a sink', async t => {
  t.test('says when there is room, with one promise for all who wait', async t => {
    const { app, listen } = await loadedApp(t)
    let sink: EventSink<AnyStreamEvent> | undefined
    app.get('/', (request, reply) => (sink = reply.sse))
    const client = new RawClient(t, (await listen()).port)
    client.request('/')
    await client.until(({ body }) => body === START)
    t.equal(sink?.send({ data: 1 }), sink?.send({ data: 2 }))
    const waiting = sink?.send({ data: 'x'.repeat(100_000) })
    t.equal(sink?.send(big), waiting)
    t.equal(await waiting, true)
  })

  t.test('is closed as slow beyond maxBufferedBytes, since its events are lost', async t => {
    const { app, listen, closed } = await loadedApp(t, { maxBufferedBytes: 100_000 })
    const sent: Array<Promise<boolean>> = []
    app.get('/', (request, reply) => {
      for (let n = 0; n < 200; n++) sent.push(reply.sse.send(big))
      return reply.sse
    })
    const client = new RawClient(t, (await listen()).port)
    client.socket.pause()
    client.request('/')
    const { reason, events } = await closed()
    t.equal(reason, 'slow')
    t.equal(events, 7)
    t.strictSame((await Promise.all(sent)).slice(6), Array(194).fill(false))
  })

  t.test('takes one event that is larger than the bound', async t => {
    const { app, listen } = await loadedApp(t, { maxBufferedBytes: 1000 })
    app.get('/', async (request, reply) => {
      t.equal(await reply.sse.send(big), true)
      reply.sse.end()
      return reply.sse
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ isComplete }) => isComplete)
    t.equal(client.body, START + `data: ${big.data}\n\n`)
  })
})

t.test('a source that always has events ready lets everything else go on', async t => {
  const { app, listen } = await loadedApp(t)
  app.get('/endless', async function * () { for (;;) yield { data: 1 } })
  app.get('/other', async function * () { yield { data: 'here' } })
  const { port, url } = await listen()
  const endless = new RawClient(t, port).request('/endless')
  await endless.until(({ text }) => text.length > 1_000_000)
  t.equal(await (await fetch(`${url}/other`)).text(), START + 'data: here\n\n')
  endless.socket.destroy()
})
