import type { EventStream } from '../../types/event.js'
import type { CloseReason } from '../../types/sink.js'
import type { Frames } from '../stream/frame-source.js'
import type { Feed } from './feed.js'
import type { Message } from './message.js'

/** What a subscription reads of one channel. */
export interface Part {
  readonly channel: { readonly name: string }
  readonly feed: Feed
  readonly stream: EventStream
  /** When it has to end, in milliseconds since the epoch. */
  readonly expiresAtMs: number
  /** Joins the frames of messages that others may take likewise. */
  readonly join: (messages: readonly Message[]) => Frames
  /** Its subscriber is told that it has missed something. */
  readonly onGap: () => void
  /**
   * Tells the channel that it is read.
   *
   * @param finish Ends it, when the channel closes.
   * @returns Tells the channel that it is not read any more.
   */
  readonly arrive: (finish: () => void) => (reason: CloseReason) => void
}
