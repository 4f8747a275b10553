import type { Position } from '../../types/broker.js'
import type { Frames } from '../stream/frame-source.js'
import type { Batch } from './batch.js'
import type { Message } from './message.js'
import { formatId, MAX_ID_LENGTH, positionIn } from './position.js'

/** What an id says about a log. */
export interface Found {
  /** Undefined where it says nothing about the log's present life. */
  readonly position: Position | undefined
  /** Whether the log's ids are given to everybody, or this one was given to those who may have it. */
  readonly isOwn: boolean
}

/** How a subscriber of a channel is told where it stands, and how that is read when it comes back. */
export interface Ids {
  /** Characters of an id about this channel alone, at most. */
  readonly maxLength: number
  /** The id of a message by itself; undefined for a part of a snapshot. */
  readonly of: (message: Message) => string | undefined
  /** The frames of a batch with these ids, the same for all who have them. */
  readonly framesOf: (batch: Batch) => Frames
  readonly format: (position: Position) => string
  /** @param epoch Any epoch of the log's present life. */
  readonly read: (id: string, epoch: string) => Found
  /** Somebody begins to use them. @returns Those that are shared with all who need the same. */
  readonly hold: () => Ids
  /** Whoever has held these uses them no more. */
  readonly release: () => void
}

/** Ids that are the same for everybody, and that everybody could make. */
export const plainIds: Ids = {
  maxLength: MAX_ID_LENGTH,
  of: ({ id }) => id,
  framesOf: ({ frames }) => frames,
  format: position => formatId([position]),
  read: (id, epoch) => ({ position: positionIn(id, epoch), isOwn: true }),
  hold: () => plainIds,
  release () {}
}
