import t, { type Test } from 'tap'
import { stat } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AnyStreamEvent, EventSink } from '../../lib/index.js'
import { loadedApp } from '../helpers/app.js'
import { RawClient } from '../helpers/raw-client.js'
import { acme, ACME_FRAME, prices, START } from './streams.js'

t.test('an event that comes alone leaves in its tick', async t => {
  t.test('from a generator', async t => {
    let next = (): void => {}
    await leavesInItsTick(t, app => {
      app.get('/', async function * () {
        for (;;) {
          await new Promise<void>(resolve => { next = resolve })
          yield acme
        }
      })
      return () => { next() }
    })
  })

  t.test('from a sink', async t => {
    await leavesInItsTick(t, app => {
      let sink: EventSink<AnyStreamEvent> | undefined
      app.get('/', (request, reply) => (sink = reply.sse))
      return () => { sink?.send(acme) }
    })
  })

  t.test('from an iterable that is sent by a sink', async t => {
    let next = (): void => {}
    const events: AsyncIterable<typeof acme> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => await new Promise(resolve => { next = () => { resolve({ done: false, value: acme }) } })
      })
    }
    await leavesInItsTick(t, app => {
      app.get('/', (request, reply) => {
        reply.sse.sendAll(events)
        return reply.sse
      })
      return () => { next() }
    })
  })

  t.test('from a channel', async t => {
    await leavesInItsTick(t, app => {
      const channel = app.sse.channel('prices', prices)
      app.get('/', request => channel.subscribe(request))
      return () => { channel.publish(acme).catch(error => { t.error(error) }) }
    }, body => body.endsWith('\n\n')) // its position
  })

  /** @param open Opens the route `/`, and gives a function that makes its stream have an event. */
  async function leavesInItsTick (
    t: Test,
    open: (app: FastifyInstance) => () => void,
    hasBegun: (body: string) => boolean = body => body === START
  ): Promise<void> {
    const { app, listen } = await loadedApp(t, { commitAfterMs: 0 })
    let socket: Socket | undefined
    app.server.on('connection', connection => { socket = connection })
    const give = open(app)
    const client = new RawClient(t, (await listen()).port).request('/')
    await client.until(({ body }) => hasBegun(body))
    for (let n = 0; n < 2; n++) {
      // What follows runs in the callback of a file: the immediates of this turn come next, before any timer.
      await stat('.')
      const before = { body: client.body, bytes: socket?.bytesWritten ?? NaN }
      // Asked for before the event comes, so that it is also before all that the event may put off to the end of the turn.
      const after = new Promise<number>(resolve => { setImmediate(() => { resolve(socket?.bytesWritten ?? NaN) }) })
      give()
      const bytes = await after - before.bytes
      await client.until(({ body }) => body.length > before.body.length)
      const frame = client.body.slice(before.body.length)
      t.match(frame, /^(id: .*\n)?event: price\n(id: .*\n)?data: .*\n(id: .*\n)?\n$/)
      t.equal(bytes, `${frame.length.toString(16)}\r\n${frame}\r\n`.length)
    }
  }
})

t.test('a source that always has events ready starves neither timers nor other streams', async t => {
  const TURNS = 50
  // 64 KiB are what a source may hand on in one turn, and one event may cross the line.
  const MOST = Math.ceil(64 * 1024 / ACME_FRAME.length) + 1
  let taken = 0
  const ready = (): typeof acme => {
    taken++
    return acme
  }
  const sources: Record<string, (request: FastifyRequest, reply: FastifyReply) => unknown> = {
    'a generator': async function * () { for (;;) yield ready() },
    'an iterator whose results are promises': () => ({
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: ready() }) })
    }),
    'an iterator whose results are ready': () => ({
      [Symbol.asyncIterator]: () => ({ next: () => ({ done: false, value: ready() }) })
    }),
    'a sink that is asked for room': (request, reply) => {
      const push = async (): Promise<void> => { while (await reply.sse.send(ready())); }
      push().catch(error => { t.error(error) })
      return reply.sse
    },
    'sendAll()': (request, reply) => {
      reply.sse.sendAll((async function * () { for (;;) yield ready() })())
      return reply.sse
    }
  }

  for (const [name, handler] of Object.entries(sources)) {
    t.test(name, async t => {
      const { app, listen } = await loadedApp(t)
      app.get('/endless', handler)
      app.get('/timed', async function * () {
        for (let n = 0; n < 5; n++) {
          await setTimeout(1)
          yield acme
        }
      })
      const { port } = await listen()
      const endless = new RawClient(t, port).request('/endless')
      await endless.until(({ text }) => text.length > 100_000)
      const timed = new RawClient(t, port).request('/timed')
      const most = await mostInOneTurn(() => timed.isComplete)
      t.equal(timed.body, START + ACME_FRAME.repeat(5))
      t.ok(most > 1, 'it has gone on meanwhile')
      t.ok(most <= MOST, `${most} events in one turn, of at most ${MOST}`)
      t.equal(endless.ended, undefined)
      endless.socket.destroy()
    })
  }

  /** In the turns of the event loop until something holds, and some more. */
  async function mostInOneTurn (holds: () => boolean): Promise<number> {
    let most = 0
    for (let turns = 0, before = taken; turns < TURNS || !holds(); turns++, before = taken) {
      await new Promise(setImmediate)
      most = Math.max(most, taken - before)
    }
    return most
  }
})
