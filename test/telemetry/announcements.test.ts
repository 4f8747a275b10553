import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import t, { type Test } from 'tap'
import { count, counts } from '../channels/streams.js'
import { loadedApp } from '../helpers/app.js'
import { deferred } from '../helpers/deferred.js'

const schema = { response: { 200: counts } }
const NAMES = ['open', 'first-event', 'close']

/** What is said of streams, and in whose async context. */
function hear (t: Test): { heard: string[], user: AsyncLocalStorage<string> } {
  const user = new AsyncLocalStorage<string>()
  const heard: string[] = []
  for (const name of NAMES) {
    const listener = (): void => { heard.push(`${name} ${user.getStore()}`) }
    subscribe(`fastify-typed-sse:stream:${name}`, listener)
    t.teardown(() => { unsubscribe(`fastify-typed-sse:stream:${name}`, listener) })
  }
  return { heard, user }
}

t.test('a stream has its first event after it is open, also where an onSend hook takes its time', async t => {
  const { heard } = hear(t)
  const { app } = await loadedApp(t)
  const onSend = async (_request: unknown, _reply: unknown, payload: unknown): Promise<unknown> => await new Promise(resolve => { setImmediate(resolve, payload) })
  app.get('/', { schema, onSend }, async function * () {
    yield count(1)
    yield count(2)
  })
  await app.inject('/')
  t.strictSame(heard, NAMES.map(name => `${name} undefined`))
  t.match(app.sse.metrics().routes, [{ opened: 1, events: 2, timeToFirstEvent: { count: 1 } }])
})

t.test('a stream that is never open has no first event', async t => {
  const { heard } = hear(t)
  const { app } = await loadedApp(t)
  app.get('/', { schema, onSend: async () => 'something else' }, async function * () { yield count(1) })
  t.equal((await app.inject('/')).body, 'something else')
  t.strictSame(heard, ['close undefined'])
  t.match(app.sse.metrics().routes, [{ opened: 0, unopened: 1, timeToFirstEvent: { count: 0 } }])
})

t.test('all of it is told in the async context of the request, whoever lets the response begin and sends', async t => {
  const { heard, user } = hear(t)
  const { app } = await loadedApp(t)
  const ready = deferred<() => void>()
  app.addHook('onRequest', (_request, _reply, done) => { user.run('request', done) })
  // Callbacks, since what awaits a promise goes on in its own context.
  app.get('/', { schema, onSend: (_request, _reply, payload, done) => { ready.resolve(() => { done(null, payload) }) } }, (_request, reply) => {
    sent.resolve(() => {
      void reply.sse.send(count(1))
      reply.sse.end()
    })
    return reply.sse
  })
  const sent = deferred<() => void>()
  const response = app.inject('/')
  const [begin, send] = [await ready.promise, await sent.promise]
  user.run('somebody else', begin)
  t.strictSame(heard, ['open request'])
  user.run('somebody else', send)
  await response
  t.strictSame(heard, ['open request', 'first-event request', 'close request'])
})
