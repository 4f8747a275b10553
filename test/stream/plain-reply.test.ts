import Fastify, { type FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { isPlainReply } from '../../lib/stream/plain-reply.js'
import { RawClient } from '../helpers/raw-client.js'

t.test('knows replies with which Fastify would do nothing but pipe', async t => {
  t.equal(await ask(t, () => {}), true)
  t.equal(await ask(t, reply => { reply.code(404) }), true)
})

t.test('leaves others to Fastify', async t => {
  t.test('with a status that has no body', async t => {
    t.equal(await ask(t, reply => { reply.code(204) }), false)
    t.equal(await ask(t, reply => { reply.code(304) }), false)
    t.equal(await ask(t, reply => { reply.raw.statusCode = 199 }), false)
  })

  t.test('with trailers', async t => {
    t.equal(await ask(t, reply => { reply.trailer('etag', (reply, payload, done) => { done(null, 'a') }) }), false)
  })

  t.test('whose head is out', async t => {
    t.equal(await ask(t, reply => { reply.raw.flushHeaders() }), false)
  })

  t.test('whose response somebody else has changed', async t => {
    t.equal(await ask(t, ({ raw }) => { raw.write = raw.write.bind(raw) }), false)
  })

  t.test('of inject', async t => {
    const app = Fastify()
    app.get('/', (request, reply) => { reply.send({ isPlain: isPlainReply(reply) }) })
    t.strictSame((await app.inject('/')).json(), { isPlain: false })
  })
})

t.test('without a word about trailers, there might be some', async t => {
  const isPlain = await ask(t, () => {}, reply => ({ raw: reply.raw } as unknown as FastifyReply))
  t.equal(isPlain, false)
})

/** What it says of a reply that was changed so. */
async function ask (t: Test, change: (reply: FastifyReply) => void, shown = (reply: FastifyReply) => reply): Promise<boolean | undefined> {
  const app = Fastify()
  t.teardown(() => app.close())
  let isPlain: boolean | undefined
  app.get('/', (request, reply) => {
    change(reply)
    isPlain = isPlainReply(shown(reply))
    reply.hijack()
    reply.raw.end()
    reply.raw.destroy()
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const client = new RawClient(t, (app.server.address() as { port: number }).port).request('/')
  await new Promise(resolve => { client.socket.once('close', resolve) })
  return isPlain
}
