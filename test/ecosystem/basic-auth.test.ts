import basicAuth from '@fastify/basic-auth'
import t, { type Test } from 'tap'
import sse from '../../lib/index.js'
import { bareApp } from '../helpers/app.js'
import { counted, job, tick } from './ticks.js'

const authorization = `Basic ${Buffer.from('ada:lovelace').toString('base64')}`
const placements = ['onRequest', 'preHandler'] as const
const registrations = ['awaited', 'not awaited'] as const

for (const registration of registrations) {
  for (const hook of placements) {
    const where = `with @fastify/basic-auth as the ${hook} of a route, and the plugin ${registration}`

    const server = async (t: Test) => {
      const { app } = bareApp(t)
      let started = 0
      await app.register(basicAuth, {
        validate: async (username, password) => {
          if (username !== 'ada' || password !== 'lovelace') throw new Error('who?')
        },
        authenticate: true
      })
      if (registration === 'awaited') await app.register(sse)
      else app.register(sse)
      app.get('/', {
        [hook]: app.basicAuth,
        schema: { response: { 200: job } }
      }, async function * () {
        started++
        yield tick({ n: 1 })
        yield job.event.done()
      })
      return {
        get: async (headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') => await app.inject({ method, url: '/', headers }),
        started: () => started
      }
    }

    t.test(`nobody gets a stream without credentials, ${where}`, async t => {
      const { get, started } = await server(t)
      const response = await get({})
      t.equal(response.statusCode, 401)
      t.match(response.headers['www-authenticate'], /^Basic/)
      t.equal(response.headers['content-type'], 'application/json; charset=utf-8')
      t.equal(started(), 0)
    })

    t.test(`with credentials it streams, ${where}`, async t => {
      const { get, started } = await server(t)
      const response = await get({ authorization })
      t.equal(response.statusCode, 200)
      t.equal(response.body, `${counted(1)}event: done\nid: stream-end\ndata: null\n\n`)
      t.equal(started(), 1)
    })

    for (const [what, headers, statusCode] of [
      ['a refused media type', { accept: 'application/json' }, 406],
      ['the end marker', { 'last-event-id': 'stream-end' }, 204]
    ] as const) {
      t.test(`${what} is answered after the credentials were checked, ${where}`, async t => {
        const { get, started } = await server(t)
        t.equal((await get(headers)).statusCode, 401)
        t.equal((await get({ ...headers, authorization })).statusCode, statusCode)
        t.equal(started(), 0)
      })
    }

    t.test(`HEAD is answered after the credentials were checked, ${where}`, async t => {
      const { get, started } = await server(t)
      t.equal((await get({}, 'HEAD')).statusCode, 401)
      const response = await get({ authorization }, 'HEAD')
      t.equal(response.statusCode, 200)
      t.equal(response.headers['content-type'], 'text/event-stream')
      t.equal(response.body, '')
      t.equal((await get({ authorization, accept: 'application/json' }, 'HEAD')).statusCode, 406)
      t.equal(started(), 0)
    })
  }
}

t.test('a preHandler that is added after the plugin still comes before a 406, a 204 and HEAD', async t => {
  const { app } = bareApp(t)
  await app.register(sse)
  await app.register(basicAuth, { validate: async () => { throw new Error('nobody') } })
  app.addHook('preHandler', app.basicAuth)
  app.get('/', { schema: { response: { 200: job } } }, () => { t.fail('the handler does not run') })

  for (const headers of [{ accept: 'application/json' }, { 'last-event-id': 'stream-end' }, {}]) {
    t.equal((await app.inject({ url: '/', headers })).statusCode, 401)
    t.equal((await app.inject({ method: 'HEAD', url: '/', headers })).statusCode, 401)
  }
})
