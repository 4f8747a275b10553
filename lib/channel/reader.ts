import type { Frames } from '../stream/frame-source.js'
import type { Batch } from './batch.js'
import { Gap } from './gap.js'
import type { Message } from './message.js'
import { Notice } from './notice.js'
import type { Part } from './part.js'
import { joinIds } from './position.js'
import type { Sendable } from './sendable.js'

/** Something to send, and the id with which the subscriber is told where it stands. */
export interface Delivery {
  readonly message: Sendable
  readonly id: string | undefined
  /** Whether that is the message's own id, by which all who are told the same have the same frame. */
  readonly isOwn: boolean
}

/** Reads the parts of a subscription by turns, and keeps account of where its subscriber stands. */
export class Reader {
  readonly #parts: readonly Part[]
  /** Of the only channel. */
  readonly #feed: Part['feed'] | undefined
  #told: string | undefined
  /** Whether it has to be told where it stands, when it has everything. */
  #isPositionDue = true
  #turn = 0

  constructor (parts: readonly Part[], lastEventId: string | undefined) {
    this.#parts = parts
    this.#feed = parts.length === 1 ? parts[0]?.feed : undefined
    this.#told = lastEventId
  }

  /** The id that the subscriber was told last, or came with. */
  get told (): string | undefined {
    return idOfLast(this.#feed, this.#feed?.offered) ?? this.#told
  }

  /** Whether nothing is left, and nothing more will come. */
  get isOver (): boolean {
    return this.#parts.every(({ feed }) => feed.isOver)
  }

  /** The subscriber's position may have moved without an event of its own. */
  tellPosition (): void {
    this.#isPositionDue = true
  }

  /** What came last in the only channel, where that is all that waits. */
  nextBatch (): Frames | undefined {
    const feed = this.#feed
    const batch = feed?.takeBatch()
    if (feed === undefined || batch === undefined) return undefined
    this.#tell(idOfLast(feed, batch))
    return feed.ids.framesOf(batch)
  }

  next (): Delivery | undefined {
    const parts = this.#parts
    // The id stands for all of them, so none can begin before it is known where each does.
    if (!parts.every(({ feed }) => feed.hasBegun || feed.isOver)) return undefined
    for (let i = 0; i < parts.length; i++) {
      const part = parts[(this.#turn + i) % parts.length] as Part
      const item = part.feed.take()
      if (item === undefined) continue
      this.#turn += i + 1
      return item instanceof Gap ? this.#gap(part, item) : this.#message(part, item)
    }
    return this.#position()
  }

  #message ({ feed }: Part, message: Message): Delivery {
    // Its own, where nothing else is to be said.
    const isOwn = message.offset === undefined || (this.#feed !== undefined && feed.taken === message.offset)
    const id = isOwn ? feed.ids.of(message) : this.#id()
    // A snapshot stands for a position only when it is whole.
    if (id === undefined) this.#isPositionDue = true
    else this.#tell(id)
    return { message, id, isOwn }
  }

  #gap (part: Part, { earliest }: Gap): Delivery {
    part.onGap()
    const requested = this.told ?? ''
    const id = this.#id()
    this.#tell(id)
    return { message: new Notice('stream-gap', { requested, earliest: this.#id({ feed: part.feed, offset: earliest }) }), id, isOwn: false }
  }

  #position (): Delivery | undefined {
    if (!this.#isPositionDue || !this.#parts.every(({ feed }) => feed.isCurrent || feed.isOver)) return undefined
    this.#isPositionDue = false
    const id = this.#id()
    // The empty one, of who has not found its place, would take away the id that the subscriber has.
    if (id === '' || id === this.told) return undefined
    this.#tell(id)
    return { message: new Notice('stream-position', null), id, isOwn: false }
  }

  #tell (id: string | undefined): void {
    this.#told = id
    if (this.#feed !== undefined) this.#feed.offered = undefined
  }

  /** Where it stands in all of its channels, or at another place in one of them. */
  #id (other?: { feed: Part['feed'], offset: number }): string {
    return joinIds(this.#parts.flatMap(({ feed }) => {
      const { position } = feed
      return position === undefined ? [] : feed.ids.format(feed === other?.feed ? { ...position, offset: other.offset } : position)
    }))
  }
}

function idOfLast (feed: Part['feed'] | undefined, batch: Batch | undefined): string | undefined {
  return batch?.last && feed?.ids.of(batch.last)
}
