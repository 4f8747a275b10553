import { Type } from '@sinclair/typebox'
import { eventStream } from '../../lib/index.js'

/** The streams that the tests of this folder declare. */
export const prices = eventStream({
  price: Type.Object({ symbol: Type.String(), value: Type.Number() }),
  halt: Type.Object({ reason: Type.String() })
})
export const { price, halt } = prices.event

export const job = eventStream({
  progress: Type.Object({ percent: Type.Number() }),
  done: Type.Null()
}, { final: ['done'] })
export const { progress, done } = job.event

export const acme = price({ symbol: 'ACME', value: 1 })
export const ACME_FRAME = 'event: price\ndata: {"symbol":"ACME","value":1}\n\n'

/** What a stream begins with, by default. */
export const START = 'retry: 2000\n'
