// An order with its lines, as a shop would tell it: nested objects, an array, an optional property, an enumeration.
import { Type } from '@sinclair/typebox'

export const title = 'medium: an order of eight lines'
export const packages = ['fastify-typed-sse', '@sinclair/typebox']

const LINES = 8

export const schema = Type.Object({
  id: Type.Integer(),
  status: Type.Union([Type.Literal('open'), Type.Literal('paid'), Type.Literal('sent')]),
  customer: Type.Object({ name: Type.String(), city: Type.String(), note: Type.Optional(Type.String()) }),
  lines: Type.Array(Type.Object({ article: Type.String(), quantity: Type.Integer({ minimum: 1 }), price: Type.Number() }))
})

/** @param {number} i */
export function payload (i) {
  return {
    id: i,
    status: ['open', 'paid', 'sent'][i % 3],
    customer: { name: `Customer ${i}`, city: 'Zürich', ...i % 2 === 0 && { note: 'Please leave it with the neighbours.' } },
    lines: Array.from({ length: LINES }, (_, n) => ({ article: `A-${i + n}`, quantity: n + 1, price: (i + n) / 100 }))
  }
}
