import { Type } from '@sinclair/typebox'
import swagger from '@fastify/swagger'
import t from 'tap'
import sse, { eventStream } from '../../lib/index.js'
import { bareApp } from '../helpers/app.js'
import { count, counted, ticks } from './ticks.js'

const Node = Type.Recursive(This => Type.Object({ name: Type.String(), children: Type.Array(This) }), { $id: 'Node' })
const module = Type.Module({
  User: Type.Object({ name: Type.String(), friends: Type.Array(Type.Ref('User')) })
})
const Item = Type.Object({ sku: Type.String() }, { $id: 'Item' })
const trees = eventStream({ tree: Node, leaf: Node })
const users = eventStream({ user: module.Import('User') })
const items = eventStream({ added: Item, removed: Item }, { description: 'What comes and goes' })

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

      const document = app.swagger() as unknown as { openapi: string, paths: Record<string, Record<string, { responses: object }>> }
      t.equal(document.openapi, openapi)
      t.strictSame(Object.entries(document.paths).map(([path, methods]) => [path, ...Object.entries(methods)
        .map(([method, { responses }]) => `${method} ${Object.keys(responses).join(' ')}`)]), [
        ['/ticks', 'get 200 406'],
        ['/trees', 'get 200 404 406'],
        ['/users', 'post 2XX'],
        ['/items', 'get 200']
      ])
      t.same(JSON.parse(JSON.stringify(document)), document, 'it is plain JSON')
      t.type(app.swagger({ yaml: true }), 'string')

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
