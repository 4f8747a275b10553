import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { setTimeout } from 'node:timers/promises'
import { publishSurely } from './publish-surely.js'
import { beats, type InstanceName, live, orders, states } from './streams.js'

/** How often each instance publishes an event, */
const BEAT_MS = 250
/** and how often it says how it is. */
const STATE_MS = 1_000
/** A quarter of an hour of three instances. */
const MAX_EVENTS = 10_800
/** What an instance lives on after the order to die, so that whoever has given it gets an answer. */
const LAST_WORDS_MS = 100

/** One of several instances. What any of them publishes reaches the subscribers of all: the broker is between them. */
export const clusterRoutes: FastifyPluginAsyncTypebox<{ name: InstanceName }> = async (app, { name }) => {
  const { pid } = process
  const run = Math.round(performance.timeOrigin)
  const beating = app.sse.channel('cluster-beats', beats, { history: { maxEvents: MAX_EVENTS } })
  const being = app.sse.channel('cluster-states', states, { retain: 'latest', key: event => event.data.name })
  const ordering = app.sse.channel('cluster-orders', orders, { history: { maxEvents: 10 } })
  const closing = new AbortController()
  const { signal } = closing

  app.get('/live', {
    schema: { response: { 200: live } }
  }, async function * (request) {
    yield live.event.connected({ name, pid, run, at: Date.now() })
    yield * app.sse.merge(beating.subscribe(request), being.subscribe(request))
  })

  if (process.env.NODE_ENV !== 'production') {
    // Whichever instance is asked, the one that is meant obeys.
    app.post('/kill', {
      schema: { body: Type.Object({ pid: Type.Integer() }), response: { 204: Type.Null() } }
    }, async (request, reply) => {
      await ordering.publish(orders.event.kill(request.body))
      return reply.code(204).send(null)
    })
  }

  async function beat (): Promise<void> {
    for (let number = 1; ; number++) {
      const event = beats.event.beat({ from: name, run, number, at: Date.now() })
      await publishSurely(beating, event, `${name}-${run}-${number}`, signal)
      await setTimeout(BEAT_MS, undefined, { signal })
    }
  }

  async function tellState (): Promise<void> {
    await being.publish(states.event.state({ name, pid, run, at: Date.now(), subscribers: beating.subscriberCount() }))
  }

  async function tellStates (): Promise<void> {
    while (true) {
      // While the broker is away nobody would hear it, and when it is back there is a newer one.
      await tellState().catch((err: unknown) => { app.log.debug({ err }, 'nobody is told how this instance is') })
      await setTimeout(STATE_MS, undefined, { signal })
    }
  }

  async function obey (): Promise<void> {
    for await (const { event, data } of ordering.subscribe({ signal })) {
      if (event !== 'kill' || data.pid !== pid) continue
      await setTimeout(LAST_WORDS_MS)
      process.kill(pid, 'SIGKILL')
    }
  }

  app.addHook('onListen', async () => {
    for (const work of [beat, tellStates, obey]) {
      work().catch((err: unknown) => { if (!signal.aborted) app.log.error({ err }, `${work.name} has failed`) })
    }
  })
  app.addHook('preClose', async () => {
    closing.abort()
    await being.publish(states.event.left({ name }), { tombstone: true })
      .catch((err: unknown) => { app.log.debug({ err }, 'nobody is told that this instance was stopped') })
  })
}
