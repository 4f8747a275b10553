import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { eventStream } from 'fastify-typed-sse'
import { setTimeout } from 'node:timers/promises'
import { publishSurely } from '../cluster/publish-surely.js'

const Process = Type.Integer({ description: 'The id of a process' })

const beats = eventStream({
  beat: Type.Object({
    from: Process,
    number: Type.Integer({ description: 'Each process counts from 1, and leaves none out', minimum: 1 })
  })
})

const live = eventStream({
  served: Type.Object({ by: Process }),
  ...beats.schemas
}, { description: 'Which process serves this stream, and what all of them publish' })

/** How long a client may be away: ten minutes of two processes, at the usual pace. */
const MAX_EVENTS = 2_400

/** What one process publishes reaches the subscribers of all: the broker is between them. */
export const liveRoute: FastifyPluginAsyncTypebox<{ beatMs: number }> = async (app, { beatMs }) => {
  const { pid } = process
  const channel = app.sse.channel('many-beats', beats, { history: { maxEvents: MAX_EVENTS } })
  const closing = new AbortController()
  const { signal } = closing

  app.get('/live', { schema: { response: { 200: live } } }, async function * (request) {
    yield live.event.served({ by: pid })
    yield * channel.subscribe(request)
  })

  async function beat (): Promise<void> {
    for (let number = 1; ; number++) {
      await publishSurely(channel, beats.event.beat({ from: pid, number }), `${pid}-${number}`, signal)
      await setTimeout(beatMs, undefined, { signal })
    }
  }
  app.addHook('onListen', async () => {
    beat().catch((err: unknown) => { if (!signal.aborted) app.log.error({ err }, 'this process publishes no more') })
  })
  app.addHook('preClose', async () => { closing.abort() })
}
