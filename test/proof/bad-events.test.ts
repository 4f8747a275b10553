import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { ask, assertBrokenOff, first, FIRST_FRAME, notes, openRoute, type Question, START } from './ask.js'
import { expectSurvival } from './survival.js'

expectSurvival(t)

const circular: Record<string, unknown> = {}
circular['self'] = circular

const INVALID = 'FST_ERR_SSE_INVALID_EVENT'
const UNKNOWN = 'FST_ERR_SSE_UNKNOWN_EVENT'
const FIELD = 'FST_ERR_SSE_FIELD_INVALID'

const noEvent = (shown: string): string => `an event should be an object with data, instead got '${shown}'`
const notDeclared = (shown: string): string => `the event name should be one of 'note', 'box', 'text', 'end', instead got '${shown}'`
const noJson = (shown: string): string => `data should be a value that JSON has, instead got '${shown}'`
const field = (name: string, expected: string, shown: string): string => `the field '${name}' of an event should be ${expected}, instead got '${shown}'`

type Case = [event: unknown, code: string, message: string]

const NO_EVENTS: Case[] = [
  [undefined, INVALID, noEvent('undefined')],
  [null, INVALID, noEvent('null')],
  [5, INVALID, noEvent('5')],
  ['note', INVALID, noEvent('string')],
  [Symbol('note'), INVALID, noEvent('symbol')],
  [() => first, INVALID, noEvent('function')]
]

const ID = 'a finite number, or a string without CR, LF, NUL or lone surrogates'
const RETRY = 'a non-negative safe integer'

/** Fields that could add fields and events of their own, if they were written as they are. */
const INJECTIONS: Case[] = [
  [{ ...first, id: '1\ndata: x' }, FIELD, field('id', ID, '1\\ndata: x')],
  [{ ...first, id: '1\rdata: x' }, FIELD, field('id', ID, '1\\rdata: x')],
  [{ ...first, id: '1\0' }, FIELD, field('id', ID, '1\\u0000')],
  [{ ...first, id: '\ud800' }, FIELD, field('id', ID, '\\ud800')],
  [{ ...first, id: { toString: () => '1\ndata: x' } }, FIELD, field('id', ID, 'Object')],
  [{ ...first, id: ['1\ndata: x'] }, FIELD, field('id', ID, 'Array')],
  [{ ...first, id: null }, FIELD, field('id', ID, 'null')],
  [{ ...first, id: Infinity }, FIELD, field('id', ID, 'Infinity')],
  [{ ...first, id: 'stream-end' }, FIELD, field('id', "another than the reserved 'stream-end'", 'stream-end')],
  [{ ...first, retry: '5\ndata: x' }, FIELD, field('retry', RETRY, '5\\ndata: x')],
  [{ ...first, retry: { valueOf: () => 5, toString: () => '5\ndata: x' } }, FIELD, field('retry', RETRY, 'Object')],
  [{ ...first, retry: -1 }, FIELD, field('retry', RETRY, '-1')],
  [{ ...first, retry: null }, FIELD, field('retry', RETRY, 'null')],
  [{ comment: 5 }, FIELD, field('comment', 'a string', '5')],
  [{ comment: ['x\ndata: x'] }, FIELD, field('comment', 'a string', 'Array')],
  [{ comment: '\udc00' }, FIELD, field('comment', 'a string without lone surrogates', 'a lone surrogate at index 0')]
]

const DECLARED: Case[] = [
  ...NO_EVENTS,
  ...INJECTIONS,
  [Buffer.from('note'), UNKNOWN, notDeclared('undefined')],
  [[first], UNKNOWN, notDeclared('undefined')],
  [{}, UNKNOWN, notDeclared('undefined')],
  [{ data: 'x' }, UNKNOWN, notDeclared('undefined')],
  [{ event: 'nope', data: 'x' }, UNKNOWN, notDeclared('nope')],
  [{ event: 'note\ndata: x', data: 'x' }, UNKNOWN, notDeclared('note\\ndata: x')],
  [{ event: '__proto__', data: 'x' }, UNKNOWN, notDeclared('__proto__')],
  [{ event: 'constructor', data: 'x' }, UNKNOWN, notDeclared('constructor')],
  [{ event: Symbol('note'), data: 'x' }, UNKNOWN, notDeclared('symbol')],
  [{ event: { toString: () => 'note' }, data: 'x' }, UNKNOWN, notDeclared('Object')],
  [{ raw: 'x' }, UNKNOWN, notDeclared('undefined')],
  [{ event: 'note' }, INVALID, "event 'note': the payload should be string"],
  [{ event: 'note', data: 5 }, INVALID, "event 'note': the payload should be string"],
  [{ event: 'note', data: Symbol('x') }, INVALID, "event 'note': the payload should be string"],
  [{ event: 'note', data: () => 'x' }, INVALID, "event 'note': the payload should be string"],
  // eslint-disable-next-line no-new-wrappers
  [{ event: 'note', data: new String('x') }, INVALID, "event 'note': the payload should be string"],
  [{ event: 'box', data: {} }, INVALID, "event 'box': the payload should have required property 'any'"],
  [{ event: 'text', data: '\ud800' }, FIELD, field('data', 'a string without lone surrogates', 'a lone surrogate at index 0')],
  [{ event: 'end', data: 5 }, INVALID, "event 'end': the payload should be null"]
]

const UNDECLARED: Case[] = [
  ...NO_EVENTS,
  ...INJECTIONS,
  [Buffer.from('note'), INVALID, noJson('undefined')],
  [[first], INVALID, noJson('undefined')],
  [{}, INVALID, noJson('undefined')],
  [{ event: 'note' }, INVALID, noJson('undefined')],
  [{ raw: 'x' }, INVALID, noJson('undefined')],
  [{ data: Symbol('x') }, INVALID, noJson('symbol')],
  [{ data: () => 'x' }, INVALID, noJson('function data')],
  [{ data: circular }, INVALID, 'data should be representable as JSON, but that fails'],
  [{ data: 5n }, INVALID, 'data should be representable as JSON, but that fails'],
  [{ data: { toJSON () { throw new Error('no') } } }, INVALID, 'data should be representable as JSON, but that fails'],
  [{ data: '\ud800' }, FIELD, field('data', 'a string without lone surrogates', 'a lone surrogate at index 0')],
  [{ event: '', data: 'x' }, FIELD, field('event', 'a non-empty string without CR, LF or lone surrogates', '')],
  [{ event: 'a\ndata: x', data: 'x' }, FIELD, field('event', 'a non-empty string without CR, LF or lone surrogates', 'a\\ndata: x')],
  [{ event: 'a\rdata: x', data: 'x' }, FIELD, field('event', 'a non-empty string without CR, LF or lone surrogates', 'a\\rdata: x')],
  [{ event: { toString: () => 'a\ndata: x' }, data: 'x' }, FIELD, field('event', 'a non-empty string without CR, LF or lone surrogates', 'Object')],
  [{ event: 'stream-end', data: 'x' }, FIELD, field('event', "a name that does not start with 'stream-', which is reserved", 'stream-end')]
]

for (const [kind, declared, cases] of [['declared', true, DECLARED], ['undeclared', false, UNDECLARED]] as const) {
  t.test(`a wrong event of a ${kind} stream`, async t => {
    const eventOf = (request: FastifyRequest): unknown => cases[Number((request.query as { n: string }).n)]?.[0]

    t.test('is an error of the route where it is the first', async t => {
      const ask = await openRoute(t, async function * (request: FastifyRequest) { yield eventOf(request) }, { declared })
      for (const [n, [, code, message]] of cases.entries()) {
        const { statusCode, error, closed } = await ask(`?n=${n}`)
        t.equal(statusCode, 500, message)
        t.same(error, { code, message })
        t.match(await closed(), { reason: 'error', events: 0, bytes: 0 })
      }
    })

    t.test('breaks the stream off where it is not, and nothing of it is written', async t => {
      const ask = await openRoute(t, async function * (request: FastifyRequest) {
        yield first
        await turn()
        yield eventOf(request)
      }, { declared })
      const failures: unknown[] = []
      for (const n of cases.keys()) {
        const { logs, ...outcome } = await ask(`?n=${n}`)
        await assertBrokenOff(t, { logs, ...outcome })
        failures.push(logs.filter(({ msg }) => msg === 'the source of an event stream failed').at(-1)?.err)
      }
      t.match(failures, cases.map(([, code]) => ({ code })))
    })

    t.test('is thrown at its yield, where a generator may catch it', async t => {
      const caught: unknown[] = []
      const ask = await openRoute(t, async function * (request: FastifyRequest) {
        try {
          yield eventOf(request)
        } catch (error) {
          caught.push(error)
          yield first
        }
      }, { declared })
      for (const n of cases.keys()) {
        const { statusCode, body, isComplete } = await ask(`?n=${n}`)
        t.equal(statusCode, 200)
        t.equal(body, START + FIRST_FRAME)
        t.ok(isComplete)
      }
      t.match(caught, cases.map(([, code, message]) => ({ code, message })))
    })

    t.test('rejects the promise of send(), writes nothing, and the sink goes on', async t => {
      const caught: unknown[] = []
      const { body, isComplete } = await ask(t, async (_request: unknown, reply: { sse: Sink }) => {
        for (const [event] of cases) {
          void reply.sse.send(event) // a rejection that nobody looks at is no unhandled one
          await reply.sse.send(event).catch((error: unknown) => { caught.push(error) })
        }
        await reply.sse.send(first)
        reply.sse.end()
        return reply.sse
      }, { declared })
      t.match(caught, cases.map(([, code, message]) => ({ code, message })))
      t.equal(body, START + FIRST_FRAME)
      t.ok(isComplete)
    })
  })
}

interface Sink { send: (event: unknown) => Promise<boolean>, end: () => void }

t.test('a payload deep inside of which JSON fails', async t => {
  const { error: circularError } = await ask(t, async function * () { yield { event: 'box', data: { any: circular } } })
  t.equal(circularError?.code, INVALID)
  t.match(circularError?.message, /^event 'box': the payload should be representable as JSON/)
  const { error: bigError } = await ask(t, async function * () { yield { event: 'box', data: { any: 5n } } })
  t.equal(bigError?.code, INVALID)
})

t.test('a getter that throws is thrown at the yield', async t => {
  const event = { event: 'note', get data () { throw new Error('no data') } }
  for (const declared of [true, false]) {
    const { statusCode, error } = await ask(t, async function * () { yield event }, { declared })
    t.equal(statusCode, 500)
    t.same(error, { message: 'no data' })
  }
})

t.test('line breaks in data and comments make lines of their own, and no fields', async t => {
  const lines = 'a\ndata: b\rid: c\r\nevent: d'
  const declared = await ask(t, async function * () {
    yield { comment: lines }
    yield { event: 'text', data: lines }
    yield { event: 'note', data: lines }
  })
  const comment = ': a\n: data: b\n: id: c\n: event: d\n'
  const text = 'data: a\ndata: data: b\ndata: id: c\ndata: event: d\n\n'
  t.equal(declared.body, `${START}${comment}event: text\n${text}event: note\ndata: ${JSON.stringify(lines)}\n\n`)
  const undeclared = await ask(t, async function * () {
    yield { comment: lines }
    yield { data: lines }
  }, { declared: false })
  t.equal(undeclared.body, `${START}${comment}${text}`)
})

t.test('a generator that swallows its errors without end lets the event loop turn, and can be left', async t => {
  const question: Question = { schema: { response: { 200: notes } } }
  for (const begun of [false, true]) {
    const { app, listen, closed } = await loadedApp(t)
    let refused = 0
    let hasEnded = false
    app.get('/notes', question, async function * () {
      try {
        if (begun) yield first as never
        for (;;) {
          try {
            yield 5 as never
          } catch {
            refused++
          }
        }
      } finally {
        hasEnded = true
      }
    })
    const client = new RawClient(t, (await listen()).port).request('/notes')
    if (begun) await client.until(({ body }) => body.endsWith(FIRST_FRAME))
    let ticks = 0
    await new Promise<void>(resolve => {
      const timer = setInterval(() => {
        ticks++
        if (ticks < 10 || refused < 10) return
        clearInterval(timer)
        resolve()
      }, 1)
    })
    t.notOk(hasEnded)
    client.socket.destroy()
    t.match(await closed(), { reason: 'client', events: begun ? 1 : 0 })
    await turn()
    t.ok(hasEnded)
  }
})
