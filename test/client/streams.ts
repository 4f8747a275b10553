import { Type } from '@sinclair/typebox'
import { eventStream } from '../../lib/index.js'

const Timestamp = Type.Transform(Type.String({ format: 'date-time' }))
  .Decode(text => new Date(text))
  .Encode(date => date.toISOString())

/** Events of all kinds. */
export const mixed = eventStream({
  price: Type.Object({ symbol: Type.String(), value: Type.Number() }),
  time: Timestamp,
  log: Type.String({ contentMediaType: 'text/plain' }),
  nothing: Type.Null(),
  failed: Type.Object({ message: Type.String() })
})

export const job = eventStream({
  progress: Type.Object({ percent: Type.Number() }),
  done: Type.Null()
}, { final: ['done'] })

export const ticks = eventStream({ tick: Type.Object({ n: Type.Integer() }) })
