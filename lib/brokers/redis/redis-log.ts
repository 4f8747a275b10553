import { randomUUID } from 'node:crypto'
import type { Follower, LogOptions, NewRecord, Page, Position, StoredRecord } from '../../../types/broker.js'
import { FST_ERR_SSE_BROKER_FAILED, FST_ERR_SSE_BROKER_UNAVAILABLE } from '../../errors.js'
import { withCause } from '../../with-cause.js'
import { EngineFollowers } from '../engine-followers.js'
import { Recent } from '../recent.js'
import type { SharedLog } from '../shared-logs.js'
import { SingleFlight } from '../single-flight.js'
import type { LogKeys } from './keys.js'
import { Outbox } from './outbox.js'
import { Store } from './store.js'
import type { Server } from './server.js'
import { Unreachable } from './unreachable.js'

export interface RedisLogOptions extends LogOptions {
  readonly keys: LogKeys
  readonly timeoutMs: number
  readonly maxPendingBytes: number
  readonly server: Server
  /** Whoever reads streams live. */
  readonly reader: { add: (log: RedisLog) => void, delete: (log: RedisLog) => void }
  /** Called when nobody needs it any more. */
  readonly onClosed: () => void
}

/** A log in Redis, for all of this process who have opened it. */
export class RedisLog implements SharedLog {
  readonly store: Store
  readonly #options: RedisLogOptions
  readonly #outbox: Outbox
  readonly #followers: EngineFollowers
  /** A log that retains the latest has no need of it: what was replaced need not be read. */
  readonly #recent: Recent | undefined
  readonly #heads: SingleFlight<Position>
  /** What Redis is asked and has not answered. */
  readonly #questions = new Set<Promise<unknown>>()

  constructor (options: RedisLogOptions) {
    const { keys, name: channel, timeoutMs, maxPendingBytes, retention, server } = options
    this.#options = options
    this.store = new Store(keys, options, async (script, keys, args) => await server.run(script, keys, args))
    const sender = randomUUID()
    this.#outbox = new Outbox({
      channel,
      timeoutMs,
      maxPendingBytes,
      ready: async () => { await server.ready() },
      store: async (batch, number) => await this.store.append(sender, number, batch)
    })
    this.#heads = new SingleFlight(async () => await this.#findHead())
    const findHead = async (): Promise<Position> => await this.#heads.run()
    const readPage = async (after: Position | undefined, limit: number): Promise<Page> => await this.#readPage(after, limit)
    this.#recent = retention.latest === true ? undefined : new Recent({ findHead, readPage })
    this.#followers = new EngineFollowers(findHead)
  }

  async append (record: NewRecord, idempotencyKey?: string): Promise<Position> {
    return await this.#outbox.add(record, idempotencyKey)
  }

  async head (): Promise<Position> {
    return await this.#remember(this.#heads.run())
  }

  async read (after: Position | undefined, limit: number): Promise<Page> {
    return await this.#remember(this.#recent?.read(after, limit) ?? this.#readPage(after, limit))
  }

  follow (follower: Follower): () => void {
    const remove = this.#followers.add(follower)
    if (this.#followers.size === 1) this.#options.reader.add(this)
    let isFollowing = true
    return () => {
      if (!isFollowing) return
      isFollowing = false
      remove()
      if (this.#followers.size > 0) return
      this.#options.reader.delete(this)
      this.#followers.reset()
      this.#recent?.clear()
    }
  }

  /** Called by the reader: what it hands on next stands right after this position. */
  begin (position: Position): void {
    this.store.see(position)
    this.#recent?.begin(position)
    this.#followers.begin(position)
  }

  /** Called by the reader. */
  receive (records: readonly StoredRecord[]): void {
    const { epoch } = this.#followers.position as Position
    this.store.see({ epoch, offset: (records.at(-1) as StoredRecord).offset })
    this.#recent?.push(records)
    this.#followers.receive(records) // after which there may be none
  }

  async close (): Promise<void> {
    await Promise.allSettled([this.#outbox.drain(), ...this.#questions])
    this.#options.onClosed()
  }

  async #readPage (after: Position | undefined, limit: number): Promise<Page> {
    return await this.#ask(async () => await this.store.read(after, limit))
  }

  async #findHead (): Promise<Position> {
    const { epoch, offset } = await this.#ask(async () => await this.store.head())
    // Where another epoch has begun, what had arrived of the one before is not what Redis has.
    if (this.#followers.position?.epoch !== epoch) this.#recent?.clear()
    return { epoch, offset }
  }

  async #ask<T> (question: () => Promise<T>): Promise<T> {
    const { name, timeoutMs, server } = this.#options
    try {
      return await server.ask(question)
    } catch (error) {
      if (error instanceof Unreachable) throw FST_ERR_SSE_BROKER_UNAVAILABLE(name, timeoutMs)
      throw FST_ERR_SSE_BROKER_FAILED(name, (error as Error).message, ...withCause(error))
    }
  }

  /** Whoever closes the log lets it be answered. */
  async #remember<T> (answer: Promise<T>): Promise<T> {
    this.#questions.add(answer)
    try {
      return await answer
    } finally {
      this.#questions.delete(answer)
    }
  }
}
