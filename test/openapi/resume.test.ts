import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { eventStream } from '../../lib/index.js'
import { documentOf, type Document } from './document.js'

const Post = Type.Object({ text: Type.String() })
const posts = eventStream({ post: Post })
const Headers = Type.Object({ 'last-event-id': Type.String(), 'x-tenant': Type.String() })

function names (document: Document, path = '/'): string[] {
  const { itemSchema } = document.paths[path]?.['get']?.responses['200']?.content?.['text/event-stream'] as { itemSchema: { oneOf: Array<{ title: string }> } }
  return itemSchema.oneOf.map(({ title }) => title)
}

function parameters (document: Document, path = '/'): string[] {
  return (document.paths[path]?.['get']?.parameters ?? []).map(({ in: place, name, required }) => `${place} ${name}${required ? ' required' : ''}`)
}

async function documentOfPosts (t: Test, schema: object = {}, prepare: (app: FastifyInstance) => void = () => {}): Promise<Document> {
  return await documentOf(t, '3.2.0', app => {
    prepare(app)
    app.get('/', { schema: { response: { 200: posts }, ...schema } }, async function * () {})
    app.sse.channel('posts', posts)
  })
}

t.test('the stream of a channel can be resumed, and tells of gaps', async t => {
  const document = await documentOfPosts(t)
  t.strictSame(names(document), ['post', 'stream-position', 'stream-gap'])
  t.strictSame(parameters(document), ['query lastEventId', 'header Last-Event-ID'])
})

t.test('so can a stream that has all events of a channel, and no other', async t => {
  const other = eventStream({ post: Type.Object({ text: Type.String() }) })
  const some = eventStream({ post: Post, seen: Type.Integer() })
  const document = await documentOf(t, '3.2.0', app => {
    app.sse.channel('posts', posts)
    app.sse.channel('again', posts)
    app.sse.channel('some', some)
    app.sse.channel('numbers', eventStream({ number: Type.Integer(), post: Post }))
    app.get('/greeted', { schema: { response: { 200: eventStream({ hello: Type.String(), ...posts.schemas }) } } }, async function * () {})
    app.get('/other', { schema: { response: { 200: other } } }, async function * () {})
    app.get('/part', { schema: { response: { 200: eventStream({ seen: Type.Integer() }) } } }, async function * () {})
  })
  t.strictSame(names(document, '/greeted'), ['hello', 'post', 'stream-position', 'stream-gap'])
  t.strictSame(names(document, '/other'), ['post'])
  t.strictSame(names(document, '/part'), ['seen'])
  t.strictSame([parameters(document, '/other'), parameters(document, '/part')], [[], []])
})

t.test('a stream that lacks an event of a channel is not that of the channel', async t => {
  const document = await documentOf(t, '3.2.0', app => {
    app.sse.channel('some', eventStream({ post: Post, seen: Type.Integer() }))
    app.get('/', { schema: { response: { 200: posts } } }, async function * () {})
  })
  t.strictSame(names(document), ['post'])
})

t.test('a channel may be opened until the document is asked for', async t => {
  const document = await documentOf(t, '3.2.0', app => {
    app.get('/', { schema: { response: { 200: posts } } }, async function * () {})
    app.addHook('onReady', async () => { app.sse.channel('posts', posts) })
  })
  t.strictSame(names(document), ['post', 'stream-position', 'stream-gap'])
})

for (const [name, schema, expected] of [
  ['beside what the user declares', { headers: Type.Object({ 'x-tenant': Type.String() }), querystring: Type.Object({ page: Type.Integer() }) },
    ['query page required', 'query lastEventId', 'header x-tenant required', 'header Last-Event-ID']],
  ['beside what the user puts together', {
    querystring: { allOf: [Type.Object({ page: Type.Integer() }), Type.Object({ size: Type.Optional(Type.Integer()) })] }
  }, ['query page required', 'query size', 'query lastEventId', 'header Last-Event-ID']],
  ['but not where the user has', { headers: Headers, querystring: Type.Object({ lastEventId: Type.String() }) },
    ['query lastEventId required', 'header last-event-id required', 'header x-tenant required']],
  ['nor where a shared schema has', { headers: Type.Ref('Headers') },
    ['query lastEventId', 'header last-event-id required', 'header x-tenant required']],
  ['nor where it has by a whole name', { headers: Type.Ref('Headers#') },
    ['query lastEventId', 'header last-event-id required', 'header x-tenant required']],
  ['beside another shared schema', { querystring: Type.Ref('Page') }, ['query page required', 'query lastEventId', 'header Last-Event-ID']]
] as const) {
  t.test(`how to resume is documented ${name}`, async t => {
    const document = await documentOfPosts(t, schema, app => {
      app.addSchema({ ...Headers, $id: 'Headers' })
      app.addSchema({ ...Type.Object({ page: Type.Integer() }), $id: 'Page' })
    })
    t.strictSame(parameters(document), expected)
  })
}

t.test('nothing of that is validated', async t => {
  let app: FastifyInstance | undefined
  const queries: unknown[] = []
  await documentOfPosts(t, { querystring: Type.Object({ page: Type.Integer() }, { additionalProperties: false }) }, each => {
    app = each
    each.addHook('preHandler', async request => { queries.push({ ...request.query as object }) })
  })
  t.equal((await app?.inject('/?page=1&lastEventId=x'))?.statusCode, 200)
  t.strictSame(queries, [{ page: 1 }])
})
