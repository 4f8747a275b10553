import { Type } from '@sinclair/typebox'
import { eventStream } from '../../lib/index.js'

/** Numbers, so that an order can be seen. */
export const counts = eventStream({ count: Type.Number(), total: Type.Object({ sum: Type.Number() }) })
export const { count, total } = counts.event

export const notes = eventStream({ note: Type.String() })
export const { note } = notes.event

export const quotes = eventStream({
  quote: Type.Object({ symbol: Type.String(), value: Type.Number() }),
  gone: Type.Object({ symbol: Type.String() })
})
export const { quote, gone } = quotes.event
