import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Follower, Log, Position, StoredRecord } from '../../types/broker.js'
import { Batch } from './batch.js'
import type { Message } from './message.js'
import type { Topic, TopicCount } from '../../types/channel.js'
import { TopicIndex } from './topic-index.js'

/** Subscribers that are served in one turn of the event loop: each takes 4 to 7 µs, nearly all of it for the socket. */
const SUBSCRIBERS_PER_TURN = 1_000

/** Who gets the messages of a channel as they come. */
export interface LiveSubscriber {
  readonly topics: readonly Topic[] | undefined
  /** Takes messages that came in one tick. */
  receive: (batch: Batch) => void
  /** Takes one message. */
  receiveOne: (message: Message) => void
  /** Called when all messages of the tick are there. */
  wake: () => void
  /** Messages may have been missed. */
  desynchronize: () => void
}

/** One tick's messages on their way to the subscribers. */
interface Round {
  readonly batch: Batch
  readonly generation: number
  readonly touched: Iterator<LiveSubscriber>
  readonly everyone: Iterator<LiveSubscriber>
}

/** The live end of a channel in this process: follows the log while there are subscribers, and hands its messages on. */
export class Live implements Follower {
  readonly #log: Log
  readonly #messageOf: (record: StoredRecord, epoch: string) => Message
  readonly #onSettled: (() => void) | undefined
  readonly #index = new TopicIndex<LiveSubscriber>()
  readonly #subscribers = new Set<LiveSubscriber>()
  #unfollow: (() => void) | undefined
  #head: Position | undefined
  #settled = 0
  /** Counts the times that the log was followed anew: what is still under way from before counts for nothing. */
  #generation = 0
  #incoming: Message[] = []
  #isScheduled = false
  #began: Promise<void> | undefined
  #onBegin: (() => void) | undefined

  /** @param onSettled Called when all have got what has come in a tick. */
  constructor (log: Log, messageOf: (record: StoredRecord, epoch: string) => Message, onSettled?: () => void) {
    this.#log = log
    this.#messageOf = messageOf
    this.#onSettled = onSettled
  }

  /** The last record that has come; undefined until the log is followed. */
  get head (): Position | undefined {
    return this.#head
  }

  /** Every live subscriber has got what it should of the records up to this offset. */
  get settled (): number {
    return this.#settled
  }

  /** Changes when the log is followed anew: those who were there have gone, or have gone back to the history. */
  get generation (): number {
    return this.#generation
  }

  get subscribers (): ReadonlySet<LiveSubscriber> {
    return this.#subscribers
  }

  /** Whether all that has come was handed on. */
  get isIdle (): boolean {
    return !this.#isScheduled
  }

  /** How many get the events of a topic. */
  count (topic: string): number {
    return this.#index.count(topic)
  }

  /** What they have named, and how many have. */
  get topics (): TopicCount[] {
    return this.#index.counts
  }

  /** Resolves when messages come. */
  began (): Promise<void> {
    this.#began ??= new Promise(resolve => { this.#onBegin = resolve })
    return this.#began
  }

  add (subscriber: LiveSubscriber): void {
    this.#subscribers.add(subscriber)
    this.#index.add(subscriber.topics, subscriber)
    this.#unfollow ??= this.#log.follow(this)
  }

  delete (subscriber: LiveSubscriber): void {
    this.#index.delete(subscriber.topics, subscriber)
    if (!this.#subscribers.delete(subscriber) || this.#subscribers.size > 0) return
    this.#unfollow?.()
    this.#unfollow = this.#head = this.#began = this.#onBegin = undefined
    this.#incoming = []
  }

  /** Takes in nothing more, and hands on what has come. */
  async close (): Promise<void> {
    this.#unfollow?.()
    this.#unfollow = () => {} // those who begin in the meantime follow nothing
    while (!this.isIdle) await nextTurn()
    this.#unfollow = undefined // those who begin later are told by the log that it is closed
  }

  begin (position: Position): void {
    const isContinuous = this.#head?.epoch === position.epoch && this.#head.offset === position.offset
    if (!isContinuous) {
      this.#incoming = []
      if (this.#head !== undefined) for (const subscriber of this.#subscribers) subscriber.desynchronize()
      this.#settled = position.offset
      this.#generation++
    }
    this.#head = position
    void this.began()
    this.#onBegin?.()
  }

  receive (records: readonly StoredRecord[]): void {
    const { epoch } = this.#head as Position
    for (const record of records) this.#incoming.push(this.#messageOf(record, epoch))
    const last = records.at(-1)
    if (last === undefined) return
    this.#head = { epoch, offset: last.offset }
    this.#schedule()
  }

  /**
   * Messages of one tick go out together, and never from within `publish()`: nextTick runs after the microtasks that are
   * under way.
   */
  #schedule (): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    process.nextTick(() => { this.#dispatch() })
  }

  #dispatch (): void {
    const messages = this.#incoming
    if (messages.length === 0) {
      this.#isScheduled = false
      return
    }
    this.#incoming = []
    const round = {
      batch: new Batch(messages),
      generation: this.#generation,
      touched: this.#dispatchByTopic(messages).values(),
      everyone: this.#index.everything.values()
    }
    this.#serve(round)
  }

  #dispatchByTopic (messages: readonly Message[]): Set<LiveSubscriber> {
    const touched = new Set<LiveSubscriber>()
    for (const message of messages) {
      const { topic } = message.record
      if (topic === undefined) continue
      this.#index.match(topic, subscriber => {
        touched.add(subscriber)
        subscriber.receiveOne(message)
      })
    }
    return touched
  }

  #serve (round: Round): void {
    const { batch, generation, touched, everyone } = round
    // Followed anew since the last turn: those who were left have gone back to the history, and some may be live again,
    // in another epoch, to which these messages mean nothing.
    if (generation !== this.#generation) {
      this.#settle(round)
      return
    }
    let room = SUBSCRIBERS_PER_TURN
    for (; room > 0; room--) {
      const { value: subscriber } = touched.next()
      if (subscriber === undefined) break
      subscriber.wake()
    }
    for (; room > 0; room--) {
      const { value: subscriber } = everyone.next()
      if (subscriber === undefined) {
        this.#settle(round)
        return
      }
      subscriber.receive(batch)
      subscriber.wake()
    }
    setImmediate(() => { this.#serve(round) })
  }

  #settle ({ batch, generation }: Round): void {
    if (generation === this.#generation) this.#settled = batch.end
    this.#onSettled?.()
    this.#isScheduled = false
    if (this.#incoming.length > 0) this.#schedule()
  }
}
