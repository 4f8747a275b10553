// A price, as in all other workloads.
import { Type } from '@sinclair/typebox'
import { payload } from '../../prices.js'

export { payload }
export const title = 'small: a price'
export const packages = ['fastify-typed-sse', '@sinclair/typebox']

export const schema = Type.Object({ symbol: Type.String(), value: Type.Number() })
