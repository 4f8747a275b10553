import type { Frames } from '../stream/frame-source.js'
import { Gap } from './gap.js'
import type { Message } from './message.js'
import { Notice } from './notice.js'
import type { Part } from './part.js'
import { formatId } from './position.js'
import type { Sendable } from './sendable.js'

/** Something to send, and the id with which the subscriber is told where it stands. */
export interface Delivery {
  readonly message: Sendable
  readonly id: string | undefined
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
    return this.#feed?.offered?.id ?? this.#told
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
    const batch = this.#feed?.takeBatch()
    if (batch !== undefined) this.#tell(batch.id)
    return batch?.frames
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
    const id = message.offset === undefined ? undefined : this.#idOf(feed, message)
    // A snapshot stands for a position only when it is whole.
    if (id === undefined) this.#isPositionDue = true
    else this.#tell(id)
    return { message, id }
  }

  /** Its own, which all share, where nothing else is to be said. */
  #idOf (feed: Part['feed'], message: Message): string | undefined {
    return this.#feed !== undefined && feed.taken === message.offset ? message.id : this.#id()
  }

  #gap (part: Part, { earliest }: Gap): Delivery {
    const requested = this.told ?? ''
    const positions = this.#parts.flatMap(({ feed }) => {
      const { position } = feed
      return position === undefined ? [] : feed === part.feed ? { ...position, offset: earliest } : position
    })
    const id = this.#id()
    this.#tell(id)
    return { message: new Notice('stream-gap', { requested, earliest: formatId(positions) }), id }
  }

  #position (): Delivery | undefined {
    if (!this.#isPositionDue || !this.#parts.every(({ feed }) => feed.isCurrent || feed.isOver)) return undefined
    this.#isPositionDue = false
    const id = this.#id()
    // The empty one, of who has not found its place, would take away the id that the subscriber has.
    if (id === '' || id === this.told) return undefined
    this.#tell(id)
    return { message: new Notice('stream-position', null), id }
  }

  #tell (id: string | undefined): void {
    this.#told = id
    if (this.#feed !== undefined) this.#feed.offered = undefined
  }

  #id (): string {
    return formatId(this.#parts.flatMap(({ feed }) => feed.position ?? []))
  }
}
