import type { DecodedEvent } from '../schema/codec.js'
import type { Frames } from '../stream/frame-source.js'

/** What a subscriber may be sent: a channel's message, or a notice about their sequence. */
export interface Sendable {
  /** The event's name. */
  readonly name: string
  readonly frame: (id: string | undefined) => string
  /** The frame, encoded. */
  readonly frames: (id: string | undefined) => Frames
  /** The event, for code; undefined for one that this version of the app can't decode. */
  readonly withId: (id: string | undefined) => DeliveredEvent | undefined
}

/** An event as code that iterates a subscription gets it. */
export interface DeliveredEvent extends DecodedEvent { id?: string }
