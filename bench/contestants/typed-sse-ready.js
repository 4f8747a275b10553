// This plugin: declared and validated, from an iterable that has its events ready. Its `next()` gives them without a promise.
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import sse, { eventStream } from 'fastify-typed-sse'

export const title = '**fastify-typed-sse**, declared, from a ready iterable'
export const packages = ['fastify-typed-sse', 'fastify', '@sinclair/typebox']

const prices = eventStream({ price: Type.Object({ symbol: Type.String(), value: Type.Number() }) })
const { price } = prices.event

/** @type {import('../workloads/one-stream.js').OneStream} */
export async function oneStream ({ countOf, payload, nextTurn }) {
  const app = Fastify()
  app.register(sse)
  app.register(async app => {
    app.get('/', { schema: { response: { 200: prices } } }, request => ready(countOf(request)))
  })
  await app.ready()
  return app.server

  function ready (count) {
    let i = 0
    const take = () => i < count ? { done: false, value: price(payload(i++)) } : { done: true, value: undefined }
    const next = nextTurn === undefined ? take : () => nextTurn().then(take)
    return { [Symbol.asyncIterator]: () => ({ next }) }
  }
}
