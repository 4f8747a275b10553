import type { Log, Page, Position } from '../../types/broker.js'
import type { Topic } from '../../types/channel.js'
import { FST_ERR_SSE_SNAPSHOT_INVALID } from '../errors.js'
import { Gap } from './gap.js'
import type { Ids } from './ids.js'
import type { Message } from './message.js'
import type { PageReads } from './page-reads.js'
import type { TakenSnapshot } from './snapshots.js'

/** Messages that are read at a time. */
const PAGE_MESSAGES = 256

const UNAVAILABLE = 'FST_ERR_SSE_BROKER_UNAVAILABLE'

/** A position that no log has: what stands after it is lost. */
const NOWHERE: Position = { epoch: '', offset: 0 }

/** An id that says nothing. */
const NO_ID: ResumedBeginning = { id: '' }

/** The past of a channel. */
export interface Past {
  readonly log: Log
  readonly reads: PageReads
  readonly name: string
  /** Whether the newest of each key is all there is. */
  readonly isLatest: boolean
  readonly messagesOf: (page: Page) => readonly Message[]
  readonly takeSnapshot: ((topics: readonly Topic[] | undefined) => Promise<TakenSnapshot>) | undefined
  readonly onSnapshotError: (error: unknown) => void
}

/** Where a subscriber begins. */
export type Beginning = 'live' | 'start' | 'snapshot' | ResumedBeginning

/** After the place that an id says. */
export interface ResumedBeginning {
  readonly id: string
  /** Whether it could begin at the start as well, so that nothing that is retained is kept from it. */
  readonly mayStart?: boolean
}

/** What was read, and the position up to which that is all. */
export interface Step {
  readonly items: ReadonlyArray<Message | Gap>
  readonly position: Position
  /** The offset after which the items stand: who has none of them comes back there. Undefined where no place is known. */
  readonly from: number | undefined
  /** Whether the items stand for the position only together. */
  readonly isSnapshot: boolean
}

/** One subscriber's way through the past of a channel, a page at a time. What is gone, it says or replaces. */
export class Replay {
  readonly #past: Past
  readonly #topics: readonly Topic[] | undefined
  readonly #ids: Ids
  readonly #head: Promise<Position>
  #beginning: Beginning | undefined
  #after: Position | undefined
  /** Whether all that is retained after what is lost is for it: a place that it was given stands before that. */
  #mayHaveRest = true
  /** Whether nothing was read since a snapshot was taken. */
  #hasSnapshot = false

  constructor (past: Past, topics: readonly Topic[] | undefined, beginning: Beginning, ids: Ids) {
    this.#past = past
    this.#topics = topics
    this.#beginning = beginning
    this.#ids = ids
    this.#head = past.log.head()
    this.#head.catch(() => {}) // who asks for the first step is told
  }

  /**
   * Takes one step.
   *
   * @param isWanted Asked when it has waited for its turn, and for its page.
   * @returns undefined when it is not wanted any more.
   * @throws FST_ERR_SSE_REPLAY_OVERLOADED, and what the log and a snapshot throw.
   */
  async next (isWanted: () => boolean): Promise<Step | undefined> {
    const beginning = this.#beginning
    this.#beginning = undefined
    if (beginning !== undefined) {
      const head = await this.#findHead(isWanted)
      if (head === undefined) return undefined
      if (beginning === 'live') return this.#step([], head, head.offset)
      if (beginning !== 'start') this.#find(beginning === 'snapshot' ? NO_ID : beginning, head)
    }
    const { log, reads, isLatest } = this.#past
    const page = await reads.run(this, async () => await persist(() => log.read(this.#after, PAGE_MESSAGES), isWanted), isWanted)
    // Those who have gone while it was read need no snapshot either.
    if (page === undefined || !isWanted()) return undefined
    if (page.lost) return await this.#recover(page)
    this.#hasSnapshot = false
    // Older values of a log that retains the latest stand before its earliest place, and are read from the start.
    const from = this.#after?.offset ?? (isLatest ? 0 : page.earliest)
    return this.#step(this.#past.messagesOf(page), endOf(page), from)
  }

  /** Nothing more is wanted: it gives its place up to those who wait. */
  stop (): void {
    this.#past.reads.leave(this)
  }

  /** Goes on from here, since what came live has a hole. */
  resume (position: Position): void {
    this.#after = position
  }

  #find ({ id, mayStart = false }: ResumedBeginning, { epoch }: Position): void {
    const { position, isOwn } = this.#ids.read(id, epoch)
    this.#after = position ?? NOWHERE
    this.#mayHaveRest = isOwn || mayStart
  }

  async #findHead (isWanted: () => boolean): Promise<Position | undefined> {
    let head: Promise<Position> | undefined = this.#head
    return await persist(() => {
      const asked = head ?? this.#past.log.head()
      head = undefined
      return asked
    }, isWanted)
  }

  /** What is lost is replaced by a snapshot, or told. */
  async #recover (page: Page): Promise<Step> {
    const { takeSnapshot, onSnapshotError, isLatest } = this.#past
    const mayHaveRest = this.#mayHaveRest
    this.#mayHaveRest = true // from here on, it is told where it stands
    if (takeSnapshot !== undefined) {
      try {
        return await this.#takeSnapshot(takeSnapshot, page)
      } catch (error) {
        onSnapshotError(error)
      }
    }
    const { epoch, through, earliest } = page
    // The newest of every key follow. Who leaves before it has got them has nothing yet.
    const startsAnew = isLatest && mayHaveRest
    const position = { epoch, offset: startsAnew ? 0 : through }
    const from = this.#after?.epoch === epoch ? this.#after.offset : undefined
    const step = this.#step([new Gap(position.offset, mayHaveRest ? earliest : through)], position, from)
    if (startsAnew) this.#after = undefined
    return step
  }

  async #takeSnapshot (take: NonNullable<Past['takeSnapshot']>, { epoch, earliest }: Page): Promise<Step> {
    // A second one right after the first would have the same fate, and so on for ever.
    if (this.#hasSnapshot) throw outOfDate(this.#past.name)
    const { messages, position } = await take(this.#topics)
    if (position.epoch === epoch && position.offset < earliest) throw outOfDate(this.#past.name)
    this.#hasSnapshot = true
    return this.#step(messages, position, undefined, true)
  }

  #step (items: ReadonlyArray<Message | Gap>, position: Position, from: number | undefined, isSnapshot = false): Step {
    this.#after = position
    return { items, position, from, isSnapshot }
  }
}

/** Asks until the broker can be reached: who has subscribed while it is away waits for it. */
async function persist<T> (ask: () => Promise<T>, isWanted: () => boolean): Promise<T | undefined> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      // By its code, since a broker may come from the other copy of this package.
      if ((error as { code?: unknown } | undefined)?.code !== UNAVAILABLE) throw error
      if (!isWanted()) return undefined
    }
  }
}

function outOfDate (channel: string): Error {
  return FST_ERR_SSE_SNAPSHOT_INVALID(channel, 'stand for a position after which every event is retained, instead got one from before the history begins')
}

function endOf ({ epoch, through }: Page): Position {
  return { epoch, offset: through }
}
