import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import swagger from '@fastify/swagger'
import { Type } from '@sinclair/typebox'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { Type as Type1 } from 'typebox'
import { registerAjvFormats, TypeBoxValidatorCompiler } from 'type-provider-typebox-6'
import * as v from 'valibot'
import * as z from 'zod'
import sse, { type EventSchema, eventStream } from '../../lib/index.js'
import { bareApp, loadedApp, testApp } from '../helpers/app.js'
import { connect, decode, eventsOf } from '../helpers/event-stream-client.js'
import { codeBlocks } from '../helpers/markdown.js'
import { Programs } from '../helpers/programs.js'

const page = new URL('../../docs/schemas.md', import.meta.url)
const programs = new Programs(t, 'docs/schemas.md')

const Day = Type.Transform(Type.String()).Decode(text => new Date(text)).Encode(date => date.toISOString().slice(0, 10))
const Day1 = Type1.Codec(Type1.String()).Decode(text => new Date(text)).Encode(date => date.toISOString().slice(0, 10))
const toDay = (date: Date): string => date.toISOString().slice(0, 10)

/** The same event by each library: a name, and a day that is a Date for the handler and a string for the client. */
const days = eventStream({
  typebox: Type.Object({ name: Type.String(), on: Day }),
  typebox1: Type1.Object({ name: Type1.String(), on: Day1 }),
  zod: z.object({ name: z.string(), on: z.date().transform(toDay) }),
  arktype: type({ name: 'string', on: type('Date').pipe(toDay) }),
  valibot: v.object({ name: v.string(), on: v.pipe(v.date(), v.transform(toDay)) }),
  wrapped: toStandardJsonSchema(v.object({ name: v.string(), on: v.pipe(v.date(), v.transform(toDay)) })),
  done: z.null()
}, { final: ['done'] })
const libraries = ['typebox', 'typebox1', 'zod', 'arktype', 'valibot', 'wrapped'] as const
const given = { name: 'Ann', on: new Date('2026-01-02'), secret: 'x' }
const sent = '{"name":"Ann","on":"2026-01-02"}'

t.test('a stream may have schemas of all libraries side by side', async t => {
  for (const appOf of [testApp, loadedApp]) {
    const { app } = await appOf(t)
    app.get('/', { schema: { response: { 200: days } } }, async function * () {
      for (const event of libraries) yield { event, data: given }
      yield days.event.done()
    })
    const { body } = await app.inject('/')
    t.strictSame(decode(body), [
      ...libraries.map(event => ({ id: undefined, event, data: sent })),
      { id: 'stream-end', event: 'done', data: 'null' }
    ])
  }
})

t.test('a payload that is wrong is thrown at its yield, whatever library refuses it', async t => {
  const { app } = await loadedApp(t)
  const problems: string[] = []
  app.get('/', { schema: { response: { 200: days } } }, async function * () {
    for (const event of libraries) {
      try {
        yield { event, data: { name: 5, on: new Date() } }
      } catch (error) {
        const { code, message } = error as Error & { code: string }
        problems.push(`${code} ${message}`)
      }
    }
    yield days.event.done()
  })
  t.strictSame(decode((await app.inject('/')).body).map(({ event }) => event), ['done'])
  t.strictSame(problems, libraries.map(event => `FST_ERR_SSE_INVALID_EVENT event '${event}': /name should be string`))
})

t.test('a channel stores what was sent, and its subscribers and filters get that, of TypeBox decoded again', async t => {
  const { app, listen } = await loadedApp(t)
  const channel = app.sse.channel('days', days)
  const filtered: unknown[] = []
  app.get('/', { schema: { response: { 200: days } } }, request => channel.subscribe(request, {
    from: 'start',
    filter (event) {
      filtered.push(event.data)
      return event.event !== 'zod' || event.data.on.startsWith('2026')
    }
  }))
  for (const event of libraries) await channel.publish({ event, data: given })
  const { url } = await listen()
  const events: string[] = []
  for await (const { data } of eventsOf(await connect(t, url))) if (events.push(data) === libraries.length) break
  t.strictSame(events, libraries.map(() => sent))
  const decoded = { name: 'Ann', on: new Date('2026-01-02') }
  t.strictSame(filtered, [decoded, decoded, ...Array.from({ length: 4 }, () => ({ name: 'Ann', on: '2026-01-02' }))])
  await t.rejects(channel.publish({ event: 'zod', data: { name: 'Ann', on: 'secret' as never } }), {
    code: 'FST_ERR_SSE_INVALID_EVENT', message: "event 'zod': /on should be what its schema takes"
  })
})

t.test('a schema that makes what JSON does not have fails when its route is registered', async t => {
  const schemas = [[z.date(), 'date'], [type('bigint'), 'bigint'], [toStandardJsonSchema(v.date()), 'date'], [Type1.BigInt(), 'bigint']] as const
  for (const [schema, kind] of schemas) {
    const problem = await registrationProblem(t, schema)
    t.ok(problem.startsWith(`# has the type '${kind}', which JSON does not have; `), problem)
  }
})

t.test('a field that nobody has declared does not get through a union, nor is it lost where it is declared', async t => {
  const user = type({ name: 'string' })
  const open = await registrationProblem(t, user.or(type('string').pipe(name => ({ name }))))
  t.match(open, /^# is open, though what comes in there is not/)

  const { app } = await loadedApp(t)
  const users = eventStream({
    closed: user.or(type('string').pipe(name => ({ name })).to({ name: 'string' })),
    loose: toStandardJsonSchema(v.looseObject({ name: v.string() })),
    perhaps: z.object({ name: z.string(), nick: z.union([z.string(), z.undefined()]) }),
    done: v.null()
  })
  const data = { name: 'Ann', secret: 'x' }
  app.get('/', () => users.from(async function * () {
    yield { event: 'closed', data }
    yield { event: 'closed', data: 'Bob' }
    yield { event: 'loose', data }
    yield { event: 'perhaps', data: { name: 'Ann', nick: undefined } }
    yield { event: 'done' }
  }))
  t.strictSame(decode((await app.inject('/')).body).map(({ data }) => data), [
    '{"name":"Ann"}', '{"name":"Bob"}', '{"name":"Ann","secret":"x"}', '{"name":"Ann"}', 'null'
  ])
})

t.test("the channel's key gets what is published, a filter what is sent", async t => {
  const { app } = await loadedApp(t)
  const prices = eventStream({ price: z.object({ symbol: z.string().transform(symbol => symbol.toLowerCase()) }) })
  const [keys, filtered]: [string[], string[]] = [[], []]
  const channel = app.sse.channel('prices', prices, {
    retain: 'latest',
    key ({ data: { symbol } }) {
      keys.push(symbol)
      return symbol
    }
  })
  await channel.publish(prices.event.price({ symbol: 'ACME' }))
  const filter = ({ data: { symbol } }: { data: { symbol: string } }): boolean => filtered.push(symbol) > 0
  const subscription = channel.subscribe({}, { filter: event => event.event === 'price' && filter(event) })
  const { value } = await subscription[Symbol.asyncIterator]().next()
  t.match(value, { event: 'price', data: { symbol: 'acme' } })
  subscription.close()
  t.strictSame({ keys, filtered }, { keys: ['ACME'], filtered: ['acme'] })
})

/** Why a route with an event 'day' of this schema can't be registered. */
async function registrationProblem (t: Test, schema: EventSchema): Promise<string> {
  const { app } = await loadedApp(t)
  app.get('/', { schema: { response: { 200: eventStream({ day: schema }) } } }, async function * () {})
  const start = "GET /: the schema of event 'day' can't be compiled: "
  try {
    await app.ready()
  } catch (error) {
    const { code, message } = error as Error & { code: string }
    if (code === 'FST_ERR_SSE_SCHEMA_BUILD' && message.startsWith(start)) return message.slice(start.length)
    throw error
  }
  throw new Error('it is registered')
}

t.test('documents have the schema of what is sent, if its library gives one', async t => {
  const { app } = bareApp(t)
  await app.register(swagger, { openapi: { openapi: '3.2.0' } })
  await app.register(sse)
  app.get('/', { schema: { response: { 200: days } } }, async function * () {})
  await app.ready()
  const document = app.swagger() as unknown as { paths: Record<string, { get: { responses: Record<string, { content: Record<string, { itemSchema: ItemSchema }> }> } }> }
  const { oneOf } = document.paths['/']!.get.responses['200']!.content['text/event-stream']!.itemSchema
  const properties = Object.fromEntries(oneOf.map(({ title, properties }) => [title, properties.data.contentSchema?.properties]))
  const [name, on] = [{ type: 'string' }, { type: 'string' }]
  t.strictSame(properties, {
    typebox: { name, on },
    typebox1: { name, on },
    zod: { name, on: {} },
    arktype: { name, on: {} },
    valibot: undefined,
    wrapped: { name, on: {} },
    done: undefined
  })
})

interface ItemSchema { oneOf: Array<{ title: string, properties: { data: { contentSchema?: { properties?: object } } } }> }

t.test('the validator of the type provider for typebox 1.x does not mind a stream', async t => {
  registerAjvFormats()
  const { app } = await loadedApp(t)
  app.setValidatorCompiler(TypeBoxValidatorCompiler)
  app.get<{ Params: { name: string } }>('/:name', {
    schema: { params: Type1.Object({ name: Type1.String({ minLength: 2 }) }), response: { 200: days, 400: Type1.Object({ message: Type1.String() }) } }
  }, async function * ({ params: { name } }) {
    yield days.event.typebox1({ name, on: new Date('2026-01-02') })
    yield days.event.done()
  })
  t.strictSame(decode((await app.inject('/Bo')).body).map(({ data }) => data), ['{"name":"Bo","on":"2026-01-02"}', 'null'])
  t.equal((await app.inject('/B')).statusCode, 400)
})

t.test('a serializer that knows only the schemas of its library gets no streams', async t => {
  const { app } = await loadedApp(t)
  app.setSerializerCompiler(({ schema }: { schema: object }) => {
    if (!('~standard' in schema)) throw new Error('this is no schema')
    return JSON.stringify
  })
  app.get('/', { schema: { response: { 200: days, 404: z.object({ reason: z.string() }) } } }, async function * () { yield days.event.done() })
  t.strictSame(decode((await app.inject('/')).body), [{ id: 'stream-end', event: 'done', data: 'null' }])
})

t.test('the programs of the page compile', async t => {
  t.equal(programs.paths.length, codeBlocks(page, 'ts').length)
  t.equal(programs.paths.length, 4)
  await t.resolves(programs.compile())
})

t.test('the programs of the page send what they declare', async t => {
  const expected: Array<[path: string, events: RegExp[]]> = [
    ['/job', [/^progress {"percent":50,"at":"\d{4}-\d\d-\d\dT[\d:.]+Z"}$/, /^done null$/]],
    ['/chat', [/^typing {"from":"Ann"}$/, /^undefined {"from":"Ann","text":"Hello"}$/]],
    ['/trades', [/^price {"symbol":"ACME","value":1}$/, /^halt {"reason":"lunch"}$/]],
    ['/clock', [/^time {"at":"\d{4}-\d\d-\d\dT[\d:.]+Z"}$/]]
  ]
  for (const [n, [path, events]] of expected.entries()) {
    const url = await run(t, n)
    const arrived: string[] = []
    for await (const { event, data } of eventsOf(await connect(t, url + path))) {
      if (arrived.push(`${String(event)} ${data}`) === events.length) break
    }
    t.equal(arrived.length, events.length)
    for (const [n, event] of events.entries()) t.match(arrived[n], event)
  }
})

async function run (t: Test, n: number): Promise<string> {
  const { app } = await import(pathToFileURL(programs.paths[n] as string).href) as { app: FastifyInstance }
  t.teardown(async () => { await app.close() })
  return `http://127.0.0.1:${(app.server.address() as { port: number }).port}`
}

t.test('the page quotes what is said', async t => {
  const text = readFileSync(page, 'utf8')
  const [problem = ''] = (await registrationProblem(t, z.object({ at: z.date() }))).split(';')
  t.ok(text.includes(`\`${problem}\``), problem)
  const { app } = await loadedApp(t)
  const ticks = eventStream({ tick: z.object({ symbol: z.string().refine(() => false) }) })
  app.get('/', { schema: { response: { 200: ticks } } }, async function * () { yield ticks.event.tick({ symbol: 'ACME' }) })
  const { message } = (await app.inject('/')).json<{ message: string }>()
  t.ok(text.includes(`\`${message.slice("event 'tick': ".length)}\``), message)
  for (const schema of [type({ name: 'string' }).pipe(user => user), { '~standard': { version: 1, vendor: 'own', validate: (value: unknown) => ({ value }) } } as const]) {
    const [said = ''] = (await registrationProblem(t, schema)).split(/, (?:and|though) /)
    t.ok(text.replace(/\s+/g, ' ').includes(said), said)
  }
})
