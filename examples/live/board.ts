import { type FastifyPluginAsyncTypebox, Type, type Static } from '@fastify/type-provider-typebox'
import { type Channel, eventStream } from 'fastify-typed-sse'

/** Older ones are dropped, from the board as from the channel's history. */
const MAX_NOTICES = 100

const Notice = Type.Object({
  number: Type.Integer({ description: 'They count from 1' }),
  at: Type.Integer({ description: 'Milliseconds since 1970' }),
  author: Type.String(),
  text: Type.String()
})

export const notices = eventStream({ notice: Notice }, { description: 'What is pinned to the board' })
export const readers = eventStream({ readers: Type.Object({ tabs: Type.Integer() }) }, { description: 'How many tabs read the board' })

const { notice } = notices.event

export interface Board {
  notices: Channel<typeof notices.schemas>
  readers: Channel<typeof readers.schemas>
}

/** A notice board that all tabs share: what one posts, all show. */
export function offerBoard (app: Parameters<FastifyPluginAsyncTypebox>[0]): Board {
  const pinned: Array<Static<typeof Notice>> = []
  let last = 0
  const board = app.sse.channel('board', notices, { history: { maxEvents: MAX_NOTICES } })

  // What a page is rendered with, and the place from which its stream goes on: nothing falls in between.
  app.get('/board', {
    logLevel: 'warn',
    schema: { response: { 200: Type.Object({ notices: Type.Array(Notice), position: Type.String() }) } }
  }, async (_request, reply) => {
    reply.header('cache-control', 'no-store')
    // The position first. A notice that comes in the meantime is then in both, which its number tells, and never in neither.
    const position = await board.position()
    return { notices: pinned, position }
  })

  app.post('/board', {
    bodyLimit: 4096,
    config: { rateLimit: { max: 20, timeWindow: 10_000 } },
    schema: {
      body: Type.Object({
        author: Type.Optional(Type.String({ maxLength: 40 })),
        text: Type.String({ maxLength: 280, pattern: '\\S' })
      }),
      response: { 201: Type.Object({ number: Type.Integer() }) }
    }
  }, async (request, reply) => {
    const { author = '', text } = request.body
    const next = { number: ++last, at: Date.now(), author: author.trim() || 'Somebody', text: text.trim() }
    if (pinned.push(next) > MAX_NOTICES) pinned.shift()
    await board.publish(notice(next))
    return reply.code(201).send({ number: next.number })
  })

  return { notices: board, readers: countReaders(app, board) }
}

/** A channel that tells how many read another. Who comes gets the number as it is: no other is of interest. */
function countReaders (app: Parameters<FastifyPluginAsyncTypebox>[0], board: Board['notices']): Board['readers'] {
  const count = () => readers.event.readers({ tabs: board.subscriberCount() })
  const channel = app.sse.channel('readers', readers, { history: { maxEvents: 0 }, snapshot: () => [count()] })
  const tell = (): void => {
    // It is closed with the server, which ends the subscriptions that are counted here.
    channel.publish(count()).catch((err: unknown) => { app.log.debug({ err }, 'nobody is told how many read the board') })
  }
  board.on('subscribe', tell).on('unsubscribe', tell)
  return channel
}
