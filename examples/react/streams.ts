import { Type } from '@sinclair/typebox'
import { eventStream } from 'fastify-typed-sse'

/** What the server declares, and the page knows by its type. */
export const votes = eventStream({
  tally: Type.Object({ tea: Type.Integer(), coffee: Type.Integer() })
}, { description: 'How many have voted for what' })
