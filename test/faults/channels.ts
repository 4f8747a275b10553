import type { HistoryOptions } from '../../types/channel.js'

/** One channel keeps all, the other is trimmed all the time. */
export const HISTORIES = {
  whole: { maxEvents: 1_000_000, maxBytes: Infinity },
  trimmed: { maxEvents: 40, maxBytes: Infinity }
} satisfies Record<string, HistoryOptions>

export type ChannelName = keyof typeof HISTORIES

export const CHANNELS = Object.keys(HISTORIES) as ChannelName[]

/** Where events are kept. */
export type Mode = 'memory' | 'redis' | 'nats'

/** An event that is to be published. */
export interface Order { n: number, pad: string, key: string | undefined }

/** What became of it: its id, or the code of the error. */
export type Outcome = { id: string } | { code: string }
