import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifySerializerCompiler } from 'fastify'
import t from 'tap'
import { loadedApp } from '../helpers/app.js'
import { count, counted, ticks } from './ticks.js'

const Found = Type.Object({ found: Type.Integer() })

/** Refuses what it does not know, as those of type providers do. */
const compile: FastifySerializerCompiler<unknown> = ({ schema }) => {
  if (schema !== Found) throw new Error('this is no schema of mine')
  return data => `compiled ${JSON.stringify(data)}`
}

const CASES: Record<string, (app: FastifyInstance, declare: (options?: object) => void) => void> = {
  'of the app': (app, declare) => {
    app.setSerializerCompiler(compile)
    declare()
  },
  'of the route': (_app, declare) => { declare({ serializerCompiler: compile }) }
}

for (const [name, set] of Object.entries(CASES)) {
  t.test(`a serializer compiler ${name} gets the other schemas, and no streams`, async t => {
    const { app } = await loadedApp(t)
    set(app, (options = {}) => {
      app.get('/ticks', { ...options, schema: { response: { 200: ticks } } }, () => count(1))
      app.get('/both', {
        ...options,
        schema: { response: { 200: { content: { 'application/json': { schema: Found }, 'text/event-stream': { schema: ticks } } }, 404: Found } }
      }, async request => request.prefersEventStream ? count(1) : { found: 1 })
    })
    t.equal((await app.inject('/ticks')).body, counted(1))
    t.equal((await app.inject({ url: '/both', headers: { accept: 'text/event-stream' } })).body, counted(1))
    t.equal((await app.inject({ url: '/both', headers: { accept: 'application/json' } })).body, 'compiled {"found":1}')
  })
}

t.test('without one, other answers are serialized by their schemas', async t => {
  const { app } = await loadedApp(t)
  app.get('/both', {
    schema: { response: { 200: { content: { 'application/json': { schema: Found }, 'text/event-stream': { schema: ticks } } } } }
  }, async () => ({ found: 1, secret: 2 }))
  t.equal((await app.inject({ url: '/both', headers: { accept: 'application/json' } })).body, '{"found":1}')
})

t.test('each scope has its own shared schemas, whatever was compiled before it', async t => {
  const { app } = await loadedApp(t)
  const shared = (id: string): object => ({ $id: id, type: 'object', properties: { found: { type: 'integer' } } })
  app.addSchema(shared('root'))
  app.get('/root', { schema: { response: { 200: { $ref: 'root#' } } } }, async () => ({ found: 1, secret: 2 }))
  app.register(async child => {
    child.addSchema(shared('child'))
    child.get('/child', { schema: { response: { 200: { $ref: 'child#' } } } }, async () => ({ found: 2, secret: 2 }))
    child.get('/ticks', { schema: { response: { 200: ticks, 404: { $ref: 'child#' } } } }, async (_request, reply) => {
      reply.code(404)
      return { found: 3, secret: 2 } as never
    })
    child.register(async grandchild => {
      grandchild.addSchema(shared('grandchild'))
      grandchild.get('/grandchild', { schema: { response: { 200: { $ref: 'grandchild#' } } } }, async () => ({ found: 4, secret: 2 }))
    })
  })
  for (const [url, found] of Object.entries({ '/root': 1, '/child': 2, '/ticks': 3, '/grandchild': 4 })) {
    t.equal((await app.inject(url)).body, JSON.stringify({ found }), url)
  }
})

t.test('another hook may set the compiler of a route', async t => {
  const { app } = await loadedApp(t)
  app.addHook('onRoute', route => { route.serializerCompiler = () => () => 'set by a hook' })
  app.get('/both', {
    schema: { response: { 200: { content: { 'application/json': { schema: Found }, 'text/event-stream': { schema: ticks } } } } }
  }, async () => ({ found: 1 }))
  t.equal((await app.inject({ url: '/both', headers: { accept: 'application/json' } })).body, 'set by a hook')
})
