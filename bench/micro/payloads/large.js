// All prices of a market at once, as a snapshot has them.
import { Type } from '@sinclair/typebox'
import { payload as price } from '../../prices.js'
import { schema as priceSchema } from './small.js'

export const title = 'large: 500 prices'
export const packages = ['fastify-typed-sse', '@sinclair/typebox']

const PRICES = 500

export const schema = Type.Object({ market: Type.String(), prices: Type.Array(priceSchema) })

/** @param {number} i */
export function payload (i) {
  return { market: 'main', prices: Array.from({ length: PRICES }, (_, n) => price(i * PRICES + n)) }
}
