import { Type } from '@sinclair/typebox'
import { eventStream } from '../../lib/index.js'

/** The streams that the tests of this folder declare. */
export const prices = eventStream({
  price: Type.Object({ symbol: Type.String(), value: Type.Number() }),
  halt: Type.Object({ reason: Type.String() })
})
const { price } = prices.event
export const { halt } = prices.event

export const acme = (value: number) => price({ symbol: 'ACME', value })
/** What is received of {@link acme}. */
export const acmeReceived = (value: number) => ({ event: 'price', data: { symbol: 'ACME', value } }) as const

export const declared = { schema: { response: { 200: prices } } }
