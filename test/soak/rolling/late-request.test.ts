import { once } from 'node:events'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import sse from '../../../lib/index.js'
import { RawClient } from '../../helpers/raw-client.js'

/** What a client gets whose connection is accepted before the app begins to close, and whose request comes right after. */
async function ask (t: Test, return503OnClosing: boolean): Promise<RawClient> {
  const app = Fastify({ return503OnClosing })
  await app.register(sse)
  app.get('/', (_request, reply) => reply.sse)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const accepted = once(app.server, 'connection')
  const client = new RawClient(t, (app.server.address() as { port: number }).port)
  await accepted
  const closed = app.close()
  await new Promise(setImmediate)
  client.request('/', { headers: ['Accept: text/event-stream'] })
  await client.until(({ ended }) => ended !== undefined)
  await closed
  return client
}

t.test('a request on a connection that was accepted before the close gets a 503 from Fastify itself', async t => {
  t.match((await ask(t, true)).text, /^HTTP\/1\.1 503 /)
})

t.test('with return503OnClosing: false it is told when to come back, in a way that an EventSource survives', async t => {
  const client = await ask(t, false)
  t.match(client.text, /^HTTP\/1\.1 200 /)
  t.match(client.body, /^retry: 2000\nretry: \d+\n$/)
  t.equal(client.isComplete, true)
})
