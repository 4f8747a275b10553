import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { eventStream } from 'fastify-typed-sse'
import { notices, offerBoard, readers } from './board.js'
import { figures, openFigures } from './figures.js'
import { enter } from './generators.js'
import { describeMachine } from './machine.js'

export const live = eventStream({
  machine: Type.Object({
    at: Type.Integer({ description: 'When the server took up this connection, in milliseconds since 1970' }),
    processor: Type.String(),
    cores: Type.Integer(),
    memoryBytes: Type.Integer(),
    platform: Type.String(),
    node: Type.String(),
    pid: Type.Integer(),
    startedAt: Type.Integer({ description: 'Milliseconds since 1970' })
  }),
  ...figures.schemas,
  ...notices.schemas,
  ...readers.schemas
}, { description: 'The figures of the server, the notice board, and how many tabs read it' })

const { machine } = live.event

/**
 * Three channels on one connection: of HTTP/1.1 a browser opens six to a server, for all of its tabs together. The
 * browser comes back by itself whenever it breaks, and one id tells what it has got of all three.
 */
export const liveRoute: FastifyPluginAsyncTypebox = async app => {
  const board = offerBoard(app)
  const measured = openFigures(app)

  app.get('/live', {
    schema: { response: { 200: live } }
  }, async function * (request) {
    const leave = enter('live')
    try {
      yield machine({ at: Date.now(), ...describeMachine() })
      yield * app.sse.merge(board.notices.subscribe(request), board.readers.subscribe(request), measured.subscribe(request))
    } finally {
      leave()
    }
  })
}
