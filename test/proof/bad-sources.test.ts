import { Readable, Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { deferred } from '../helpers/deferred.js'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { ask, askAfterFirst, first, FIRST_FRAME, job, notes, START } from './ask.js'
import { expectSurvival } from './survival.js'

expectSurvival(t)

const CLEANUP = 'the source of an event stream failed to clean up'
const bad = { event: 'note', data: 5 }
const badMessage = "event 'note': the payload should be string"
const yielded = (value: unknown): IteratorResult<unknown> => ({ done: false, value })

/** A handler whose result has this iterator. */
const iterates = (iterator: unknown) => () => ({ [Symbol.asyncIterator]: () => iterator })

t.test('a generator that throws', async t => {
  const noError = (shown: string): object => ({
    code: 'FST_ERR_SSE_SOURCE_FAILED', message: `the source of the event stream threw '${shown}', which is not an error`
  })
  const cases: Array<[thrown: unknown, statusCode: number, error: object]> = [
    [undefined, 500, noError('undefined')],
    [null, 500, noError('null')],
    ['out of order', 500, noError('string')],
    [5, 500, noError('5')],
    [Symbol('out of order'), 500, noError('symbol')],
    [{ statusCode: 418 }, 418, noError('Object')],
    [{ statusCode: 'teapot' }, 500, noError('Object')],
    [{ statusCode: 1e9 }, 500, noError('Object')],
    [Object.create(null), 500, noError('Object')],
    [Object.assign(new Error('a teapot'), { statusCode: 418 }), 418, { message: 'a teapot' }],
    [Object.assign(new Error('no teapot'), { statusCode: 200 }), 500, { message: 'no teapot' }],
    [Object.assign(new TypeError('with a code'), { code: 'ERR_ITS_OWN' }), 500, { code: 'ERR_ITS_OWN', message: 'with a code' }],
    // Not even to be looked at.
    [new Proxy({}, { get () { throw new Error('hands off') } }), 500, noError('object')],
    [{ get statusCode () { throw new Error('hands off') } }, 500, noError('object')]
  ]

  t.test('before its first event is an error of the route', async t => {
    for (const [thrown, statusCode, error] of cases) {
      for (const declared of [true, false]) {
        const outcome = await ask(t, async function * () {
          await turn()
          throw thrown
        }, { declared })
        t.equal(outcome.statusCode, statusCode)
        t.same(outcome.error, error)
        t.match(await outcome.closed(), { reason: 'error', events: 0, bytes: 0 })
      }
    }
  })

  t.test('after it breaks the stream off, and is logged', async t => {
    for (const [thrown, , error] of cases.slice(0, -2)) {
      t.same(await askAfterFirst(t, async function * () {
        yield first
        throw thrown
      }), error)
    }
  })

  t.test('something that no logger can write is logged all the same', async t => {
    const unloggable: unknown[] = [
      ...cases.slice(-2).map(([thrown]) => thrown),
      Object.freeze(new Error('frozen')),
      Object.defineProperty(new Error('guarded'), 'secret', { enumerable: true, get () { throw new Error('hands off') } })
    ]
    for (const thrown of unloggable) {
      const { body, isComplete, logged, closed } = await ask(t, async function * () {
        yield first
        throw thrown
      })
      t.equal(body, START + FIRST_FRAME)
      t.notOk(isComplete)
      t.match(await logged(({ msg }) => msg.startsWith('the source of an event stream failed')), { level: 50 })
      t.match(await closed(), { reason: 'error' })
    }
  })
})

t.test('what does not keep the async iterator protocol', async t => {
  const error = (problem: string): object => ({
    code: 'FST_ERR_SSE_ITERATOR_INVALID', message: `the source of the event stream does not keep the async iterator protocol: ${problem}`
  })
  const noIterator = (shown: string): object => error(`[Symbol.asyncIterator]() should return an object with a next method, instead got '${shown}'`)
  const noResult = (shown: string): object => error(`next() should give an object with done and value, instead got '${shown}'`)
  const throws = (message: string) => () => { throw new Error(message) }

  t.test('is an error of the route', async t => {
    const cases: Array<[handler: unknown, error: object]> = [
      [iterates(undefined), noIterator('undefined')],
      [iterates(5), noIterator('5')],
      [iterates({}), noIterator('Object')],
      [iterates({ next: true }), noIterator('Object')],
      [() => ({ [Symbol.asyncIterator]: throws('no iterator') }), { message: 'no iterator' }],
      [() => Object.assign(new Writable(), { objectMode: true }), error("it should have a [Symbol.asyncIterator] or [Symbol.iterator] method, instead got 'Writable'")],
      [iterates({ next: () => undefined }), noResult('undefined')],
      [iterates({ next: () => null }), noResult('null')],
      [iterates({ next: () => 5 }), noResult('5')],
      [iterates({ next: () => 'first' }), noResult('string')],
      [iterates({ next: async () => undefined }), noResult('undefined')],
      [iterates({ next: async () => 5 }), noResult('5')],
      [iterates({ next: () => ({ then: 5 }) }), { code: 'FST_ERR_SSE_INVALID_EVENT', message: "an event should be an object with data, instead got 'undefined'" }],
      [iterates({ next: () => ({ then: throws('no promise') }) }), { message: 'no promise' }],
      [iterates({ next: async () => ({ get done () { throw new Error('not done') } }) }), { message: 'not done' }],
      [iterates({ next: throws('no next') }), { message: 'no next' }],
      [iterates({ next: async () => { throw new Error('rejected') } }), { message: 'rejected' }],
      [iterates({ get next () { throw new Error('guarded') } }), { message: 'guarded' }]
    ]
    for (const [handler, error] of cases) {
      const outcome = await ask(t, handler)
      t.equal(outcome.statusCode, 500)
      t.same(outcome.error, error)
      t.match(await outcome.closed(), { reason: 'error', events: 0 })
    }
  })

  t.test('later breaks the stream off, and the iterator is returned', async t => {
    // One that throws has ended, as `for await` has it.
    for (const [next, returns] of [[() => undefined, 1], [() => 5, 1], [throws('no next'), 0]] as const) {
      let started = false
      let returned = 0
      const outcome = await askAfterFirst(t, iterates({
        next () {
          if (started) return next()
          started = true
          return yielded(first)
        },
        return () { returned++ }
      }))
      t.ok(outcome.code === 'FST_ERR_SSE_ITERATOR_INVALID' || outcome.message === 'no next')
      t.equal(returned, returns)
    }
  })

  t.test('but gives results without promises is served', async t => {
    const results = [yielded(first), yielded(first), { done: true, value: undefined }]
    const { body, isComplete } = await ask(t, iterates({ next: () => results.shift() }))
    t.equal(body, START + FIRST_FRAME + FIRST_FRAME)
    t.ok(isComplete)
  })
})

t.test('an iterator without a method throw() is returned when it gives a wrong event, and the stream fails', async t => {
  for (const throwMethod of [undefined, 5]) {
    for (const begun of [false, true]) {
      const results = [...begun ? [first] : [], bad, first].map(yielded)
      let returned = 0
      const handler = iterates({ next: () => results.shift(), return: () => { returned++ }, throw: throwMethod })
      if (begun) {
        t.same(await askAfterFirst(t, handler), { code: 'FST_ERR_SSE_INVALID_EVENT', message: badMessage })
      } else {
        t.same((await ask(t, handler)).error, { code: 'FST_ERR_SSE_INVALID_EVENT', message: badMessage })
      }
      t.equal(returned, 1)
      t.equal(results.length, 1, 'no further event was asked for')
    }
  }
})

t.test('a method throw()', async t => {
  t.test('that gives the next event is heard', async t => {
    const results = [yielded(bad), { done: true, value: undefined }]
    const { body, isComplete } = await ask(t, iterates({
      next: () => results.shift(),
      throw: async (error: { code: string }) => yielded({ event: 'note', data: error.code })
    }))
    t.equal(body, START + 'event: note\ndata: "FST_ERR_SSE_INVALID_EVENT"\n\n')
    t.ok(isComplete)
  })

  t.test('that gives a wrong one is told again', async t => {
    let told = 0
    const { body } = await ask(t, iterates({
      next: () => yielded(bad),
      throw: () => ++told < 3 ? yielded(bad) : told === 3 ? yielded(first) : { done: true, value: undefined }
    }))
    t.equal(told, 4)
    t.equal(body, START + FIRST_FRAME)
  })

  t.test('that says it is done ends the stream', async t => {
    const { statusCode, body, isComplete } = await ask(t, iterates({ next: () => yielded(bad), throw: () => ({ done: true }) }))
    t.equal(statusCode, 200)
    t.equal(body, START)
    t.ok(isComplete)
  })

  t.test('that throws, rejects or gives garbage fails the stream', async t => {
    const { error: thrown } = await ask(t, iterates({ next: () => yielded(bad), throw () { throw new Error('thrown') } }))
    t.same(thrown, { message: 'thrown' })
    const { error: rejected } = await ask(t, iterates({ next: () => yielded(bad), async throw () { throw new Error('rejected') } }))
    t.same(rejected, { message: 'rejected' })
    const { error: garbage } = await ask(t, iterates({ next: () => yielded(bad), throw: () => 5 }))
    t.match(garbage, { code: 'FST_ERR_SSE_ITERATOR_INVALID' })
  })
})

t.test('a method return()', async t => {
  const cases: Array<[kind: string, returns: unknown, logged: RegExp | undefined]> = [
    ['that throws', () => { throw new Error('no end') }, /^no end$/],
    ['that throws undefined', () => { throw undefined }, /threw 'undefined'/], // eslint-disable-line no-throw-literal
    ['that rejects', async () => { throw new Error('no end') }, /^no end$/],
    ['that never settles', () => new Promise(() => {}), undefined],
    ['that gives garbage', () => 5, undefined],
    ['that gives a broken promise', () => ({ then () { throw new Error('no end') } }), /^no end$/],
    ['that is none', 5, /not a function/],
    ['that is not there', undefined, undefined]
  ]
  for (const [kind, returns, cleanup] of cases) {
    t.test(`${kind} keeps nothing from being closed and told`, async t => {
      const { app, listen, logged, closed } = await loadedApp(t)
      const { promise: never } = deferred()
      let asked = 0
      app.get('/', iterates({ next: () => asked++ === 0 ? yielded(first) : never, return: returns }))
      app.get('/bad', { schema: { response: { 200: notes } } }, iterates({ next: () => yielded(bad), return: returns }) as never)
      const { port } = await listen()

      const client = new RawClient(t, port).request('/')
      await client.until(({ body }) => body.endsWith(FIRST_FRAME))
      client.socket.destroy()
      t.match(await closed(), { reason: 'client', events: 1 })
      if (cleanup !== undefined) t.match((await logged(({ msg }) => msg === CLEANUP)).err?.message, cleanup)

      t.match((await app.inject('/bad')).json(), { statusCode: 500, message: badMessage })
      t.match(await closed(1), { reason: 'error' })
    })
  }
})

t.test('a generator that goes on after its stream has ended', async t => {
  t.test('after a final event', async t => {
    const steps: string[] = []
    const { body, isComplete, closed } = await ask(t, () => job.from(async function * () {
      try {
        yield job.event.done()
        steps.push('after')
        yield job.event.done()
      } finally {
        steps.push('finally')
      }
    }), { declared: false })
    t.equal(body, START + 'event: done\nid: stream-end\ndata: null\n\n')
    t.ok(isComplete)
    t.match(await closed(), { reason: 'complete', events: 1 })
    t.same(steps, ['finally'], 'the yield after it never returns')
  })

  t.test('yields in its finally block', async t => {
    const { app, listen, closed } = await loadedApp(t)
    app.get('/', async function * () {
      try {
        yield first
        await turn()
        yield first
      } finally {
        yield first
        yield first
      }
    })
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ body }) => body !== '')
    client.socket.destroy()
    t.match(await closed(), { reason: /client|complete/ })
  })
})

t.test('a Readable or a web stream that fails is a source that fails', async t => {
  const failing = async function * (): AsyncGenerator<object> {
    yield first
    await turn()
    throw new Error('cut off')
  }
  t.same(await askAfterFirst(t, () => Readable.from(failing())), { message: 'cut off' })
  const results = [{ value: first }]
  t.same(await askAfterFirst(t, () => new ReadableStream({
    async pull (controller) {
      await turn()
      const result = results.shift()
      if (result === undefined) controller.error(new Error('cut off'))
      else controller.enqueue(result.value)
    }
  })), { message: 'cut off' })
  const locked = new ReadableStream()
  locked.getReader()
  const { statusCode, error } = await ask(t, () => locked)
  t.equal(statusCode, 500)
  t.equal(error?.code, 'ERR_INVALID_STATE')
})
