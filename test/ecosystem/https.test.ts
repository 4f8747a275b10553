import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import type { FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import sse from '../../lib/index.js'
import { bareApp, type TestApp } from '../helpers/app.js'
import { certificate } from '../helpers/certificate.js'
import { deferred } from '../helpers/deferred.js'
import { eventsOf } from '../helpers/event-stream-client.js'
import { counted, tick, ticks } from './ticks.js'

const declared = { schema: { response: { 200: ticks } } }

t.test('events arrive over HTTPS as they are made', async t => {
  const { app, listen, closed } = secureApp(t)
  const second = deferred()
  app.get('/', declared, async function * () {
    yield tick({ n: 1 })
    await second.promise
    yield tick({ n: 2 })
  })
  const { port } = await listen()
  const response = await get(t, port)
  t.equal(response.headers['content-type'], 'text/event-stream')
  const events = eventsOf(response)
  t.equal((await events.next()).value?.data, '{"n":1}')
  second.resolve()
  t.equal((await events.next()).value?.data, '{"n":2}')
  t.equal((await events.next()).done, true)
  t.ok(response.complete)
  t.match(await closed(), { reason: 'complete', events: 2 })
})

t.test('a client that leaves over HTTPS stops the generator', async t => {
  const { app, listen, closed } = secureApp(t)
  const stopped = deferred()
  app.get('/', declared, async function * (_request, reply) {
    try {
      yield tick({ n: 1 })
      await once(reply.sse.signal, 'abort')
    } finally {
      stopped.resolve()
    }
  })
  const { port } = await listen()
  const response = await get(t, port)
  await eventsOf(response).next()
  response.destroy()
  await stopped.promise
  t.match(await closed(), { reason: 'client' })
})

t.test('a failure half-way over HTTPS does not look complete', async t => {
  const { app, listen } = secureApp(t)
  app.get('/', declared, async function * () {
    yield tick({ n: 1 })
    throw new Error('half-way')
  })
  const { port } = await listen()
  const response = await get(t, port)
  await t.rejects(text(response), { code: 'ECONNRESET' })
  t.notOk(response.complete)
})

t.test('a closing HTTPS server ends its streams cleanly, and their connections', async t => {
  const { app, listen, closed } = secureApp(t, { closeSpreadMs: 0 })
  app.get('/', declared, async function * (_request, reply) {
    yield tick({ n: 1 })
    await once(reply.sse.signal, 'abort')
  })
  const { port } = await listen()
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => { agent.destroy() })
  const response = await get(t, port, agent)
  const { socket } = response
  const [body] = await Promise.all([text(response), once(socket, 'close'), app.close()])
  t.equal(body, counted(1) + 'retry: 2000\n')
  t.ok(response.complete)
  t.match(await closed(), { reason: 'shutdown' })
})

function secureApp (t: Test, options: Parameters<typeof sse>[1] = {}): TestApp {
  const secure = bareApp(t, { https: certificate } as FastifyServerOptions)
  secure.app.register(sse, options)
  return secure
}

async function get (t: Test, port: number, agent: Agent | false = false): Promise<IncomingMessage> {
  const sent = request({ host: 'localhost', family: 4, port, ca: certificate.cert, agent }).end()
  t.teardown(() => { sent.destroy() })
  const [response] = await once(sent, 'response') as [IncomingMessage]
  response.on('error', () => {}) // the test sees it where it reads
  return response
}
