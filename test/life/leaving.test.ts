import t from 'tap'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { loadedApp, type TestApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { ACME_FRAME, acme, prices, START } from './streams.js'

const declared = { schema: { response: { 200: prices } } }

/** An event of the test's own, awaited from both sides. */
function gate (): { passed: Promise<void>, pass: () => void } {
  let pass = (): void => {}
  const passed = new Promise<void>(resolve => { pass = resolve })
  return { passed, pass }
}

async function leave (t: Parameters<typeof loadedApp>[0], { listen }: TestApp, when: Promise<unknown>, then?: () => void): Promise<void> {
  const client = new RawClient(t, (await listen()).port).request('/')
  await when
  client.socket.destroy()
  then?.()
}

t.test('a client that leaves', async t => {
  t.test('before the handler has run leaves the iterable unstarted', async t => {
    const testApp = await loadedApp(t)
    const { app, closed } = testApp
    const [inHook, gone] = [gate(), gate()]
    let aborted: boolean | undefined
    app.addHook('preHandler', async (request) => {
      inHook.pass()
      await once(request.raw.socket, 'close')
      setImmediate(gone.pass)
      await gone.passed
    })
    app.get('/', declared, (request, reply) => {
      aborted = reply.sse.signal.aborted
      return prices.from(async function * () { t.fail('started') })
    })
    await leave(t, testApp, inHook.passed)
    t.match(await closed(), { reason: 'client', events: 0, bytes: 0 })
    t.equal(aborted, true)
  })

  t.test('before the handler has run gets its Readable destroyed', async t => {
    const testApp = await loadedApp(t)
    const { app, closed } = testApp
    const inHook = gate()
    const readable = Readable.from([acme])
    app.get('/', {
      ...declared,
      preHandler: async (request, reply) => {
        inHook.pass()
        await once(reply.raw, 'close')
      }
    }, (request, reply) => reply.send(readable as never))
    await leave(t, testApp, inHook.passed)
    await closed()
    t.ok(readable.destroyed)
  })

  const answers: Record<string, (reply: FastifyReply) => unknown> = {
    'reply.sse': reply => {
      reply.sse.send(acme)
      return reply.sse
    },
    'what sendAll() gets': reply => {
      void reply.sse.sendAll([acme])
      return reply.sse
    },
    'a generator': () => prices.from(async function * () { t.fail('started') })
  }
  for (const [name, answer] of Object.entries(answers)) {
    t.test(`while the handler is busy, which then answers with ${name}, has one record`, async t => {
      const records: unknown[] = []
      const testApp = await loadedApp(t, { onClose: record => { records.push(record.reason) } })
      const { app, closed, logs } = testApp
      const [busy, answered] = [gate(), gate()]
      app.get('/', declared, async (_request, reply) => {
        const { signal } = reply.sse
        busy.pass()
        await once(signal, 'abort')
        setImmediate(answered.pass)
        return answer(reply) as never
      })
      await leave(t, testApp, busy.passed)
      t.match(await closed(), { reason: 'client', events: 0, bytes: 0 })
      await answered.passed
      t.strictSame(records, ['client'])
      t.strictSame(logs.filter(({ level, msg }) => level < 30 || level > 30 || msg.includes('after its stream')), [])
    })
  }

  t.test('with requests that were sent ahead leaves none of their streams behind', async t => {
    const { app, closed, listen } = await loadedApp(t)
    const [second, release] = [gate(), gate()]
    const aborted: string[] = []
    app.addHook('preHandler', async ({ url }) => { if (url === '/late') await release.passed })
    app.get('/:name', declared, (request, reply) => {
      const { name } = request.params as { name: string }
      if (name === 'late') aborted.push(`${name} ${reply.sse.signal.aborted}`)
      else reply.sse.signal.addEventListener('abort', () => { aborted.push(name) })
      if (name === 'ahead') second.pass()
      reply.sse.send(acme)
      return reply.sse
    })
    const client = new RawClient(t, (await listen()).port).request('/first').request('/ahead').request('/late')
    await client.until(({ body }) => body === START + ACME_FRAME)
    await second.passed
    client.socket.destroy()
    for (const n of [0, 1]) t.match(await closed(n), { reason: 'client' })
    release.pass()
    t.match(await closed(2), { reason: 'client', events: 0 })
    t.strictSame(aborted.sort(), ['ahead', 'first', 'late true'])
  })

  t.test('before the first event aborts the signal, and an error that it causes is nobody\'s', async t => {
    const testApp = await loadedApp(t)
    const { app, closed, logs, logged } = testApp
    const started = gate()
    app.get('/', declared, async function * (request, reply) {
      started.pass()
      await once(reply.raw, 'never', { signal: reply.sse.signal })
      yield acme
    })
    await leave(t, testApp, started.passed)
    t.match(await closed(), { reason: 'client', events: 0, bytes: 0 })
    t.match(await logged(({ msg }) => msg.includes('after its stream had ended')), { level: 20, err: { code: 'ABORT_ERR' } })
    t.strictSame(logs.filter(({ level }) => level >= 40), [])
  })

  t.test('while the generator waits gets its finally run, and nothing it yields then counts', async t => {
    const testApp = await loadedApp(t)
    const { app, closed } = testApp
    const [started, release, finished] = [gate(), gate(), gate()]
    app.get('/', declared, async function * () {
      try {
        yield acme
        started.pass()
        await release.passed
        yield acme
        t.fail('went on')
      } finally {
        finished.pass()
      }
    })
    await leave(t, testApp, started.passed)
    t.match(await closed(), { reason: 'client', events: 1 })
    release.pass()
    await finished.passed
  })

  t.test('frees a web stream that waits for its next chunk', async t => {
    const testApp = await loadedApp(t)
    const { app, closed } = testApp
    const [started, cancelled] = [gate(), gate()]
    app.get('/', declared, (request, reply) => reply.send(new ReadableStream({
      start (controller) { controller.enqueue(acme) },
      pull () { started.pass() },
      cancel: cancelled.pass
    }) as never))
    await leave(t, testApp, started.passed)
    t.match(await closed(), { reason: 'client', events: 1 })
    await cancelled.passed
  })

  t.test('makes reply.sse.send() resolve to false, and closed to the close record', async t => {
    const testApp = await loadedApp(t)
    const { app, closed } = testApp
    const open = gate()
    const seen: unknown[] = []
    app.get('/', declared, (request, reply) => {
      reply.sse.signal.addEventListener('abort', () => { seen.push('abort') })
      reply.sse.closed.then(async ({ reason }) => { seen.push(reason, await reply.sse.send(acme)) }, t.error)
      reply.sse.send(acme).then(open.pass, t.error)
      return reply.sse
    })
    await leave(t, testApp, open.passed)
    await closed()
    await new Promise(setImmediate)
    t.strictSame(seen, ['abort', 'client', false])
  })

  t.test('while an onSend hook runs gets its generator stopped', async t => {
    const testApp = await loadedApp(t)
    const { app, closed } = testApp
    const [inHook, finished] = [gate(), gate()]
    app.addHook('onSend', async (request, reply) => {
      inHook.pass()
      await once(reply.raw, 'close')
    })
    app.get('/', declared, async function * (request, reply) {
      try {
        yield acme
        await once(reply.sse.signal, 'abort')
      } finally {
        finished.pass()
      }
    })
    await leave(t, testApp, inHook.passed)
    t.match(await closed(), { reason: 'client', events: 1 })
    await finished.passed
  })
})

t.test('what ordinary visits leave in the log', async t => {
  const { app, listen, closed, logs } = await loadedApp(t)
  app.get('/:name', declared, async function * (request, reply) {
    yield acme
    await once(reply.sse.signal, 'abort')
  })
  const client = new RawClient(t, (await listen()).port).request('/a')
  await client.until(({ body }) => body === START + ACME_FRAME)
  client.socket.destroy()
  const record = await closed()
  t.match(record, { route: 'GET /:name', reason: 'client', events: 1, bytes: (START + ACME_FRAME).length })
  t.type(record.durationMs, 'number')
  await new Promise(setImmediate)
  t.strictSame(logs.filter(({ reqId }) => reqId === 'req-1').map(({ level, msg }) => `${level} ${msg}`), [
    '30 incoming request', '30 event stream closed'
  ])
})

t.test('a producer that goes on is reported once', async t => {
  const testApp = await loadedApp(t)
  const { app, closed, logged, logs } = testApp
  const [started, release, failed] = [gate(), gate(), gate()]
  app.get('/', declared, async function * () {
    started.pass()
    await release.passed
    yield acme
  })
  const { now } = performance
  t.teardown(() => { performance.now = now })
  await leave(t, testApp, started.passed)
  await closed()
  performance.now = () => now.call(performance) + 31_000
  t.match(await logged(({ level }) => level === 40), { route: 'GET /', msg: /goes on though its stream has ended/ })
  release.pass()
  failed.pass()
  t.equal(logs.filter(({ level }) => level === 40).length, 1)
})

t.test('a source that fails to clean up is reported, and the stream ends all the same', async t => {
  for (const [what, giveUp] of Object.entries({
    'by a throw': () => { throw new Error('no cleaning') },
    'by a rejection': async () => { throw new Error('no cleaning') }
  })) {
    t.test(what, async t => {
      const testApp = await loadedApp(t)
      const { app, closed, logged } = testApp
      const started = gate()
      app.get('/', declared, () => ({
        [Symbol.asyncIterator]: () => ({
          next: async () => {
            started.pass()
            return await new Promise<never>(() => {})
          },
          return: giveUp as () => Promise<never>
        })
      }))
      await leave(t, testApp, started.passed)
      t.match(await closed(), { reason: 'client' })
      t.match(await logged(({ err }) => err?.message === 'no cleaning'), { level: 40 })
    })
  }
})

t.test('reply.sse.closed resolves also where no stream ever begins', async t => {
  const closedOf = async (reply: { sse: { closed: Promise<object> } }): Promise<void> => {
    const record = await reply.sse.closed
    seen.push(record)
    settle()
  }
  let settle = (): void => {}
  const seen: object[] = []

  t.test('since the client leaves before the first event', async t => {
    const testApp = await loadedApp(t)
    const settled = new Promise<void>(resolve => { settle = resolve })
    const waiting = gate()
    testApp.app.get('/', async (request, reply) => {
      waiting.pass()
      await closedOf(reply)
    })
    await leave(t, testApp, waiting.passed)
    await settled
    t.match(seen.pop(), { reason: 'client', events: 0 })
  })

  t.test('since the request is a HEAD', async t => {
    const { app } = await loadedApp(t)
    app.get('/', async (request, reply) => {
      await closedOf(reply)
      return reply.sse
    })
    t.equal((await app.inject({ url: '/', method: 'HEAD' })).statusCode, 200)
    t.match(seen.pop(), { reason: 'complete', events: 0 })
  })

  t.test('since the route answers with something else', async t => {
    const { app } = await loadedApp(t)
    const settled = new Promise<void>(resolve => { settle = resolve })
    app.get('/', async (request, reply) => {
      closedOf(reply).catch(t.error)
      return { plain: true }
    })
    t.equal((await app.inject('/')).body, '{"plain":true}')
    await settled
    t.match(seen.pop(), { reason: 'complete', events: 0 })
  })
})
