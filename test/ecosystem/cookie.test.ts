import cookie from '@fastify/cookie'
import t from 'tap'
import sse from '../../lib/index.js'
import { bareApp } from '../helpers/app.js'
import { count, counted, tick, ticks } from './ticks.js'

t.test('every Set-Cookie reaches the client, wherever it was set before the first event', async t => {
  const { app, listen } = bareApp(t)
  app.register(cookie)
  app.register(sse)
  app.after(() => {
    app.get('/', {
      schema: { response: { 200: ticks } },
      preHandler: async (_request, reply) => { reply.setCookie('hook', 'a') }
    }, async function * (_request, reply) {
      reply.setCookie('generator', 'b', { httpOnly: true, path: '/' })
      await null
      reply.setCookie('later', 'c; d').header('set-cookie', 'raw=e')
      yield tick({ n: 1 })
      yield tick({ n: 2 })
    })
  })

  const { url } = await listen()
  const response = await fetch(url)
  t.strictSame(response.headers.getSetCookie(), [
    'raw=e',
    'hook=a; SameSite=Lax',
    'generator=b; Path=/; HttpOnly; SameSite=Lax',
    'later=c%3B%20d; SameSite=Lax'
  ])
  t.equal(await response.text(), counted(2))
})

t.test('a cookie that is set twice, signed or cleared keeps what @fastify/cookie makes of it', async t => {
  const { app } = bareApp(t)
  app.register(cookie, { secret: 'a secret of at least thirty-two characters' })
  app.register(sse)
  let user: unknown
  app.after(() => {
    app.get('/', { schema: { response: { 200: ticks } } }, async function * (request, reply) {
      user = request.unsignCookie(request.cookies.user ?? '')
      reply.setCookie('user', 'first', { signed: true })
      reply.setCookie('user', 'second', { signed: true, path: '/account' })
      reply.clearCookie('old')
      yield tick({ n: 1 })
    })
  })
  await app.ready()

  const signed = app.signCookie('ada')
  const response = await app.inject({ url: '/', cookies: { user: signed } })
  t.strictSame(user, { valid: true, renew: false, value: 'ada' })
  t.strictSame(response.headers['set-cookie'], [
    `user=${app.signCookie('first')}; SameSite=Lax`,
    `user=${app.signCookie('second')}; Path=/account; SameSite=Lax`,
    'old=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; SameSite=Lax'
  ])
  t.equal(response.body, counted(1))
})

t.test('a session cookie is sent with reply.sse too', async t => {
  const { app } = bareApp(t)
  app.register(cookie)
  app.register(sse)
  app.after(() => {
    app.get('/', { schema: { response: { 200: ticks } } }, (_request, reply) => {
      reply.setCookie('one', '1').setCookie('two', '2')
      reply.sse.sendAll(count(1))
      return reply.sse
    })
  })
  const response = await app.inject('/')
  t.strictSame(response.headers['set-cookie'], ['one=1; SameSite=Lax', 'two=2; SameSite=Lax'])
  t.equal(response.body, counted(1))
})

t.test('a cookie that is set before a failure goes out with the error', async t => {
  const { app } = bareApp(t)
  app.register(cookie)
  app.register(sse)
  app.after(() => {
    app.get('/', { schema: { response: { 200: ticks } } }, async function * (_request, reply) {
      reply.setCookie('attempt', '1')
      throw new Error('no upstream')
    })
  })
  const response = await app.inject('/')
  t.equal(response.statusCode, 500)
  t.equal(response.headers['set-cookie'], 'attempt=1; SameSite=Lax')
  t.equal(response.headers['content-type'], 'application/json; charset=utf-8')
})
