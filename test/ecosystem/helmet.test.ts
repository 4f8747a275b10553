import helmet from '@fastify/helmet'
import t from 'tap'
import sse from '../../lib/index.js'
import { bareApp } from '../helpers/app.js'
import { count, counted, ticks } from './ticks.js'

t.test('a stream carries the headers of @fastify/helmet beside its own', async t => {
  const { app } = bareApp(t)
  app.register(helmet)
  app.register(sse)
  app.after(() => { app.get('/', { schema: { response: { 200: ticks } } }, () => count(1)) })

  for (const method of ['GET', 'HEAD'] as const) {
    const response = await app.inject({ method, url: '/' })
    t.equal(response.statusCode, 200)
    t.match(response.headers, {
      'content-security-policy': /^default-src 'self'/,
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no'
    }, method)
    t.equal(response.body, method === 'GET' ? counted(1) : '')
  }
})

t.test('@fastify/helmet may set its headers in the handler, with a nonce', async t => {
  const { app } = bareApp(t)
  app.register(helmet, { global: false, enableCSPNonces: true })
  app.register(sse)
  app.after(() => {
    app.get('/', { schema: { response: { 200: ticks } } }, async (_request, reply) => {
      await reply.helmet({ contentSecurityPolicy: { directives: { 'default-src': ["'none'"] } } })
      return count(1)
    })
  })

  const response = await app.inject('/')
  t.match(response.headers['content-security-policy'], /^default-src 'none'/)
  t.equal(response.body, counted(1))
})
