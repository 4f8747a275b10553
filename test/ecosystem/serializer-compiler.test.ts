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
  'that is set after the routes': (app, declare) => {
    declare()
    app.setSerializerCompiler(compile)
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
