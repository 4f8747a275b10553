import t from 'tap'
import sse from '../../lib/index.js'
import { bareApp, loadedApp, testApp } from '../helpers/app.js'
import { count, counted, tick, ticks } from './ticks.js'

const declared = { schema: { response: { 200: ticks } } }

t.test('streams work below prefixes, however deep, and are named by their whole path', async t => {
  const { app, closed } = testApp(t)
  app.register(async v1 => {
    v1.get('/ticks', declared, () => count(1))
    v1.register(async users => {
      users.get('/:user/ticks', declared, async function * (request) {
        yield tick({ n: Number((request.params as { user: string }).user) })
      })
      users.get('/*', declared, () => count(2))
    }, { prefix: '/users' })
  }, { prefix: '/v1' })

  t.equal((await app.inject('/v1/ticks')).body, counted(1))
  t.equal((await app.inject('/v1/users/1/ticks')).body, counted(1))
  t.equal((await app.inject('/v1/users/a/b/c')).body, counted(2))
  t.match([await closed(0), await closed(1), await closed(2)], [
    { route: 'GET /v1/ticks' }, { route: 'GET /v1/users/:user/ticks' }, { route: 'GET /v1/users/*' }
  ])
})

t.test('the plugin may be registered with a prefix, which means nothing to it', async t => {
  const { app } = bareApp(t)
  app.register(sse, { prefix: '/nothing', retryMs: 1 })
  app.get('/', declared, () => count(1))
  t.equal((await app.inject('/')).body, counted(1).replace('2000', '1'))
})

for (const [when, makeApp] of Object.entries({ before: async (t: Parameters<typeof testApp>[0]) => testApp(t), after: loadedApp })) {
  t.test(`routes of one path are told apart by constraints, declared ${when} the plugin has loaded`, async t => {
    const { app } = await makeApp(t)
    app.get('/', { ...declared, constraints: { version: '1.0.0' } }, () => count(1))
    app.get('/', { constraints: { version: '2.0.0' } }, async function * () { yield { data: 'undeclared' } })
    app.get('/', { ...declared, constraints: { host: 'ticks.example' } }, () => count(3))
    app.get('/', { schema: { response: { 200: { type: 'object', properties: { json: { type: 'boolean' } } } } } }, async () => ({ json: true }))

    const get = async (headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') => await app.inject({ method, url: '/', headers })
    t.equal((await get({ 'accept-version': '1.x' })).body, counted(1))
    t.equal((await get({ 'accept-version': '2.x' })).body, 'retry: 2000\ndata: undeclared\n\n')
    t.equal((await get({ host: 'ticks.example' })).body, counted(3))
    t.strictSame((await get({})).json(), { json: true })

    t.equal((await get({ 'accept-version': '1.x', accept: 'application/json' })).statusCode, 406)
    t.equal((await get({ 'accept-version': '1.x' }, 'HEAD')).headers['content-type'], 'text/event-stream')
    t.equal((await get({ host: 'ticks.example', accept: 'application/json' })).statusCode, 406)
    t.strictSame((await get({ accept: 'application/json' })).json(), { json: true })
  })
}

t.test('one handler serves all methods of a route', async t => {
  const { app } = await loadedApp(t)
  app.route({ method: ['GET', 'POST', 'PUT'], url: '/', ...declared, handler: () => count(1) })
  for (const method of ['GET', 'POST', 'PUT'] as const) {
    t.equal((await app.inject({ method, url: '/' })).body, counted(1), method)
  }
  t.equal((await app.inject({ method: 'HEAD', url: '/' })).body, '')
})

t.test('a HEAD route of its own, and a server without automatic ones, stay as they are', async t => {
  const { app } = await loadedApp(t, {}, { exposeHeadRoutes: false })
  app.get('/none', declared, () => count(1))
  app.route({ method: 'HEAD', url: '/own', handler: async (_request, reply) => reply.header('x-own', 'yes').send() })
  app.get('/own', declared, () => count(1))
  t.equal((await app.inject({ method: 'HEAD', url: '/none' })).statusCode, 404)
  t.equal((await app.inject({ method: 'HEAD', url: '/own' })).headers['x-own'], 'yes')
  for (const url of ['/none', '/own']) t.equal((await app.inject(url)).body, counted(1))
})
