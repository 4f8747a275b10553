import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'
import { RawClient } from '../helpers/raw-client.js'
import { ACME_FRAME, acme, done, halt, job, price, prices, progress, START } from './streams.js'

const declared = { schema: { response: { 200: prices } } }
const HALT_FRAME = 'event: halt\ndata: {"reason":"x"}\n\n'
const wrong = price({ symbol: 5 as never, value: 1 })

t.test('reply.sse carries a stream', async t => {
  for (const [what, handler] of Object.entries({
    'returned from a handler': (request: unknown, reply: Reply) => {
      setImmediate(() => { reply.sse.send(acme); reply.sse.end() })
      return reply.sse
    },
    'returned from an async handler': async (request: unknown, reply: Reply) => {
      await turn()
      setImmediate(() => { reply.sse.send(acme); reply.sse.end() })
      return reply.sse
    },
    'handed to reply.send': (request: unknown, reply: Reply) => {
      setImmediate(() => { reply.sse.send(acme); reply.sse.end() })
      reply.send(reply.sse)
    },
    'sent to and not returned': (request: unknown, reply: Reply) => {
      setImmediate(() => { reply.sse.send(acme); reply.sse.end() })
    },
    'sent to and not returned from an async handler': async (request: unknown, reply: Reply) => {
      reply.sse.send(acme)
      await turn()
      setImmediate(() => { reply.sse.end() })
    },
    'only looked at by an async handler that does not return it': async (request: unknown, reply: Reply) => {
      const { sse } = reply
      setImmediate(() => { sse.send(acme); sse.end() })
    },
    'ended by the handler itself': async (request: unknown, reply: Reply) => {
      await reply.sse.send(acme)
      reply.sse.end()
      reply.sse.end()
    }
  })) {
    t.test(what, async t => {
      const { app, closed } = await loadedApp(t)
      app.get('/', declared, handler as never)
      t.equal((await app.inject('/')).body, START + ACME_FRAME)
      t.match(await closed(), { reason: 'complete', events: 1 })
    })
  }
})

interface Reply {
  sse: {
    send: (event: unknown) => Promise<boolean>
    sendAll: (source: AsyncIterable<unknown>, options?: { end?: boolean }) => Promise<void>
    comment: (text: string) => Promise<boolean>
    end: () => void
  }
  send: (payload: unknown) => unknown
  code: (statusCode: number) => Reply
}

t.test('send()', async t => {
  t.test('rejects a wrong event, logs it and writes nothing, and nobody has to look at the promise', async t => {
    const { app, logs } = await loadedApp(t)
    const problems: unknown[] = []
    app.get('/', declared, (request, reply) => {
      reply.sse.send(wrong).catch(error => { problems.push(error.code) })
      reply.sse.send(wrong)
      reply.sse.send(acme)
      reply.sse.send(wrong)
      reply.sse.end()
      return reply.sse
    })
    t.equal((await app.inject('/')).body, START + ACME_FRAME)
    t.strictSame(problems, ['FST_ERR_SSE_INVALID_EVENT'])
    t.equal(logs.filter(({ err }) => err?.code === 'FST_ERR_SSE_INVALID_EVENT').length, 1)
  })

  t.test('begins no response with a wrong event, so that the handler can still answer', async t => {
    const { app } = await loadedApp(t)
    app.get('/', declared, async (request, reply) => {
      await t.rejects(reply.sse.send(wrong), { code: 'FST_ERR_SSE_INVALID_EVENT' })
      return await reply.code(503 as never).send({ sorry: true } as never)
    })
    const { statusCode, body } = await app.inject('/')
    t.equal(statusCode, 503)
    t.equal(body, '{"sorry":true}')
  })

  t.test('rejects after end(), and after a final event', async t => {
    const { app } = await loadedApp(t)
    app.get('/end', declared, async (request, reply) => {
      reply.sse.end()
      await t.rejects(reply.sse.send(acme), { code: 'FST_ERR_SSE_SINK_ENDED' })
      await t.rejects(reply.sse.sendAll(prices.from(async function * () { t.fail('started') })), { code: 'FST_ERR_SSE_SINK_ENDED' })
    })
    app.get('/final', { schema: { response: { 200: job } } }, async (request, reply) => {
      await reply.sse.send(done())
      await t.rejects(reply.sse.send(progress({ percent: 1 })), { code: 'FST_ERR_SSE_SINK_ENDED' })
    })
    t.equal((await app.inject('/end')).body, START)
    t.equal((await app.inject('/final')).body, START + 'event: done\nid: stream-end\ndata: null\n\n')
  })

  t.test('rejects while an iterable carries the stream', async t => {
    const { app } = await loadedApp(t)
    app.get('/', declared, async function * (request, reply) {
      yield acme
      await t.rejects(reply.sse.send(acme), { code: 'FST_ERR_SSE_SINK_BUSY' })
      yield acme
    })
    t.equal((await app.inject('/')).body, START + ACME_FRAME + ACME_FRAME)
  })

  t.test('of a stream with final events needs one before end()', async t => {
    const { app, listen, closed } = await loadedApp(t)
    app.get('/', { schema: { response: { 200: job } } }, (request, reply) => {
      reply.sse.send(progress({ percent: 1 }))
      reply.sse.end()
      return reply.sse
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ ended }) => ended !== undefined)
    t.notOk(client.isComplete)
    t.match(await closed(), { reason: 'error' })
  })
})

t.test('send() after Fastify has answered for a handler that did not return reply.sse rejects, and is logged once', async t => {
  const { app, logs } = await loadedApp(t)
  const refused: unknown[] = []
  let settle = (): void => {}
  app.get('/', async (request, reply) => {
    const { sse } = reply
    setImmediate(() => {
      sse.send({ data: 1 }).catch(error => {
        refused.push(error.code)
        settle()
      })
    })
  })
  for (let n = 0; n < 2; n++) {
    const settled = new Promise<void>(resolve => { settle = resolve })
    t.equal((await app.inject('/')).body, '')
    await settled
  }
  t.strictSame(refused, ['FST_ERR_SSE_ALREADY_ANSWERED', 'FST_ERR_SSE_ALREADY_ANSWERED'])
  t.equal(logs.filter(({ err }) => err?.code === 'FST_ERR_SSE_ALREADY_ANSWERED').length, 1)
})

t.test('comment() writes a line that clients ignore, which counts as no event', async t => {
  const { app, closed } = await loadedApp(t)
  app.get('/', declared, async (request, reply) => {
    t.equal(await reply.sse.comment('two\nlines'), true)
    reply.sse.end()
  })
  t.equal((await app.inject('/')).body, START + ': two\n: lines\n')
  t.match(await closed(), { events: 0 })
})

t.test('sendAll()', async t => {
  async function * source (): AsyncGenerator<typeof acme> {
    yield acme
    await turn()
    yield acme
  }

  t.test('sends a source and ends with it', async t => {
    const { app, closed } = await loadedApp(t)
    app.get('/', declared, async (request, reply) => { await reply.sse.sendAll(source()) })
    t.equal((await app.inject('/')).body, START + ACME_FRAME + ACME_FRAME)
    t.match(await closed(), { reason: 'complete', events: 2 })
  })

  t.test('sends several sources, one after the other or at once, among other events', async t => {
    const { app } = await loadedApp(t)
    app.get('/', declared, async (request, reply) => {
      await reply.sse.sendAll(source(), { end: false })
      await reply.sse.send(halt({ reason: 'x' }))
      await Promise.all([reply.sse.sendAll(source(), { end: false }), reply.sse.sendAll(source(), { end: false })])
      await reply.sse.sendAll(source())
    })
    t.equal((await app.inject('/')).body, START + ACME_FRAME.repeat(2) + HALT_FRAME + ACME_FRAME.repeat(6))
  })

  t.test("rejects with the source's error, which before anything was sent is the handler's to answer", async t => {
    const { app, closed } = await loadedApp(t)
    const fail = async function * (): AsyncGenerator<typeof acme> { throw new Error('no upstream') }
    app.get('/caught', declared, async (request, reply) => {
      try {
        await reply.sse.sendAll(fail())
      } catch (error) {
        return await reply.code(502 as never).send({ told: (error as Error).message } as never)
      }
    })
    app.get('/thrown', declared, async (request, reply) => { await reply.sse.sendAll(fail()) })
    app.get('/ignored', declared, (request, reply) => { reply.sse.sendAll(fail()) })
    t.match(await app.inject('/caught'), { statusCode: 502, body: '{"told":"no upstream"}' })
    t.match((await app.inject('/thrown')).json(), { statusCode: 500, message: 'no upstream' })
    t.match((await app.inject('/ignored')).json(), { statusCode: 500, message: 'no upstream' })
    // The first was never a stream, and what it is was the handler's choice.
    t.match(await closed(0), { route: 'GET /thrown', reason: 'error' })
    t.match(await closed(1), { route: 'GET /ignored', reason: 'error' })
  })

  for (const [what, prepare] of Object.entries({
    'of the only source': async () => {},
    'of one among others': async (reply: Reply) => { await reply.sse.send(acme) }
  })) {
    t.test(`breaks the stream off at the error ${what}`, async t => {
      const { app, listen, closed } = await loadedApp(t)
      app.get('/', declared, async (request, reply) => {
        await prepare(reply as never)
        await reply.sse.sendAll((async function * () {
          yield acme
          throw new Error('lost')
        })())
      })
      const client = new RawClient(t, (await listen()).port).request('/')
      await client.until(({ ended }) => ended !== undefined)
      t.ok(client.body.endsWith(ACME_FRAME))
      t.notOk(client.isComplete)
      t.match(await closed(), { reason: 'error' })
    })
  }

  t.test('with end: false leaves it to the caller what an error means', async t => {
    const { app } = await loadedApp(t)
    app.get('/', declared, async (request, reply) => {
      await t.rejects(reply.sse.sendAll((async function * () {
        yield acme
        throw new Error('lost')
      })(), { end: false }), { message: 'lost' })
      await reply.sse.send(halt({ reason: 'x' }))
      reply.sse.end()
    })
    t.equal((await app.inject('/')).body, START + ACME_FRAME + HALT_FRAME)
  })

  t.test('resolves when the client leaves, whatever that does to the source', async t => {
    const { app, listen, closed } = await loadedApp(t)
    let resolve = (): void => {}
    const resolved = new Promise<void>(_resolve => { resolve = _resolve })
    app.get('/', declared, async (request, reply) => {
      await reply.sse.sendAll((async function * () {
        yield acme
        await new Promise((resolve, reject) => {
          reply.sse.signal.addEventListener('abort', () => { reject(reply.sse.signal.reason) })
        })
      })())
      resolve()
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ body }) => body === START + ACME_FRAME)
    client.socket.destroy()
    t.match(await closed(), { reason: 'client' })
    await resolved
  })

  t.test('is ended early by end()', async t => {
    const { app } = await loadedApp(t)
    let cleanedUp = false
    app.get('/', async (request, reply) => {
      await reply.sse.sendAll((async function * () {
        try {
          for (;;) {
            yield { data: 1 }
            reply.sse.end()
          }
        } finally {
          cleanedUp = true
        }
      })())
    })
    t.equal((await app.inject('/')).body, START + 'data: 1\n\n')
    t.ok(cleanedUp)
  })

  t.test('rejects while another iterable carries the stream', async t => {
    const { app } = await loadedApp(t)
    app.get('/', declared, async function * (request, reply) {
      await t.rejects(reply.sse.sendAll(source()), { code: 'FST_ERR_SSE_SINK_BUSY' })
      yield acme
    })
    t.equal((await app.inject('/')).body, START + ACME_FRAME)
  })
})

t.test('reply.sse is iterable itself', async t => {
  t.test('so that a generator can pass on what is pushed', async t => {
    const { app } = await loadedApp(t)
    app.get('/', declared, async function * (request, reply) {
      setImmediate(() => {
        reply.sse.send(acme)
        reply.sse.send(acme)
        reply.sse.end()
      })
      yield * reply.sse
      yield halt({ reason: 'x' })
    })
    t.equal((await app.inject('/')).body, START + ACME_FRAME + ACME_FRAME + HALT_FRAME)
  })

  t.test('and checks, and is bounded, all the same', async t => {
    const { app, listen, closed } = await loadedApp(t, { maxBufferedBytes: 1000 })
    const sent: unknown[] = []
    app.get('/', declared, async function * (request, reply) {
      const pushed = reply.sse[Symbol.asyncIterator]()
      t.throws(() => reply.sse[Symbol.asyncIterator](), { code: 'FST_ERR_SSE_ALREADY_STARTED' })
      await t.rejects(reply.sse.send(wrong), { code: 'FST_ERR_SSE_INVALID_EVENT' })
      for (let n = 0; n < 100; n++) sent.push(await reply.sse.send(acme))
      await pushed.next()
    })
    new RawClient(t, (await listen()).port).request('/')
    t.match(await closed(), { reason: 'slow' })
    t.equal(sent.filter(Boolean).length, Math.floor(1000 / ACME_FRAME.length))
  })

  t.test('but not while it carries the stream', async t => {
    const { app } = await loadedApp(t)
    app.get('/', declared, (request, reply) => {
      reply.sse.send(acme)
      t.throws(() => reply.sse[Symbol.asyncIterator](), { code: 'FST_ERR_SSE_ALREADY_STARTED' })
      reply.sse.end()
    })
    t.equal((await app.inject('/')).body, START + ACME_FRAME)
  })

  t.test('to its end, also when that was before', async t => {
    const { app } = await loadedApp(t)
    app.get('/', declared, async function * (request, reply) {
      reply.sse.end()
      yield * reply.sse
      yield acme
    })
    t.equal((await app.inject('/')).body, START + ACME_FRAME)
  })
})

t.test('sendAll() takes lists, generators that are not async, and lists of promises, as `for await` does', async t => {
  const sources: Array<() => Iterable<unknown>> = [
    () => [acme, acme],
    () => new Set([{ ...acme }, { ...acme }]),
    function * () {
      yield acme
      yield acme
    },
    () => [Promise.resolve(acme), Promise.resolve(acme)]
  ]
  for (const source of sources) {
    const { app, listen } = await loadedApp(t)
    app.get('/', { schema: { response: { 200: prices } } }, (request, reply) => reply.sse.sendAll(source() as never) as never)
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ isComplete }) => isComplete)
    t.equal(client.body, START + ACME_FRAME.repeat(2))
  }
})

t.test('a promise in a list that rejects fails the stream, and a generator that ends its own stream is cleaned up', async t => {
  const { app, listen, closed } = await loadedApp(t)
  let isCleaned = false
  app.get('/rejects', { schema: { response: { 200: prices } } }, (request, reply) => reply.sse.sendAll([acme, Promise.reject(new Error('no'))] as never) as never)
  app.get('/ends', { schema: { response: { 200: prices } } }, (request, reply) => reply.sse.sendAll((function * () {
    try {
      yield acme
      reply.sse.end()
      yield acme
    } finally {
      isCleaned = true
    }
  })()) as never)
  const { port } = await listen()
  const rejects = new RawClient(t, port).request('/rejects')
  await rejects.until(({ ended }) => ended !== undefined)
  t.notOk(rejects.isComplete)
  t.match(await closed(), { reason: 'error' })
  const ends = new RawClient(t, port).request('/ends')
  await ends.until(({ isComplete }) => isComplete)
  t.equal(ends.body, START + ACME_FRAME)
  t.ok(isCleaned)
})

t.test('what a promise in a list becomes after the client has left is nobody\'s any more', async t => {
  const { app, listen, closed } = await loadedApp(t)
  const { promise, resolve } = deferred<typeof acme>()
  let isReturned = false
  app.get('/', { schema: { response: { 200: prices } } }, (request, reply) => reply.sse.sendAll((function * () {
    try {
      yield acme
      yield promise
      t.fail('went on')
    } finally {
      isReturned = true
    }
  })() as never) as never)
  const client = new RawClient(t, (await listen()).port).request('/')
  await client.until(({ body }) => body === START + ACME_FRAME)
  client.socket.destroy()
  t.match(await closed(), { reason: 'client', events: 1 })
  resolve(acme)
  await turn()
  t.ok(isReturned)
})
