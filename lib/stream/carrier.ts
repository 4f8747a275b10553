import type { CloseReason } from '../../types/sink.js'

/** Why a subscription can't go on: it was too slow, has expired, its channel was closed, or too many come back at once. */
export type EarlyEnd = 'slow' | 'expired' | 'shutdown' | 'overloaded'

/** What a client did not get of what had come for it. */
export interface Missed {
  /** Events in whose stead it was sent newer ones of their keys, since it was slow. */
  readonly conflated: number
  /** Events that waited for it when its subscription ended, without those of the tick that was too much. */
  readonly dropped: number
}

/** The answer to a request, as those see it who feed it from afar. */
export interface Carrier {
  /** The id that the client comes back with; the empty one if it can't be read, and undefined if there is none. */
  readonly resumesFrom: string | undefined
  /** Aborts when the answer has ended. */
  readonly signal: AbortSignal
  /** Why it has. */
  readonly reason: CloseReason | undefined
  /** How often its client was told that it has missed something. */
  gaps: number
  /** One of its subscriptions has ended. */
  addMissed: (missed: Missed) => void
  /** How many bytes may wait for the client, beside what was handed to its socket. */
  readonly maxBufferedBytes: number
  /** Ends the answer, if it is an event stream that has begun: its subscription can't go on. */
  endFor: (reason: EarlyEnd) => void
}
