import { Type } from '@sinclair/typebox'
import swagger from '@fastify/swagger'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { FastifyInstance, RouteOptions } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import sse, { eventStream } from '../../lib/index.js'
import { bareApp, testApp } from '../helpers/app.js'
import { count, counted, ticks } from './ticks.js'

interface Operation { summary?: string, tags?: string[], parameters?: Array<Record<string, unknown>>, responses: Record<string, { content: Record<string, Record<string, unknown>> }> }
interface Document { openapi: string, paths: Record<string, Record<string, Operation>>, components: { schemas: Record<string, { title?: string }> } }
interface ItemSchema { oneOf: Array<{ title: string, properties: Record<string, Record<string, unknown>> }> }

const Node = Type.Recursive(This => Type.Object({ name: Type.String(), children: Type.Array(This) }), { $id: 'Node' })
const module = Type.Module({
  User: Type.Object({ name: Type.String(), friends: Type.Array(Type.Ref('User')) })
})
const Item = Type.Object({ sku: Type.String() }, { $id: 'Item' })
const trees = eventStream({ tree: Node, leaf: Node })
const users = eventStream({ user: module.Import('User') })
const items = eventStream({ added: Item, removed: Item }, { description: 'What comes and goes' })

const validator = new Validator()

function documentOf (app: object, name = 'swagger'): Document {
  return (app as Record<string, () => Document>)[name]?.() as Document
}

async function checkValid (t: Test, document: object): Promise<void> {
  const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(document)) as Record<string, unknown>)
  t.ok(valid, 'it is valid', { errors })
}

function eventNames (document: Document, path: string, method = 'get', status = '200'): string[] {
  const { itemSchema, schema } = document.paths[path]?.[method]?.responses[status]?.content['text/event-stream'] ?? {}
  return ((itemSchema ?? schema) as ItemSchema).oneOf.map(({ title }) => title)
}

for (const openapi of ['3.0.3', '3.1.0', '3.2.0']) {
  for (const order of ['swagger first', 'swagger last']) {
    t.test(`@fastify/swagger writes an OpenAPI ${openapi} document of a server with streams (${order})`, async t => {
      const { app } = bareApp(t)
      if (order === 'swagger first') await app.register(swagger, { openapi: { openapi } })
      await app.register(sse)
      if (order === 'swagger last') await app.register(swagger, { openapi: { openapi } })
      app.addSchema(Item)
      app.get('/ticks', { schema: { response: { 200: ticks } } }, () => count(1))
      app.get('/trees', { schema: { response: { 200: trees, 404: Type.Object({ message: Type.String() }) } } }, async function * () {
        yield trees.event.tree({ name: 'root', children: [{ name: 'leaf', children: [] }] })
      })
      app.post('/users', { schema: { body: Item, response: { '2xx': users } } }, async function * () {
        yield users.event.user({ name: 'Ada', friends: [{ name: 'Charles', friends: [] }] })
      })
      app.get('/items', {
        schema: {
          response: { 200: { content: { 'text/event-stream': { schema: items }, 'application/json': { schema: Type.Array(Type.Ref('Item')) } } } }
        }
      }, async function * () { yield items.event.added({ sku: '1' }) })
      await app.ready()

      const document = documentOf(app)
      t.equal(document.openapi, openapi)
      t.strictSame(Object.entries(document.paths).map(([path, methods]) => [path, ...Object.entries(methods)
        .map(([method, { responses }]) => `${method} ${Object.keys(responses).join(' ')}`)]), [
        ['/ticks', 'get 200 406'],
        ['/trees', 'get 200 404 406'],
        ['/users', 'post 2XX'],
        ['/items', 'get 200']
      ])
      t.strictSame(eventNames(document, '/ticks'), Object.keys(ticks.schemas))
      t.strictSame(eventNames(document, '/trees'), ['tree', 'leaf'])
      t.strictSame(eventNames(document, '/users', 'post', '2XX'), ['user'])
      t.strictSame(eventNames(document, '/items'), ['added', 'removed'])
      t.strictSame(Object.values(document.components.schemas).map(({ title }) => title), ['Item', 'Node', 'User'])
      t.same(JSON.parse(JSON.stringify(document)), document, 'it is plain JSON')
      t.equal(documentOf(app), document, 'it is written once')
      t.match((app.swagger({ yaml: true }) as unknown as string).split('\n')[0], openapi)
      await checkValid(t, document)

      t.equal((await app.inject('/ticks')).body, counted(1))
      t.equal((await app.inject('/trees')).body,
        'retry: 2000\nevent: tree\ndata: {"name":"root","children":[{"name":"leaf","children":[]}]}\n\n')
      t.equal((await app.inject({ method: 'POST', url: '/users', payload: { sku: '1' } })).body,
        'retry: 2000\nevent: user\ndata: {"name":"Ada","friends":[{"name":"Charles","friends":[]}]}\n\n')
      t.equal((await app.inject({ url: '/items', headers: { accept: 'text/event-stream' } })).body,
        'retry: 2000\nevent: added\ndata: {"sku":"1"}\n\n')
    })
  }
}

function get (app: FastifyInstance, url = '/ticks', options: object = {}): void {
  app.get(url, { schema: { response: { 200: ticks } }, ...options }, () => count(1))
}

t.test("the user's transforms see the streams, and change them", async t => {
  const { app } = bareApp(t)
  const seen: string[] = []
  await app.register(swagger, {
    openapi: { openapi: '3.2.0' },
    transform: ({ schema, url, route }) => {
      const { content } = (schema.response as Record<string, { content: object }>)['200'] as { content: object }
      seen.push(`${String(route.method)} ${Object.keys(content).join()}`)
      return { schema: { ...schema, summary: 'transformed' } as never, url: `/v1${url}` }
    },
    transformObject: options => {
      if (!('openapiObject' in options)) throw new Error('the document should be OpenAPI')
      const { openapiObject } = options
      return { ...openapiObject, paths: { ...openapiObject.paths, '/added': {} } }
    }
  })
  await app.register(sse)
  get(app)
  await app.ready()
  const document = documentOf(app)
  t.strictSame(seen, ['GET text/event-stream'])
  t.strictSame(Object.keys(document.paths), ['/v1/ticks', '/added'])
  t.equal(document.paths['/v1/ticks']?.['get']?.summary, 'transformed')
  t.strictSame(eventNames(document, '/v1/ticks'), Object.keys(ticks.schemas))
  await checkValid(t, document)
})

t.test("a route's own transform stays, and so does one that is switched off", async t => {
  const { app } = bareApp(t)
  const global = (): never => { throw new Error('not for these routes') }
  await app.register(swagger, { openapi: { openapi: '3.1.0' }, transform: global })
  await app.register(sse)
  const own = ({ schema, url }: { schema: object, url: string }): object => ({ schema: { ...schema, summary: 'its own' }, url })
  get(app, '/own', { config: { swaggerTransform: own, note: 1 } })
  get(app, '/none', { config: { swaggerTransform: false } })
  await app.ready()
  const { paths } = documentOf(app)
  t.strictSame(Object.entries(paths).map(([path, { get }]) => [path, get?.summary]), [['/own', 'its own'], ['/none', undefined]])
})

t.test('what fails in a transform fails as it does without streams, and hidden routes stay hidden', async t => {
  const { app } = bareApp(t)
  const fault = new Error('broken transform')
  let calls = 0
  await app.register(swagger, { openapi: {}, transform: () => { calls++; throw fault } })
  await app.register(sse)
  app.get('/', () => 'first')
  get(app)
  await app.ready()
  t.throws(() => documentOf(app), fault)
  t.equal(calls, 1)

  const other = bareApp(t).app
  await other.register(swagger, { openapi: {} })
  await other.register(sse)
  get(other, '/hidden', { schema: { hide: true, response: { 200: ticks } } })
  await other.ready()
  t.strictSame(documentOf(other).paths, {})
})

t.test('a swagger in a child scope documents its routes alone', async t => {
  const { app } = testApp(t)
  await app.after()
  let child: FastifyInstance | undefined
  get(app)
  app.register(async scope => {
    child = scope
    await scope.register(swagger, { openapi: { openapi: '3.2.0' } })
    scope.addSchema(Item)
    get(scope, '/inside')
    scope.get('/items', { schema: { response: { 200: items } } }, async function * () {})
  })
  await app.ready()
  const document = documentOf(child as FastifyInstance)
  t.strictSame(Object.keys(document.paths), ['/inside', '/items'])
  t.strictSame(eventNames(document, '/inside'), Object.keys(ticks.schemas))
  await checkValid(t, document)
})

t.test('a swagger by another name has what is valid in all versions', async t => {
  const { app } = bareApp(t)
  await app.register(swagger, { openapi: { openapi: '3.2.0' }, decorator: 'partners' } as object)
  await app.register(sse)
  get(app)
  await app.ready()
  const document = documentOf(app, 'partners')
  t.strictSame(eventNames(document, '/ticks'), Object.keys(ticks.schemas))
  t.equal(document.paths['/ticks']?.['get']?.responses['200']?.content['text/event-stream']?.['itemSchema'], undefined)
  await checkValid(t, document)
})

t.test('Swagger 2.0 is told the media type', async t => {
  const { app } = bareApp(t)
  await app.register(swagger)
  await app.register(sse)
  get(app)
  app.get('/items', {
    schema: { response: { 200: { content: { 'text/event-stream': { schema: ticks }, 'application/json': { schema: Type.Array(Type.Number()) } } }, 404: Type.Object({}) } }
  }, () => count(1))
  await app.ready()
  const document = documentOf(app)
  t.match(document.paths, {
    '/ticks': { get: { produces: ['text/event-stream'], responses: { 200: { schema: { type: 'string' } }, 406: { schema: { type: 'object' } } } } },
    '/items': { get: { produces: ['text/event-stream', 'application/json'], responses: { 200: { schema: { type: 'array', items: { type: 'number' } } } } } }
  })
  await checkValid(t, document)
})

t.test('a document that is given as it is stays so', async t => {
  const { app } = bareApp(t)
  const document = { openapi: '3.2.0', info: { title: 'Given', version: '1' }, paths: {} }
  await app.register(swagger, { mode: 'static', specification: { document: document as never } })
  await app.register(sse)
  get(app)
  await app.ready()
  t.strictSame(documentOf(app), document)
})

t.test('HEAD routes that are shown have their streams too', async t => {
  const { app } = bareApp(t)
  await app.register(swagger, { openapi: { openapi: '3.2.0' }, exposeHeadRoutes: true } as object)
  await app.register(sse)
  get(app)
  await app.ready()
  const document = documentOf(app)
  t.strictSame(eventNames(document, '/ticks', 'head'), Object.keys(ticks.schemas))
  await checkValid(t, document)
})

t.test('what other hooks make of a schema counts', async t => {
  const { app } = bareApp(t)
  await app.register(swagger, { openapi: { openapi: '3.2.0' } })
  await app.register(sse)
  app.addHook('onRoute', declaration => {
    if (declaration.url === '/none') delete declaration.schema
    else declaration.schema = { ...declaration.schema, summary: 'hooked' } as never
  })
  get(app)
  get(app, '/none')
  await app.ready()
  const { paths } = documentOf(app)
  t.equal(paths['/ticks']?.['get']?.summary, 'hooked')
  t.strictSame(paths['/none']?.['get']?.responses as object, { 200: { description: 'Default Response' } })
})

t.test('without swagger, routes are left as they are', async t => {
  const { app } = bareApp(t)
  await app.register(sse)
  const declarations: RouteOptions[] = []
  app.addHook('onRoute', declaration => { declarations.push(declaration) })
  get(app)
  await app.ready()
  const { schema, config } = declarations[0] as RouteOptions
  t.equal((schema?.response as Record<string, unknown>)['200'], ticks)
  t.notOk('swaggerTransform' in (config as object))
  t.equal((await app.inject('/ticks')).body, counted(1))
})

t.test('a decorator of that name which is no swagger is left alone', async t => {
  const { app } = bareApp(t)
  app.decorate('swagger', 'a word' as never)
  await app.register(sse)
  get(app)
  await app.ready()
  t.equal(app.swagger as unknown, 'a word')
})

for (const decorator of ['swagger', 'partners']) {
  t.test(`whoever asks ${decorator}() first gets the streams`, async t => {
    const { app } = bareApp(t)
    const early: Document[] = []
    await app.register(swagger, { openapi: { openapi: '3.1.0' }, decorator } as object)
    app.addHook('onReady', async () => { early.push(documentOf(app, decorator)) })
    app.register(async scope => {
      await scope.register(sse)
      get(scope)
    })
    await app.ready()
    const [document] = early
    t.equal(document, documentOf(app, decorator))
    t.strictSame(eventNames(document as Document, '/ticks'), Object.keys(ticks.schemas))
  })
}

t.test('swaggers in two scopes both show the routes of the inner one', async t => {
  const { app } = bareApp(t)
  await app.register(swagger, { openapi: { openapi: '3.2.0' } })
  let inner: FastifyInstance | undefined
  await app.register(sse)
  app.register(async scope => {
    inner = scope
    await scope.register(swagger, { openapi: { openapi: '3.0.3' } })
    get(scope)
  })
  await app.ready()
  t.strictSame([app, inner].map(each => Object.keys(documentOf(each as object).paths['/ticks']?.['get']?.responses['200']?.content['text/event-stream'] ?? {})),
    [['schema', 'itemSchema'], ['schema']])
})

t.test('a transform is asked once about each route', async t => {
  const { app } = bareApp(t)
  const asked: string[] = []
  await app.register(swagger, { openapi: { openapi: '3.2.0' }, transform: ({ schema, url }) => { asked.push(url); return { schema, url } } })
  await app.register(sse)
  app.get('/before', () => 'ok')
  get(app)
  get(app, '/own', { config: { swaggerTransform: ({ schema, url }: { schema: object, url: string }) => ({ schema, url }) } })
  app.get('/after', () => 'ok')
  await app.ready()
  documentOf(app)
  t.strictSame(asked, ['/before', '/ticks', '/after'])
})

interface Asked { schema?: { hide?: boolean, querystring?: unknown, response?: Record<string, { content?: Record<string, { schema: unknown }> }> } | undefined, url: string }

/** Takes schemas of Zod alone, as the transform of fastify-type-provider-zod does. */
function zodTransform ({ schema, url }: Asked): { schema: never, url: string } {
  if (schema === undefined) return { schema: schema as never, url }
  const { querystring, response, ...others } = schema
  const toJson = (declared: unknown): object => {
    if (!(declared instanceof z.core.$ZodType)) throw new Error('not a schema of Zod')
    return { ...z.toJSONSchema(declared, { target: 'draft-7', io: 'input' }), title: 'transformed' }
  }
  const made = response && Object.fromEntries(Object.entries(response).map(([status, declared]) => {
    const { content } = declared
    if (content === undefined) return [status, toJson(declared)]
    return [status, { content: Object.fromEntries(Object.entries(content).map(([type, { schema }]) => [type, { schema: toJson(schema) }])) }]
  }))
  return { schema: { ...others, ...querystring !== undefined && { querystring: toJson(querystring) }, ...made && { response: made } } as never, url: `/zod${url}` }
}

/** Routes with schemas of Zod, two of them with streams. */
function declareZod (app: FastifyInstance, config: object = {}): void {
  const Problem = z.object({ message: z.string() })
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  app.get('/plain', { config, schema: { response: { 200: Problem } } }, () => ({ message: '' }))
  app.get('/ticks', { config, schema: { tags: ['live'], querystring: z.object({ page: z.string() }), response: { 200: ticks, 404: Problem } } as object }, () => count(1))
  app.get('/both', {
    config, schema: { response: { 200: { content: { 'application/json': { schema: Problem }, 'text/event-stream': { schema: ticks } } }, 201: { content: { 'text/event-stream': { schema: ticks } } } } }
  }, () => count(1))
}

t.test('where the transform of the app refuses streams, their routes are documented without it', async t => {
  const { app, logs } = bareApp(t)
  await app.register(swagger, { openapi: { openapi: '3.2.0' }, transform: zodTransform as never })
  await app.register(sse)
  declareZod(app)
  await app.ready()
  const document = documentOf(app)
  t.strictSame(Object.keys(document.paths), ['/zod/plain', '/ticks', '/both'])
  t.match(document.paths['/zod/plain']?.['get']?.responses['200']?.content['application/json'], { schema: { title: 'transformed' } })
  const { tags, parameters, responses } = document.paths['/ticks']?.['get'] as Operation
  t.strictSame([tags, parameters, Object.keys(responses)],
    [['live'], [{ in: 'query', name: 'page', required: true, schema: { type: 'string' } }], ['200', '404', '406']])
  const problem = { schema: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'], additionalProperties: false } }
  t.strictSame(responses['404']?.content, { 'application/json': problem })
  t.strictSame(document.paths['/both']?.['get']?.responses['200']?.content['application/json'], problem)
  for (const path of ['/ticks', '/both']) t.strictSame(eventNames(document, path), Object.keys(ticks.schemas))
  await checkValid(t, document)

  t.match(app.swagger({ yaml: true }), 'text/event-stream')
  const warnings = logs.filter(({ level }) => level === 40)
  t.strictSame(warnings.map(({ err }) => err?.message), ['not a schema of Zod'], 'that is said once')
})

t.test("where a route's own transform refuses streams, it gets all but them", async t => {
  const { app, logs } = bareApp(t)
  await app.register(swagger, { openapi: { openapi: '3.2.0' } })
  await app.register(sse)
  declareZod(app, { swaggerTransform: zodTransform })
  app.get('/hidden', { config: { swaggerTransform: () => ({ schema: { hide: true } }) } as object, schema: { response: { 200: ticks } } }, () => count(1))
  const empty = ({ schema: { response } }: Asked & { schema: { response: object } }): object => {
    if ('200' in response) throw new Error('refused')
    return {}
  }
  app.get('/empty', { config: { swaggerTransform: empty } as object, schema: { tags: ['live'], response: { 200: ticks } } as object }, () => count(1))
  await app.ready()
  const document = documentOf(app)
  t.strictSame(Object.keys(document.paths), ['/zod/plain', '/zod/ticks', '/zod/both', '/empty'])
  const { tags, parameters, responses } = document.paths['/zod/ticks']?.['get'] as Operation
  t.strictSame([tags, parameters?.map(({ name }) => name), Object.keys(responses)], [['live'], ['page'], ['200', '404', '406']])
  t.match(responses['404']?.content['application/json'], { schema: { title: 'transformed' } })
  t.match(document.paths['/zod/both']?.['get']?.responses['200']?.content['application/json'], { schema: { title: 'transformed' } })
  t.strictSame(document.paths['/empty']?.['get']?.tags, ['live'])
  for (const path of ['/zod/ticks', '/zod/both', '/empty']) t.strictSame(eventNames(document, path), Object.keys(ticks.schemas))
  t.strictSame(eventNames(document, '/zod/both', 'get', '201'), Object.keys(ticks.schemas))
  await checkValid(t, document)
  t.strictSame(logs.filter(({ level }) => level === 40), [])
})

t.test('a transform that fails for another reason fails as it does without streams', async t => {
  const fault = new Error('broken transform')
  const fail = (): never => { throw fault }
  const { app, logs } = bareApp(t)
  await app.register(swagger, { openapi: {}, transform: ({ schema, url }) => url === '/after' || url === '/ticks' ? fail() : { schema, url } })
  await app.register(sse)
  get(app)
  app.get('/after', () => 'ok')
  await app.ready()
  t.throws(() => documentOf(app), fault)
  t.throws(() => documentOf(app), fault)
  t.strictSame(logs.filter(({ level }) => level === 40), [])

  const other = bareApp(t).app
  await other.register(swagger, { openapi: {} })
  await other.register(sse)
  get(other, '/own', { config: { swaggerTransform: fail } })
  await other.ready()
  t.throws(() => documentOf(other), fault)

  const early = bareApp(t).app
  await early.register(swagger, { openapi: {}, transform: ({ schema, url }) => url === '/' ? fail() : { schema, url } })
  early.get('/', () => 'declared before the plugin')
  await early.register(sse)
  get(early)
  await early.ready()
  t.throws(() => documentOf(early), fault)
})
