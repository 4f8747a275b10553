import { getEventListeners, once } from 'node:events'
import t, { type Test } from 'tap'
import { injectEvents } from '../../lib/testing/inject-events.js'
import { bareApp, loadedApp, type TestApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { acme, acmeReceived, declared, type prices } from './streams.js'

/** An app whose stream goes on until it is left, and what has become of its generator. */
async function endless (t: Test, options?: Parameters<typeof loadedApp>[1]): Promise<TestApp & { ends: unknown[] }> {
  const testApp = await loadedApp(t, options)
  const ends: unknown[] = []
  testApp.app.route({
    method: ['GET', 'POST'],
    url: '/',
    ...declared,
    handler: async function * (_request, reply) {
      const { signal } = reply.sse
      try {
        yield acme(1)
        yield acme(2)
        await once(signal, 'abort')
      } finally {
        ends.push(signal.reason.message)
      }
    }
  })
  testApp.app.get('/busy', declared, async function * (_request, reply) {
    try {
      for (;;) yield acme(1)
    } finally {
      ends.push(reply.sse.signal.reason.message)
    }
  })
  return { ...testApp, ends }
}

const LEFT = ['the event stream was closed: client']

t.test('close() stops the generator, and resolves when that is done', async t => {
  for (const url of ['/', '/busy']) {
    for (const stage of ['before it is read', 'after an event']) {
      t.test(`${stage} of ${url}`, async t => {
        const { app, ends } = await endless(t)
        const stream = await injectEvents(app, url)
        if (stage === 'after an event') await stream.take(1)
        t.strictSame(ends, [])
        t.match(await stream.close(), { route: /GET/, reason: 'client' })
        t.strictSame(ends, LEFT)
      })
    }
  }
})

t.test('close() waits for a generator that takes a few steps to its end', async t => {
  const { app } = await loadedApp(t)
  let left = 100
  app.get('/', declared, async function * (_request, reply) {
    try {
      yield acme(1)
      await once(reply.sse.signal, 'abort')
    } finally {
      while (left > 0) left -= await Promise.resolve(1)
    }
  })
  const stream = await injectEvents(app, '/')
  await stream.close()
  t.equal(left, 0)
})

t.test('close() stops the answer to a POST with a body', async t => {
  const { app, ends } = await endless(t)
  const stream = await injectEvents(app, { method: 'POST', url: '/', payload: { some: 'body' } })
  await stream.take(2)
  t.match(await stream.close(), { reason: 'client' })
  t.strictSame(ends, LEFT)
})

t.test('close() may be called again, and after it there are no events', async t => {
  const { app } = await endless(t)
  const stream = await injectEvents(app, '/')
  await stream.take(1)
  t.equal(stream.close(), stream.close())
  t.strictSame(await stream.rest(), [])
  await t.rejects(stream.take(1), {
    code: 'FST_ERR_SSE_TEST_ENDED', message: 'GET / was closed after 1 event (price), where one was expected'
  })
})

t.test('close() frees who waits for an event', async t => {
  const { app } = await endless(t)
  const stream = await injectEvents(app, '/')
  await stream.take(2)
  const waiting = Promise.all([t.rejects(stream.take(1), { code: 'FST_ERR_SSE_TEST_ENDED' }), stream.rest()])
  await stream.close()
  t.strictSame((await waiting)[1], [])
})

t.test('close() of a stream that has ended says how', async t => {
  const { app } = await loadedApp(t)
  app.get('/', declared, async function * () { yield acme(1) })
  const stream = await injectEvents(app, '/')
  await stream.rest()
  t.match(await stream.close(), { reason: 'complete', events: 1 })
})

t.test('close() of an answer that is no stream does nothing', async t => {
  const { app } = await loadedApp(t)
  app.get('/', async () => 'text')
  t.equal(await (await injectEvents(app, '/')).close(), undefined)
})

t.test('leaving a loop stops the generator', async t => {
  for (const url of ['/', '/busy']) {
    for (const how of ['break', 'throw']) {
      t.test(`by ${how}, of ${url}`, async t => {
        const { app, ends, closed } = await endless(t)
        const stream = await injectEvents<typeof prices>(app, url)
        const loop = (async () => {
          for await (const event of stream) {
            t.strictSame(event, acmeReceived(1))
            if (how === 'break') break
            if (how === 'throw') throw new Error('in the test')
          }
        })()
        if (how === 'break') await loop
        else await t.rejects(loop, { message: 'in the test' })
        t.strictSame(ends, LEFT)
        t.match(await closed(), { reason: 'client' })
      })
    }
  }
})

t.test('take() and until() leave nothing: the stream goes on', async t => {
  const { app, ends } = await endless(t)
  const stream = await injectEvents(app, '/')
  await stream.take(1)
  await stream.until('price')
  t.strictSame(ends, [])
  await stream.close()
})

t.test('a signal that aborts leaves the stream, and is what waits gets', async t => {
  const { app, ends } = await endless(t)
  const abort = new AbortController()
  const stream = await injectEvents(app, { url: '/', signal: abort.signal })
  await stream.take(2)
  const waiting = stream.take(1)
  const reason = new Error('the test has timed out')
  abort.abort(reason)
  await t.rejects(waiting, reason)
  await t.rejects(stream.rest(), reason)
  t.match(await stream.close(), { reason: 'client' })
  t.strictSame(ends, LEFT)
})

t.test('a signal that aborts before an event is asked for is told to who asks', async t => {
  const { app } = await endless(t)
  const abort = new AbortController()
  const stream = await injectEvents(app, { url: '/busy', signal: abort.signal })
  await stream.take(1)
  abort.abort()
  await t.rejects(stream.take(1), { name: 'AbortError' })
})

t.test('a signal that aborts before there is an answer rejects with its reason', async t => {
  const { app, closed } = await loadedApp(t, { commitAfterMs: Infinity })
  const asked = deferred()
  app.get('/', declared, async function * (_request, reply) {
    asked.resolve()
    await once(reply.sse.signal, 'abort')
    yield acme(1)
  })
  const abort = new AbortController()
  const stream = injectEvents(app, { url: '/', signal: abort.signal })
  await asked.promise
  const reason = new Error('enough')
  abort.abort(reason)
  await t.rejects(stream, reason)
  t.match(await closed(), { reason: 'client' })
  await t.rejects(injectEvents(app, { url: '/', signal: abort.signal }), reason, 'and who comes with such a signal')
})

t.test('a signal that aborts before there is an answer to a body is told at once, and stops the generator then', async t => {
  const { app, closed } = await loadedApp(t, { commitAfterMs: Infinity })
  const [asked, answer] = [deferred(), deferred()]
  app.post('/', declared, async function * (_request, reply) {
    asked.resolve()
    await answer.promise
    yield acme(1)
    await once(reply.sse.signal, 'abort')
  })
  const abort = new AbortController()
  const stream = injectEvents(app, { method: 'POST', url: '/', payload: {}, signal: abort.signal })
  await asked.promise
  abort.abort()
  await t.rejects(stream, { name: 'AbortError' })
  answer.resolve()
  t.match(await closed(), { reason: 'client' })
})

t.test('a signal is not listened to when all is over', async t => {
  const { app } = await endless(t)
  app.get('/short', declared, async function * () { yield acme(1) })
  app.get('/text', async () => 'text')
  const { signal } = new AbortController()
  const listeners = (): number => getEventListeners(signal, 'abort').length
  const stream = await injectEvents(app, { url: '/', signal })
  t.equal(listeners(), 1)
  await stream.close()
  t.equal(listeners(), 0)
  await (await injectEvents(app, { url: '/short', signal })).rest()
  t.equal(listeners(), 0)
  await injectEvents(app, { url: '/text', signal })
  t.equal(listeners(), 0)
  await app.close()
  await t.rejects(injectEvents(app, { url: '/', signal }))
  t.equal(listeners(), 0)
})

t.test('a server that closes ends the stream, which is not left', async t => {
  const { app } = await endless(t, { closeSpreadMs: 0, retryMs: 10 })
  const stream = await injectEvents(app, '/')
  await stream.take(2)
  const [left] = await Promise.all([stream.rest(), app.close()])
  t.strictSame(left, [])
  t.equal(stream.retryMs, 10)
  t.match(await stream.close(), { reason: 'shutdown' })
})

t.test('the listener of the request that is found is gone with its answer', async t => {
  const { hasSubscribers } = await import('node:diagnostics_channel')
  const { app } = bareApp(t)
  app.get('/', async () => 'text')
  await injectEvents(app, '/')
  t.equal(hasSubscribers('tracing:fastify.request.handler:start'), false)
})
