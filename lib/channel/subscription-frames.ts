import type { FrameCarrier, Frames, FrameSource, FrameTaker } from '../stream/frame-source.js'
import { shareFrames } from '../stream/shared-frames.js'
import { END_ID } from '../wire/end-id.js'
import { Message } from './message.js'
import type { Delivery, Reader } from './reader.js'

/** Characters that are joined at most: about what a stream writes at a time. */
const CHUNK_CHARS = 60 * 1024

/** What the frames of a subscription are made of. */
export interface FrameFeed {
  readonly reader: Reader
  /** Joins what others take likewise; undefined where its ids are its own. */
  readonly join: ((messages: readonly Message[]) => Frames) | undefined
  /** Why no more can come. */
  readonly error: unknown
  readonly isEnded: boolean
  readonly end: () => void
  readonly offerTo: (taker: FrameTaker) => void
}

/** The events of a subscription, frame by frame. */
export class SubscriptionFrames implements FrameSource {
  readonly #feed: FrameFeed
  readonly #carrier: FrameCarrier
  #isFinal = false

  constructor (feed: FrameFeed, carrier: FrameCarrier) {
    this.#feed = feed
    this.#carrier = carrier
  }

  get ended (): FrameSource['ended'] {
    if (this.#isFinal) return 'final'
    const { isEnded, reader } = this.#feed
    if (isEnded) return 'complete'
    return reader.isOver ? 'shutdown' : undefined
  }

  read (): Frames | undefined {
    const { reader, error, isEnded } = this.#feed
    if (error !== undefined) throw error
    // One that was ended has dropped what waited: its reader knows no more where the client stands.
    if (this.#isFinal || isEnded) return undefined
    // Nothing may follow a final event, so they have to be looked at one by one where there are such.
    const batch = this.#carrier.final.size === 0 ? reader.nextBatch() : undefined
    return batch ?? this.#gather()
  }

  offerTo (taker: FrameTaker): void {
    // One of them might end the stream, which nobody would see.
    if (this.#carrier.final.size === 0) this.#feed.offerTo(taker)
  }

  stop (): void {
    this.#feed.end()
  }

  #gather (): Frames | undefined {
    const { reader } = this.#feed
    const first = reader.next()
    if (first === undefined) return undefined
    const deliveries = [first]
    let chars = this.#note(first)
    while (!this.#isFinal && chars < CHUNK_CHARS) {
      const delivery = reader.next()
      if (delivery === undefined) break
      deliveries.push(delivery)
      chars += this.#note(delivery)
    }
    return deliveries.length === 1 ? first.message.frames(this.#idOf(first)) : this.#join(deliveries)
  }

  /** @returns Characters, about. */
  #note ({ message }: Delivery): number {
    this.#isFinal = this.#carrier.final.has(message.name)
    return message instanceof Message ? message.size : 0
  }

  #idOf ({ message, id }: Delivery): string | undefined {
    return this.#carrier.marksEnd && this.#carrier.final.has(message.name) ? END_ID : id
  }

  #join (deliveries: readonly Delivery[]): Frames {
    const messages = deliveries.flatMap(({ message }) => message instanceof Message ? message : [])
    const areOwn = deliveries.every(({ isOwn }) => isOwn)
    const { join } = this.#feed
    if (join !== undefined && areOwn && !this.#isFinal) return join(messages)
    return shareFrames(deliveries.map(delivery => delivery.message.frame(this.#idOf(delivery))).join(''), messages.length)
  }
}
