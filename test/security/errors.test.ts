import { Type } from '@sinclair/typebox'
import t from 'tap'
import { eventStream } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'

const SECRET = 'p4ssw0rd'
const accounts = eventStream({ account: Type.Object({ name: Type.String({ maxLength: 3 }), age: Type.Integer() }), failed: Type.String() })
const failure = (): Error => Object.assign(new Error(`connection to postgres://app:${SECRET}@db refused`), { cause: new Error(SECRET), detail: SECRET })

t.test('after the first event, nothing of an error gets to the client', async t => {
  const { app, listen, logged } = await loadedApp(t)
  app.get('/generator', { schema: { response: { 200: accounts } } }, async function * () {
    yield accounts.event.account({ name: 'Ann', age: 7 })
    throw failure()
  })
  app.get('/invalid', { schema: { response: { 200: accounts } } }, async function * () {
    yield accounts.event.account({ name: 'Ann', age: 7 })
    yield accounts.event.account({ name: SECRET, age: 7 })
  })
  const channel = app.sse.channel('accounts', accounts)
  app.get('/filter', { schema: { response: { 200: accounts } } }, request => channel.subscribe(request, {
    from: 'start',
    filter: event => {
      if (event.event === 'failed') throw failure()
      return true
    }
  }))
  await channel.publish(channel.event.account({ name: 'Ann', age: 7 }))
  const { port } = await listen()
  for (const path of ['/generator', '/invalid', '/filter']) {
    const client = new RawClient(t, port).request(path)
    await client.until(({ body }) => body.includes('"Ann"'))
    if (path === '/filter') await channel.publish(channel.event.failed('x'))
    await client.until(({ ended }) => ended !== undefined)
    t.equal(client.isComplete, false, `${path} is broken off`)
    t.notMatch(client.text, new RegExp(`${SECRET}|postgres|Error|stack|FST_`))
  }
  await logged(({ err }) => err?.message.includes('postgres') === true)
})

t.test('what onStreamError gives is all that the client is told', async t => {
  const { app, listen } = await loadedApp(t, { onStreamError: () => ({ event: 'failed', data: 'try again later' }) })
  app.get('/', { schema: { response: { 200: accounts } } }, async function * () {
    yield accounts.event.account({ name: 'Ann', age: 7 })
    throw failure()
  })
  const client = new RawClient(t, (await listen()).port).request('/', { headers: ['Connection: close'] })
  await client.until(({ ended }) => ended !== undefined)
  t.equal(client.body, 'retry: 2000\nevent: account\ndata: {"name":"Ann","age":7}\n\nevent: failed\ndata: "try again later"\n\n')
})

t.test('no message of this package repeats a value of a payload', async t => {
  const { app } = await loadedApp(t)
  const wrong: unknown[] = [
    { event: 'account', data: { name: SECRET, age: 7 } },
    { event: 'account', data: { name: 'Ann', age: SECRET } },
    { event: 'account', data: SECRET },
    { event: 'account', data: { [SECRET]: SECRET } },
    { event: 'failed', data: { password: SECRET } },
    { event: 'account', data: { name: 'Ann', age: 7 }, retry: { toString: () => SECRET } },
    { data: SECRET }, { event: { secret: SECRET }, data: 1 }, SECRET, [SECRET]
  ]
  wrong.forEach((event, i) => {
    app.get(`/${i}`, { schema: { response: { 200: accounts } } }, async function * () { yield event as never })
  })
  const channel = app.sse.channel('accounts', accounts)
  for (const [i, event] of wrong.entries()) {
    const { statusCode, body } = await app.inject(`/${i}`)
    t.equal(statusCode, 500)
    t.match((JSON.parse(body) as { code: string }).code, /^FST_ERR_SSE_/, `${i}`)
    t.notMatch(body, new RegExp(SECRET), `${i}`)
    const { message } = await channel.publish(event as never).then(() => new Error('published'), (error: Error) => error)
    t.not(message, 'published')
    t.notMatch(message, new RegExp(SECRET), `${i}`)
  }
})

t.test('before the first event, an error is answered as any error of the app: by its error handler', async t => {
  const { app } = await loadedApp(t)
  app.setErrorHandler((_error, _request, reply) => { reply.code(500).send({ message: 'internal error' }) })
  app.get('/', { schema: { response: { 200: accounts } } }, async function * () { throw failure() })
  const { statusCode, body } = await app.inject('/')
  t.equal(statusCode, 500)
  t.equal(body, '{"message":"internal error"}')
})
