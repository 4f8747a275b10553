import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import t from 'tap'
import type { AnyStreamEvent } from '../../types/event.js'
import { loadedApp } from '../helpers/app.js'
import { ask, askAfterFirst, first, FIRST_FRAME, notes, START } from './ask.js'
import { expectSurvival } from './survival.js'

expectSurvival(t)

const ALREADY_STARTED = {
  code: 'FST_ERR_SSE_ALREADY_STARTED',
  message: 'GET /notes answers with a second source, but its event stream has started already; return one source, or send all of them through reply.sse'
}
const BUSY = { code: 'FST_ERR_SSE_SINK_BUSY', message: "reply.sse can't send while an iterable carries this stream; yield the event instead" }
const ENDED = { code: 'FST_ERR_SSE_SINK_ENDED', message: 'reply.sse has ended; nothing can be sent after end() or a final event' }

async function * source (): AsyncGenerator<AnyStreamEvent> {
  await turn()
  yield first
}

t.test('an answer that is no source of events, where only a stream is declared', async t => {
  const cases: Array<[answer: unknown, shown: string]> = [
    [undefined, 'undefined'],
    [null, 'null'],
    ['first', 'string'],
    [5, '5'],
    [true, 'true'],
    [{ event: 'box' }, 'Object'],
    [[first], 'Array'],
    [new Map([['box', first]]), 'Map'],
    [(function * () { yield first })(), 'Generator'],
    [Buffer.from('first'), 'Buffer'],
    [new Uint8Array(1), 'Uint8Array'],
    [new Response('first'), 'Response'],
    [() => first, 'function'],
    [source, 'function source']
  ]
  const error = (shown: string): object => ({
    code: 'FST_ERR_SSE_NOT_ITERABLE',
    message: `GET /notes should answer with an async iterable of its declared events (an async generator, reply.sse, a stream of objects), instead got '${shown}'`
  })
  for (const [answer, shown] of cases) {
    for (const handler of [
      async () => answer,
      (_: FastifyRequest, reply: FastifyReply) => { reply.send(answer) },
      ...answer === undefined ? [] : [() => answer]
    ]) {
      const outcome = await ask(t, handler)
      t.equal(outcome.statusCode, 500)
      t.same(outcome.error, error(shown))
    }
  }
  t.same((await ask(t, function * () { yield first })).error, error('Generator'), 'a generator that is not async')
})

t.test('the sink', async t => {
  t.test('is busy while a generator carries the stream', async t => {
    const caught: unknown[] = []
    const { body, isComplete } = await ask(t, async function * (_: FastifyRequest, { sse }: FastifyReply) {
      void sse.send(first)
      for (const sent of [() => sse.send(first), () => sse.comment('x'), () => sse.sendAll(source())]) {
        await sent().catch((error: unknown) => { caught.push(error) })
      }
      yield first
    })
    t.match(caught, [BUSY, BUSY, BUSY])
    t.equal(body, START + FIRST_FRAME)
    t.ok(isComplete)
  })

  t.test('takes nothing after its end', async t => {
    const caught: unknown[] = []
    const { body, isComplete } = await ask(t, async (_: FastifyRequest, { sse }: FastifyReply) => {
      await sse.send(first)
      sse.end()
      sse.end()
      void sse.send(first)
      for (const sent of [() => sse.send(first), () => sse.comment('x'), () => sse.sendAll(source())]) {
        await sent().catch((error: unknown) => { caught.push(error) })
      }
      return sse
    })
    t.match(caught, [ENDED, ENDED, ENDED])
    t.equal(body, START + FIRST_FRAME)
    t.ok(isComplete)
  })

  t.test('refuses what is no source', async t => {
    for (const [given, shown] of [[undefined, 'undefined'], [null, 'null'], [5, '5'], ['first', 'string'], [{}, 'Object']]) {
      const error = {
        code: 'FST_ERR_SSE_ITERATOR_INVALID',
        message: `the source of the event stream does not keep the async iterator protocol: it should have a [Symbol.asyncIterator] or [Symbol.iterator] method, instead got '${String(shown)}'`
      }
      const sendAll = async (sse: FastifyReply['sse']): Promise<void> => { await sse.sendAll(given as never) }
      t.same((await ask(t, (_: FastifyRequest, { sse }: FastifyReply) => sendAll(sse))).error, error)
      t.same(await askAfterFirst(t, async (_: FastifyRequest, { sse }: FastifyReply) => {
        await sse.send(first)
        await turn()
        await sendAll(sse)
      }), error)
    }
  })
})

t.test('a second source', async t => {
  t.test('before the first event is an error of the route, and neither source goes on', async t => {
    const steps: string[] = []
    const one = async function * (): AsyncGenerator<AnyStreamEvent> {
      try {
        await turn()
        yield first
        steps.push('went on')
      } finally {
        steps.push('ended')
      }
    }
    const unread = Readable.from([first])
    const handlers = [
      async (_: FastifyRequest, reply: FastifyReply) => {
        void reply.send(one())
        return source()
      },
      async (_: FastifyRequest, reply: FastifyReply) => {
        void reply.sse.sendAll(one())
        return source()
      },
      async (_: FastifyRequest, reply: FastifyReply) => {
        void reply.send(one())
        return unread
      }
    ]
    for (const handler of handlers) {
      const { statusCode, error, closed } = await ask(t, handler)
      t.equal(statusCode, 500)
      t.same(error, ALREADY_STARTED)
      t.match(await closed(), { reason: 'error', events: 0 })
      t.same(steps.splice(0), ['ended'])
    }
    t.ok(unread.destroyed)
  })

  t.test('after it breaks the stream off', async t => {
    const unread = Readable.from([first])
    for (const second of [source(), unread]) {
      t.same(await askAfterFirst(t, async (_: FastifyRequest, reply: FastifyReply) => {
        await reply.sse.send(first)
        await turn()
        return second
      }), ALREADY_STARTED)
    }
    t.ok(unread.destroyed)
  })

  t.test('that is no source does the same', async t => {
    t.same(await askAfterFirst(t, async (_: FastifyRequest, reply: FastifyReply) => {
      await reply.sse.send(first)
      await turn()
      return { some: 'thing' }
    }), ALREADY_STARTED)
  })

  t.test('of an error handler is refused', async t => {
    const { statusCode, error } = await ask(t, async function * () { throw new Error('first') }, {
      prepare (app) { app.setErrorHandler(() => source()) }
    })
    t.equal(statusCode, 500)
    t.same(error, ALREADY_STARTED)
  })
})

t.test('a status for which no stream is declared', async t => {
  for (const status of [204, 304, 404]) {
    const { statusCode, error, closed } = await ask(t, async function * (_: FastifyRequest, reply: FastifyReply) {
      reply.code(status)
      yield first
    })
    t.equal(statusCode, 500)
    t.same(error, {
      code: 'FST_ERR_SSE_STATUS_UNDECLARED',
      message: `GET /notes answers with events and status ${status}, but its schema declares no event stream for that status`
    })
    t.match(await closed(), { reason: 'error', events: 0 })
  }
})

t.test("a header that can't be sent", async t => {
  const hooks: Record<string, (app: FastifyInstance) => void> = {
    'without hooks': () => {},
    'with an async onSend hook': app => { app.addHook('onSend', async () => { await turn() }) },
    'with an onSend hook': app => { app.addHook('onSend', (_request, _reply, _payload, done) => { done() }) }
  }
  for (const [name, prepare] of Object.entries(hooks)) {
    t.test(name, async t => {
      const message = 'Invalid character in header content ["x"]'
      let ended = 0
      const generator = await ask(t, async function * (_: FastifyRequest, reply: FastifyReply) {
        try {
          reply.header('x', 'a\nb')
          yield first
          await turn()
          yield first
        } finally {
          ended++
        }
      }, { prepare })
      const sink = await ask(t, async (_: FastifyRequest, reply: FastifyReply) => {
        reply.header('x', 'a\nb')
        await reply.sse.send(first)
        return reply.sse
      }, { prepare })
      const empty = await ask(t, async function * (_: FastifyRequest, reply: FastifyReply) { reply.header('x', 'a\nb') }, { prepare })
      for (const { statusCode, error, closed } of [generator, sink, empty]) {
        t.equal(statusCode, 500)
        t.same(error, { code: 'ERR_INVALID_CHAR', message })
        t.match(await closed(), { reason: 'error' })
      }
      await turn()
      t.equal(ended, 1)
    })
  }
})

t.test('an onSend hook that fails', async t => {
  const fails: Record<string, (app: FastifyInstance) => void> = {
    'by throwing': app => { app.addHook('onSend', () => { throw new Error('no hook') }) },
    'by rejecting': app => { app.addHook('onSend', async () => { throw new Error('no hook') }) },
    'by its callback': app => { app.addHook('onSend', (_request, _reply, _payload, done) => { done(new Error('no hook')) }) },
    'with an error handler that answers': app => {
      app.addHook('onSend', async (request, reply, payload) => {
        if (typeof payload !== 'string') throw new Error('no hook')
      })
      app.setErrorHandler((error: Error, request, reply) => { reply.code(500).send({ message: error.message }) })
    }
  }
  for (const [name, prepare] of Object.entries(fails)) {
    t.test(`${name} is an error of the route`, async t => {
      const { statusCode, error, closed } = await ask(t, source, { prepare })
      t.equal(statusCode, 500)
      t.same(error, { message: 'no hook' })
      t.match(await closed(), { reason: 'error' })
    })
  }
})

t.test('onStreamError', async t => {
  const cases: Array<[kind: string, onStreamError: unknown, message: RegExp]> = [
    ['that throws', () => { throw new Error('no last word') }, /^no last word$/],
    ['that returns a wrong event', () => ({ event: 'nope' }), /^the event name should be one of/],
    ['that returns no event', () => 5, /^an event should be an object/],
    ['that is async', async () => first, /./],
    ['that is async and fails', async () => { throw new Error('no last word') }, /./]
  ]
  for (const [kind, onStreamError, message] of cases) {
    t.test(`${kind} leaves the stream to be broken off`, async t => {
      const { body, isComplete, logged, closed } = await ask(t, async function * () {
        yield first
        throw new Error('cut off')
      }, { sse: { onStreamError: onStreamError as () => undefined } })
      t.equal(body, START + FIRST_FRAME)
      t.notOk(isComplete)
      await logged(({ err }) => err?.message === 'cut off')
      t.match((await logged(({ msg }) => msg === 'onStreamError failed')).err?.message, message)
      t.match(await closed(), { reason: 'error', events: 1 })
    })
  }
})

t.test('the route is not the worse for it', async t => {
  let asked = 0
  const { app, listen } = await loadedApp(t)
  app.get('/notes', { schema: { response: { 200: notes } } }, async function * () {
    if (asked++ % 2 === 0) throw new Error('every other time')
    yield notes.event.box({ any: 1 })
  })
  const { url } = await listen()
  for (const status of [500, 200, 500, 200]) {
    const response = await fetch(`${url}/notes`)
    t.equal(response.status, status)
    const body = await response.text()
    if (status === 200) t.equal(body, START + FIRST_FRAME)
  }
})
