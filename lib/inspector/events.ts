import { type Static, Type } from '@sinclair/typebox'
import { eventStream } from '../schema/event-stream.js'

const Count = Type.Integer({ minimum: 0 })
const Time = Type.Number({ description: 'Milliseconds since 1970' })
/** Null until it has been measured for a second. */
const PerSecond = Type.Union([Type.Number({ minimum: 0 }), Type.Null()])

const sample = Type.Object({
  at: Time,
  streams: Count,
  eventsPerSecond: Type.Number({ minimum: 0 }),
  bytesPerSecond: Type.Number({ minimum: 0 }),
  queuedBytes: Count
})

/** What is told of a client to those who may see it. */
const Client = Type.Object({
  id: Type.String(),
  path: Type.String({ description: 'Without its query string, which may hold credentials' }),
  address: Type.String(),
  userAgent: Type.String(),
  resumedFrom: Type.Optional(Type.String())
})

const streamRow = Type.Object({
  route: Type.String(),
  openedAt: Time,
  eventsPerSecond: PerSecond,
  events: Count,
  bytes: Count,
  queuedBytes: Count,
  isResumed: Type.Boolean(),
  gaps: Count,
  client: Type.Optional(Client)
})

const TopicRow = Type.Object({ topic: Type.String(), isPrefix: Type.Boolean(), subscribers: Count })

const channelRow = Type.Object({
  channel: Type.String(),
  publishedPerSecond: PerSecond,
  published: Count,
  subscribers: Count,
  keeps: Type.String({ description: 'What of its past is kept' }),
  topicCount: Count,
  topics: Type.Optional(Type.Array(TopicRow, { description: 'Those that the most name' })),
  queuedBytes: Count,
  gaps: Count,
  lag: Count,
  publishToWriteMs: Type.Optional(Type.Number({ description: 'Of 95 in 100 at most, as the upper bound of their bucket; -1 where that has none' }))
})

/** What the page is fed. */
export const overview = eventStream({
  server: Type.Object({
    pid: Count,
    startedAt: Time,
    node: Type.String(),
    page: Type.String({ description: 'The version of the page that this server has' }),
    isOpen: Type.Boolean({ description: 'Whether there is more than numbers' })
  }),
  history: Type.Array(sample),
  now: Type.Object({
    sample: Type.Optional(sample),
    streams: Type.Object({ total: Count, rows: Type.Array(streamRow) }),
    channels: Type.Object({ total: Count, rows: Type.Array(channelRow) })
  })
})

const tailedEvent = Type.Object({
  at: Time,
  event: Type.String(),
  id: Type.Optional(Type.String()),
  data: Type.String({ description: 'As JSON; its beginning, where it is long' }),
  length: Count
})

/** The live end of one channel. */
export const tail = eventStream({
  channel: Type.Object({
    name: Type.String(),
    events: Type.Array(Type.Object({ name: Type.String(), isFinal: Type.Boolean(), schema: Type.String() }))
  }),
  events: Type.Object({
    skipped: Type.Integer({ minimum: 0, description: 'Events before these that came too fast to be shown' }),
    events: Type.Array(tailedEvent)
  })
})

export type Sample = Static<typeof sample>
export type StreamRow = Static<typeof streamRow>
export type ChannelRow = Static<typeof channelRow>
export type TailedEvent = Static<typeof tailedEvent>
