import type { Position } from '../../types/broker.js'
import type { Topic } from '../../types/channel.js'
import type { Missed } from '../stream/carrier.js'
import type { FrameTaker } from '../stream/frame-source.js'
import { Backlog } from './backlog.js'
import type { Batch } from './batch.js'
import { Gap } from './gap.js'
import type { Ids } from './ids.js'
import type { Live, LiveSubscriber } from './live.js'
import type { Message } from './message.js'
import { type Beginning, type Past, Replay, type Step } from './replay.js'
import { topicFilter } from './topic-filter.js'

/** The channel that a feed reads. */
export interface FeedChannel {
  readonly past: Past
  readonly live: Live
}

/** What a subscriber wants of a channel. */
export interface Wish {
  readonly topics: readonly Topic[] | undefined
  readonly filter: ((message: Message) => boolean) | undefined
  readonly beginning: Beginning
  readonly ids: Ids
}

/** Who takes what a feed has. */
export interface FeedReader {
  /**
   * Called when there is something to take.
   *
   * @returns Whether what it leaves is taken soon.
   */
  onReady: () => boolean
  /** Called when no more can come. */
  onFailed: (error: unknown) => void
  /** Called when more comes than what waits already. @returns Whether that is too much, and the reader has ended. */
  isTooMuch: () => boolean
}

/**
 * One subscriber's way through a channel: first its past, page by page as the reader asks for more, then its live end.
 * It joins that when it has read everything up to it, so that nothing is missed or doubled in between, and nothing has
 * to be parked. Where the live end itself has missed something, it goes back to the past.
 */
export class Feed implements LiveSubscriber {
  readonly topics: readonly Topic[] | undefined
  /** What was taken past the reader last, since that has taken anything itself. */
  offered: Batch | undefined
  readonly #channel: FeedChannel
  readonly #filter: Wish['filter']
  readonly #isForTopic: (topic: string | undefined) => boolean
  readonly #replay: Replay
  /** What waits. Most subscribers are handed everything at once, and never have one. */
  #backlog: Backlog<Message | Gap> | undefined
  #ids: Ids
  #reader: FeedReader | undefined
  #taker: FrameTaker | undefined
  #state: 'idle' | 'replaying' | 'reading' | 'live' | 'ended' = 'idle'
  #epoch: string | undefined
  /** All that is wanted up to here is in the backlog, or was taken. */
  #cursor = 0
  /** What was taken stands for everything up to here; undefined in the midst of a snapshot. */
  #taken: number | undefined
  /** What came in one tick, as long as nothing else waits. */
  #batch: Batch | undefined
  #isRoundOver = true
  /** Characters that still wait of what was read from the past: a page is as large as it is, however fast its reader. */
  #replayed = 0

  constructor (channel: FeedChannel, { topics, filter, beginning, ids }: Wish) {
    this.topics = topics
    this.#channel = channel
    this.#filter = filter
    this.#ids = ids
    this.#isForTopic = topicFilter(topics)
    this.#replay = new Replay(channel.past, topics, beginning, ids)
  }

  /** What its reader is told of places in the channel. */
  get ids (): Ids {
    return this.#ids
  }

  /** The reader has everything up to here; undefined where that can't be said. */
  get position (): Position | undefined {
    if (this.#epoch === undefined) return undefined
    const offset = this.#isEmpty ? this.#settled : this.#taken
    return offset === undefined ? undefined : { epoch: this.#epoch, offset }
  }

  /** What was taken last stands for everything up to here. */
  get taken (): number | undefined {
    return this.#taken
  }

  /** Characters that wait, but for those that were read from the past. */
  get waiting (): number {
    return Math.max(0, this.#waitingSize - this.#replayed)
  }

  /** Whether it has found where it begins. */
  get hasBegun (): boolean {
    return this.#epoch !== undefined
  }

  /** Whether the reader has everything that there is. */
  get isCurrent (): boolean {
    return this.#state === 'live' && this.#isEmpty
  }

  /** Whether nothing is left, and nothing more will come. */
  get isOver (): boolean {
    return this.#state === 'ended' && this.#isEmpty
  }

  start (reader: FeedReader): void {
    this.#ids = this.#ids.hold()
    this.#reader = reader
    this.#state = 'replaying'
    this.#channel.live.add(this)
    this.#advance()
  }

  /** What comes in one tick may be taken past the reader, where that has taken everything else. */
  offerTo (taker: FrameTaker): void {
    this.#taker = taker
  }

  /** Nothing more comes; what waits can still be taken. */
  finish (): void {
    if (this.#state !== 'idle' && this.#state !== 'ended') {
      this.#channel.live.delete(this)
      this.#ids.release()
    }
    this.#state = 'ended'
    this.#replay.stop()
  }

  /** Nothing more is wanted. @returns What its reader did not get of what has come for it. */
  stop (): Missed {
    this.finish()
    this.#unpack()
    const backlog = this.#backlog
    let dropped = 0
    for (let item = backlog?.shift(); item !== undefined; item = backlog?.shift()) if (!(item instanceof Gap)) dropped++
    this.#backlog = undefined
    return { conflated: backlog?.conflated ?? 0, dropped }
  }

  /** Takes what came last, where it is whole and all that waits. */
  takeBatch (): Batch | undefined {
    const batch = this.#batch
    this.#batch = undefined
    this.#taken = batch?.end ?? this.#taken
    return batch
  }

  take (): Message | Gap | undefined {
    this.#unpack()
    const backlog = this.#backlog
    const item = backlog?.shift()
    if (backlog === undefined || item === undefined) {
      this.#advance()
      return undefined
    }
    this.#taken = backlog.place
    this.#replayed = Math.max(0, this.#replayed - item.size)
    return item
  }

  receive (batch: Batch): void {
    if (this.#state !== 'live') return
    const isWhole = this.#cursor < batch.begin && this.#filter === undefined
    if (isWhole && this.#isEmpty) {
      this.#offer(batch)
    } else if (this.#hasRoom()) {
      for (const message of batch.messages) this.#add(message)
    }
  }

  receiveOne (message: Message): void {
    if (this.#state === 'live' && this.#hasRoom()) this.#add(message)
  }

  wake (): void {
    this.#isRoundOver = true
    if (this.#isEmpty || this.#reader?.onReady() === true) return
    this.#unpack()
    this.#backlog?.conflate()
  }

  desynchronize (): void {
    if (this.#state !== 'live') return
    this.#cursor = this.#settled
    this.#replay.resume({ epoch: this.#epoch as string, offset: this.#cursor })
    this.#state = 'replaying'
    this.#reader?.onReady()
  }

  get #isEmpty (): boolean {
    return this.#batch === undefined && (this.#backlog === undefined || this.#backlog.length === 0)
  }

  /** Characters of the frames that wait, without a batch. */
  get #waitingSize (): number {
    return this.#backlog?.size ?? 0
  }

  get #settled (): number {
    return this.#state === 'live' ? Math.max(this.#cursor, this.#channel.live.settled) : this.#cursor
  }

  /** What is left of the ticks before must not be too much; one tick alone may be, since the reader had no chance yet. */
  #hasRoom (): boolean {
    if (!this.#isRoundOver) return true
    this.#isRoundOver = false
    if (this.#isEmpty) return true
    this.#unpack()
    this.#backlog?.conflate()
    return this.#reader?.isTooMuch() !== true
  }

  #offer (batch: Batch): void {
    const isTaken = this.#isTakenDirectly(batch)
    this.#taken = isTaken ? batch.end : this.#settled
    this.#cursor = batch.end
    if (isTaken) this.offered = batch
    else this.#batch = batch
  }

  #isTakenDirectly (batch: Batch): boolean {
    try {
      return this.#taker?.offer(this.#ids.framesOf(batch)) === true
    } catch (error) {
      this.#reader?.onFailed(error) // thrown on, it would keep the others from being served
      return true
    }
  }

  #wait (item: Message | Gap): void {
    this.#backlog ??= new Backlog(this.#channel.past.isLatest)
    this.#backlog.push(item)
  }

  #unpack (): void {
    for (const message of this.#batch?.messages ?? []) this.#wait(message)
    this.#batch = undefined
  }

  #add (message: Message): void {
    const offset = message.offset as number
    // What it has read from the history comes live once more, and so does what two of its topics match.
    if (offset <= this.#cursor) return
    const settled = this.#settled
    this.#cursor = offset
    if (this.#passes(message)) this.#push(message, settled)
  }

  /** @param before Where the reader stands if it has taken all that waits. */
  #push (item: Message | Gap, before: number | undefined): void {
    if (this.#isEmpty) this.#taken = before
    this.#wait(item)
  }

  #passes (message: Message): boolean {
    if (this.#filter === undefined) return true
    if (this.#state === 'ended') return false // it has thrown before
    try {
      return this.#filter(message)
    } catch (error) {
      this.#reader?.onFailed(error)
      return false
    }
  }

  #advance (): void {
    if (this.#state !== 'replaying') return
    this.#state = 'reading'
    this.#read().catch((error: unknown) => { if (this.#state !== 'ended') this.#reader?.onFailed(error) })
  }

  async #read (): Promise<void> {
    const { live } = this.#channel
    // First of all it has to be known where the live end begins: what comes before that is history.
    await live.began()
    const step = await this.#replay.next(() => this.#state !== 'ended')
    if (this.#state === 'ended' || step === undefined) return
    const head = live.head as Position
    // Joined in the same turn in which this is found: nothing can come in between.
    this.#state = step.position.epoch === head.epoch && step.position.offset >= head.offset ? 'live' : 'replaying'
    this.#take(step)
    this.#reader?.onReady()
  }

  #take ({ items, position, from, isSnapshot }: Step): void {
    this.#epoch = position.epoch
    this.#cursor = position.offset
    for (const item of items) {
      if (item instanceof Gap || ((isSnapshot || this.#isForTopic(item.record.topic)) && this.#passes(item))) this.#push(item, from)
    }
    this.#replayed = this.#waitingSize
  }
}
