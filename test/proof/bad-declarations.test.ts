import { type TSchema, Type } from '@sinclair/typebox'
import Fastify, { type FastifyInstance, type FastifyServerOptions, type RouteShorthandOptions } from 'fastify'
import t, { type Test } from 'tap'
import sse, { eventStream, raw } from '../../lib/index.js'
import { expectSurvival } from './survival.js'

expectSurvival(t)

const notes = eventStream({ note: Type.String() })
const job = eventStream({ done: Type.Null() }, { final: ['done'] })

const POSITIVE = 'a number above 0, or Infinity'
const NOT_NEGATIVE = 'a number, 0 or more, or Infinity'
const WHOLE = 'a whole number from 0 to 2147483647'
const CLOSE_LOG_LEVEL = 'one of trace, debug, info, warn, error, fatal, silent, or an object with such for complete, client, shutdown, max-age, expired, slow, overloaded, stalled, error'
const COUNT = 'a whole number above 0, or Infinity'
const STREAM_OPTIONS = 'heartbeatMs, retryMs, commitAfterMs, maxBufferedBytes, stallTimeoutMs, maxAgeMs, onComplete, onStreamError, onClose, closeLogLevel, maxStreams, maxStreamsPerKey, streamKey, fastPaths, validate, compress'

/** Option, wrong value, what it should be, and how the message shows the value. */
const WRONG_STREAM_OPTIONS: Array<[name: string, value: unknown, expected: string, shown: string]> = [
  ['heartbeatMs', 0, POSITIVE, '0'],
  ['heartbeatMs', -1, POSITIVE, '-1'],
  ['heartbeatMs', Number.NaN, POSITIVE, 'NaN'],
  ['heartbeatMs', '15s', POSITIVE, '15s'],
  ['heartbeatMs', null, POSITIVE, 'null'],
  ['heartbeatMs', false, POSITIVE, 'false'],
  ['retryMs', 1.5, WHOLE, '1.5'],
  ['retryMs', -1, WHOLE, '-1'],
  ['retryMs', Infinity, WHOLE, 'Infinity'],
  ['retryMs', 2 ** 31, WHOLE, '2147483648'],
  ['commitAfterMs', -1, NOT_NEGATIVE, '-1'],
  ['commitAfterMs', Number.NaN, NOT_NEGATIVE, 'NaN'],
  ['maxBufferedBytes', 0, POSITIVE, '0'],
  ['maxBufferedBytes', '1mb', POSITIVE, '1mb'],
  ['stallTimeoutMs', 0, POSITIVE, '0'],
  ['maxAgeMs', 0, POSITIVE, '0'],
  ['onComplete', 'restart', "'reconnect' or 'stop'", 'restart'],
  ['onComplete', {}, "'reconnect' or 'stop'", 'Object'],
  ['onStreamError', { event: 'note' }, 'a function', 'Object'],
  ['onClose', 'log', 'a function', 'log'],
  ['closeLogLevel', 'loud', CLOSE_LOG_LEVEL, 'loud'],
  ['closeLogLevel', { client: 'loud' }, CLOSE_LOG_LEVEL, 'Object'],
  ['closeLogLevel', { left: 'info' }, CLOSE_LOG_LEVEL, 'Object'],
  ['closeLogLevel', null, CLOSE_LOG_LEVEL, 'null'],
  ['maxStreams', 0, COUNT, '0'],
  ['maxStreams', -1, COUNT, '-1'],
  ['maxStreams', 1.5, COUNT, '1.5'],
  ['maxStreams', Number.NaN, COUNT, 'NaN'],
  ['maxStreams', '100', COUNT, '100'],
  ['maxStreamsPerKey', 0, COUNT, '0'],
  ['maxStreamsPerKey', -Infinity, COUNT, '-Infinity'],
  ['maxStreamsPerKey', { server: 5 }, COUNT, 'Object'],
  ['streamKey', 'ip', 'a function', 'ip'],
  ['fastPaths', 1, 'a boolean', '1'],
  ['validate', 'no', 'a boolean', 'no'],
  ['compress', 'gzip', 'a boolean, or an object with encodings and level', 'gzip'],
  ['validate', 0, 'a boolean', '0'],
  ['hearbeatMs', 1, `one of ${STREAM_OPTIONS}`, 'hearbeatMs']
]

t.test("wrong options of the plugin reject the app's ready()", async t => {
  const cases: typeof WRONG_STREAM_OPTIONS = [
    ...WRONG_STREAM_OPTIONS.slice(0, -1),
    ['closeTimeoutMs', -1, WHOLE, '-1'],
    ['closeTimeoutMs', 2 ** 31, WHOLE, '2147483648'],
    ['closeSpreadMs', Infinity, WHOLE, 'Infinity'],
    ['ajv', 'strict', 'an object', 'strict'],
    ['ajv', null, 'an object', 'null'],
    ['hearbeatMs', 1, `one of ${STREAM_OPTIONS}, closeTimeoutMs, closeSpreadMs, broker, replayConcurrency, maxWaitingReplays, ajv`, 'hearbeatMs']
  ]
  for (const [name, value, expected, shown] of cases) {
    t.same(await registrationError(t, { [name]: value }), {
      code: 'FST_ERR_SSE_OPTION_INVALID',
      message: `option ${name} should be ${expected}, instead got '${shown}'`
    }, `${name}: ${shown}`)
  }
  t.same(await registrationError(t, 5), { code: 'FST_ERR_SSE_OPTION_INVALID', message: "options should be an object, instead got '5'" })
  t.equal(await registrationError(t, { heartbeatMs: undefined, prefix: '/x', logLevel: 'warn' }), undefined, 'what Fastify reads itself is fine')
})

t.test("closeTimeoutMs has to fit into Fastify's pluginTimeout", async t => {
  const error = (pluginTimeout: number, closeTimeoutMs: number): object => ({
    code: 'FST_ERR_SSE_OPTION_INVALID',
    message: `option closeTimeoutMs should be at least 1 s less than Fastify's pluginTimeout of ${pluginTimeout} ms, which also limits how long closing may take, instead got '${closeTimeoutMs}'`
  })
  t.same(await registrationError(t, { closeTimeoutMs: 9_001 }), error(10_000, 9_001))
  t.equal(await registrationError(t, { closeTimeoutMs: 9_000 }), undefined)
  t.same(await registrationError(t, {}, { pluginTimeout: 5_999 }), error(5_999, 5_000), 'the default is checked as well')
  t.same(await registrationError(t, { closeTimeoutMs: 0 }, { pluginTimeout: 999 }), error(999, 0))
  t.equal(await registrationError(t, { closeTimeoutMs: 60_000 }, { pluginTimeout: 0 }), undefined, 'which may be off')
})

t.test('registering twice in one scope is an error', async t => {
  const app = Fastify()
  app.register(sse)
  app.register(sse)
  t.same(await errorOf(() => app.ready()), {
    code: 'FST_ERR_SSE_ALREADY_REGISTERED',
    message: 'fastify-typed-sse is already registered in this scope; register it once here, or in a child scope to override its options there'
  })
})

t.test('wrong options of a route are thrown where it is declared', async t => {
  for (const [name, value, expected, shown] of [...WRONG_STREAM_OPTIONS, ['closeTimeoutMs', 1, `one of ${STREAM_OPTIONS}`, 'closeTimeoutMs'] as const]) {
    const error = {
      code: 'FST_ERR_SSE_OPTION_INVALID',
      message: `GET /notes: option ${name} should be ${expected}, instead got '${shown}'`
    }
    t.same(await declarationError({ sse: { [name]: value } }), error, `${name}: ${shown}`)
    t.same(await declarationError({ config: { sse: { [name]: value } } }), error, `${name}: ${shown}, in config`)
  }
  t.same(await declarationError({ sse: null }), { code: 'FST_ERR_SSE_OPTION_INVALID', message: "GET /notes: options should be an object, instead got 'null'" })
})

t.test('wrong arguments of eventStream() are thrown there', async t => {
  const note = Type.String()
  const schemasProblem = (shown: string): string => `the events should be an object of schemas by event name, instead got '${shown}'`
  const cases: Array<[schemas: unknown, options: unknown, problem: string]> = [
    [undefined, undefined, schemasProblem('undefined')],
    [null, undefined, schemasProblem('null')],
    ['note', undefined, schemasProblem('string')],
    [[note], undefined, schemasProblem('Array')],
    [{}, undefined, 'at least one event should be declared'],
    [{ '': note }, undefined, 'an event name should be a non-empty string without line breaks, instead got ""'],
    [{ 'a\rb': note }, undefined, 'an event name should be a non-empty string without line breaks, instead got "a\\rb"'],
    [{ 'stream-end': note }, undefined, "the event name 'stream-end' is reserved; names that start with 'stream-' are the plugin's own"],
    [{ note: undefined }, undefined, "the event 'note' should have a schema of TypeBox, or of a library with Standard Schema such as Zod, Valibot and ArkType, or a JSON Schema, instead got 'undefined'"],
    [{ note: 'string' }, undefined, "the event 'note' should have a schema of TypeBox, or of a library with Standard Schema such as Zod, Valibot and ArkType, or a JSON Schema, instead got 'string'"],
    [{ note: [note] }, undefined, "the event 'note' should have a schema of TypeBox, or of a library with Standard Schema such as Zod, Valibot and ArkType, or a JSON Schema, instead got 'Array'"],
    [{ note: Type.String }, undefined, "the event 'note' should have a schema of TypeBox, or of a library with Standard Schema such as Zod, Valibot and ArkType, or a JSON Schema, instead got 'function String'"],
    [{ note: notes }, undefined, "the event 'note' should have the schema of its payload, instead got an event stream"],
    [{ note }, { final: 'note' }, "final should be an array of event names, instead got 'string'"],
    [{ note }, { final: null }, "final should be an array of event names, instead got 'null'"]
  ]
  for (const [schemas, options, problem] of cases) {
    t.same(await errorOf(() => (eventStream as (...args: unknown[]) => unknown)(schemas, options)), {
      code: 'FST_ERR_SSE_STREAM_INVALID', message: `eventStream(): ${problem}`
    }, problem)
  }
  t.match(await errorOf(() => eventStream({ note }, { final: ['nope' as never] })), { code: 'FST_ERR_SSE_STREAM_INVALID' })
  t.match(await errorOf(() => raw(5 as never)), { code: 'FST_ERR_SSE_STREAM_INVALID' })
})

t.test('a stream in the wrong place of a route is thrown where the route is declared', async t => {
  const wrongType = (mediaType: string): string => `an event stream should be declared as 'text/event-stream', instead got '${mediaType}'`
  const stray = (status: string): string => `the response ${status} holds an event stream, or a copy of one, which has lost its events; declare the stream itself`
  const cases: Array<[options: unknown, problem: string]> = [
    [responds(200, { content: { 'application/json': { schema: notes } } }), wrongType('application/json')],
    [responds(200, { content: { 'text/event-stream; charset=utf-8': { schema: notes } } }), wrongType('text/event-stream; charset=utf-8')],
    [responds(200, { ...notes, description: 'a copy' }), stray('200')],
    [responds('2xx', Type.Optional(notes)), stray('2xx')],
    [responds(200, Type.Object({ notes })), stray('200')],
    [responds('default', { content: { 'application/json': { schema: Type.Array(notes) } } }), stray('default')],
    [
      { ...responds(200, job), sse: { onComplete: 'stop' } },
      "onComplete 'stop' is for streams without final events; this one declares some, and they stop the browser"
    ]
  ]
  for (const [options, problem] of cases) {
    t.same(await declarationError(options), { code: 'FST_ERR_SSE_ROUTE_INVALID', message: `GET /notes: ${problem}` }, problem)
  }
})

t.test("a schema that can't be compiled rejects ready(), and names its route and event", async t => {
  for (const schema of [Type.BigInt(), Type.String({ format: 'nope' }), Type.Ref('nope'), { type: 'nope' } as unknown as TSchema]) {
    const error = await declarationError(responds(200, eventStream({ note: schema })))
    t.equal(error?.code, 'FST_ERR_SSE_SCHEMA_BUILD')
    t.match(error?.message, /^GET \/notes: the schema of event 'note' can't be compiled: ./)
  }
})

t.test('a stream given to addSchema() rejects ready()', async t => {
  const message = (id: string): string => `an event stream was given to addSchema() as '${id}'; share the schemas of its events instead, and declare the stream in the route's response`
  const share = (schema: object) => (app: FastifyInstance) => { app.addSchema(schema) }
  t.same(await declarationError({}, share({ ...notes, $id: 'copy' })), { code: 'FST_ERR_SSE_SCHEMA_SHARED', message: message('copy') })
  t.same(await declarationError({}, share(Object.assign(eventStream({ note: Type.Null() }), { $id: 'itself' }))), {
    code: 'FST_ERR_SSE_SCHEMA_SHARED', message: message('itself')
  })
  t.same(await declarationError({}, share({ $id: 'nested', type: 'array', items: notes })), { code: 'FST_ERR_SSE_SCHEMA_SHARED', message: message('nested') })
  t.same(await declarationError({}, app => {
    app.register(async scope => {
      scope.addSchema({ ...notes, $id: 'inner' })
      scope.get('/inner', async () => [])
    })
  }), { code: 'FST_ERR_SSE_SCHEMA_SHARED', message: message('inner') }, 'in a child scope too')
})

function responds (status: string | number, schema: unknown): RouteShorthandOptions {
  return { schema: { response: { [status]: schema } } }
}

async function registrationError (t: Test, options: unknown, server: FastifyServerOptions = {}): ReturnType<typeof errorOf> {
  const app = Fastify(server)
  t.teardown(async () => { await app.close() })
  return await errorOf(async () => {
    app.register(sse, options as object)
    await app.ready()
  })
}

/** The error of a route with these options, be it thrown where the route is declared or by `ready()`. */
async function declarationError (options: unknown, prepare?: (app: FastifyInstance) => void): ReturnType<typeof errorOf> {
  const app = Fastify() as unknown as FastifyInstance
  await app.register(sse)
  prepare?.(app)
  return await errorOf(async () => {
    app.get('/notes', options as RouteShorthandOptions, async () => [])
    await app.ready()
  })
}

async function errorOf (run: () => unknown): Promise<{ code: string, message: string } | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    const { code, message } = error as { code: string, message: string }
    return { code, message }
  }
}
