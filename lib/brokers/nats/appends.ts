import type { Msg } from '@nats-io/nats-core'
import type { NewRecord, Position } from '../../../types/broker.js'
import { FST_ERR_SSE_BROKER_OVERLOADED, FST_ERR_SSE_BROKER_UNAVAILABLE, FST_ERR_SSE_PUBLISH_UNCERTAIN } from '../../errors.js'
import { withCause } from '../../with-cause.js'
import { backoffMs } from '../backoff.js'
import { type Asker, type Link, resultOf } from './link.js'
import { hash, subjectOf } from './names.js'
import { encodeRecord } from './payload.js'
import type { Patience } from './persist.js'
import { onlyOnce, type Stream } from './stream.js'
import { toEpoch } from './term.js'
import { Away, failed, Lost, Refusal } from './trouble.js'

/** What a record without much data counts as, so that many of them are too much as well. */
const MIN_BYTES = 100

/** What a message's header takes beside its key, at most. */
const HEADER_BYTES = 100

export interface AppendsOptions extends Patience {
  readonly maxPendingBytes: number
  /** Whether keys are remembered at all. */
  readonly remembersKeys: boolean
}

interface PubAck {
  readonly seq: number
  readonly duplicate?: boolean
}

/** One append, until it is known what has become of it. */
interface Pending {
  readonly record: NewRecord
  readonly key: string | undefined
  readonly bytes: number
  readonly deadline: number
  /** Whether the server may have it although it is not under way. */
  mayBeStored: boolean
  /** Takes it back. */
  forget: () => void
  readonly resolve: (position: Position | Promise<Position>) => void
  readonly reject: (error: Error) => void
}

/**
 * Stores records in the order of the calls, many at a time. They wait here while there is no connection, since the
 * client would keep them for whichever server comes next, with the term of the last one.
 */
export class Appends {
  readonly #link: Link
  readonly #stream: Stream
  readonly #options: AppendsOptions
  #waiting: Pending[] = []
  readonly #sent = new Set<Pending>()
  /** Sent, and not stored: to be sent again, before the others. */
  #again: Pending[] = []
  #pendingBytes = 0
  #life: string | undefined
  /**
   * Whether something was stored since the stream was there. A server tells of a new stream before it takes messages for
   * it: until one was stored, they are sent one by one, so that none is overtaken.
   */
  #isOpen = false
  #isPreparing = false
  #tries = 0
  #lastSeq = 0
  #timer: NodeJS.Timeout | undefined
  #idle: Array<() => void> = []

  constructor (link: Link, stream: Stream, options: AppendsOptions) {
    this.#link = link
    this.#stream = stream
    this.#options = options
  }

  /** Bytes that wait to be stored. */
  get pendingBytes (): number {
    return this.#pendingBytes
  }

  async append (record: NewRecord, idempotencyKey?: string): Promise<Position> {
    const { channel, timeoutMs, maxPendingBytes, remembersKeys } = this.#options
    const bytes = Math.max(MIN_BYTES, Buffer.byteLength(record.data))
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > maxPendingBytes) throw FST_ERR_SSE_BROKER_OVERLOADED(channel, maxPendingBytes)
    return await new Promise<Position>((resolve, reject) => {
      const key = remembersKeys ? idempotencyKey : undefined
      const deadline = performance.now() + timeoutMs
      this.#pendingBytes += bytes
      this.#waiting.push({ record, key, bytes, deadline, mayBeStored: false, forget: () => {}, resolve, reject })
      this.#watch(timeoutMs)
      this.#pump()
    })
  }

  /** Everything that was sent is lost: those with a key are sent again, about the others nobody knows. */
  onLost (): void {
    this.#life = undefined
    this.#isOpen = false
    this.#requeue()
  }

  onBack (): void {
    this.#pump()
  }

  /** Resolves when nothing waits any more. */
  async settled (): Promise<void> {
    if (this.#pendingBytes > 0) await new Promise<void>(resolve => { this.#idle.push(resolve) })
  }

  #pump (): void {
    if (this.#again.length > 0 || this.#waiting.length === 0) return
    const { term } = this.#link
    if (this.#life === undefined || term === undefined) {
      void this.#prepare()
      return
    }
    if (!this.#isOpen && this.#sent.size > 0) return
    const next = this.#waiting.splice(0, this.#isOpen ? Infinity : 1)
    for (const pending of next) this.#send(pending, this.#life, term)
  }

  async #prepare (): Promise<void> {
    if (this.#isPreparing) return
    this.#isPreparing = true
    while (this.#waiting.length > 0 && this.#life === undefined) {
      try {
        if (this.#tries > 0) await this.#link.pause(backoffMs(this.#tries))
        this.#tries++
        this.#life = await this.#stream.ready()
      } catch (error) {
        if (!(error instanceof Away)) this.#failAll(error)
      }
    }
    this.#isPreparing = false
    if (this.#life !== undefined) this.#pump()
  }

  #send (pending: Pending, life: string, term: string): void {
    const { channel } = this.#options
    const { record, key } = pending
    try {
      const payload = encodeRecord(term, record)
      const size = payload.length + (key === undefined ? 0 : HEADER_BYTES)
      if (size > this.#link.maxPayload) throw new Refusal(`an event takes ${size} bytes with its name and topic, and the server takes ${this.#link.maxPayload} at most (max_payload)`)
      const asker: Asker = {
        onReply: message => {
          this.#onReply(pending, message, life, term)
          return false
        },
        onFailed: error => { this.#onFailed(pending, error) }
      }
      const subject = subjectOf(this.#stream.names, this.#stream.isLatest ? record.key ?? '' : undefined)
      pending.forget = this.#link.ask(subject, payload, asker, key === undefined ? {} : { headers: onlyOnce(hash(key)) })
      this.#sent.add(pending)
    } catch (error) {
      this.#end(pending, () => { pending.reject(failed(channel, error)) })
    }
  }

  #onReply (pending: Pending, message: Msg, life: string, term: string): void {
    this.#sent.delete(pending)
    try {
      const { seq, duplicate = false } = resultOf(message) as PubAck
      this.#tries = 0
      this.#failOvertaken()
      this.#end(pending, () => { pending.resolve(this.#positionOf(seq, duplicate, life, term)) })
      if (this.#isOpen) return
      this.#isOpen = true
      this.#pump()
    } catch (error) {
      this.#onFailed(pending, error as Error)
    }
  }

  /** Resolves at once where that is certain: a promise takes turns. */
  #positionOf (seq: number, isDuplicate: boolean, life: string, term: string): Position | Promise<Position> {
    if (isDuplicate) return this.#placeOfFirst(seq, life, term)
    const isNewLife = seq <= this.#lastSeq
    this.#lastSeq = seq
    return isNewLife ? this.#placeInNewLife(seq, term) : { epoch: toEpoch(life, term), offset: seq }
  }

  /** The first use of a key may have been stored in another term. */
  async #placeOfFirst (seq: number, life: string, term: string): Promise<Position> {
    const found = await this.#stream.termAt(seq).catch(() => term)
    return { epoch: toEpoch(life, found), offset: seq }
  }

  /** Numbers that begin again are those of another stream, which somebody has made in the meantime. */
  async #placeInNewLife (seq: number, term: string): Promise<Position> {
    this.#stream.forget()
    this.#life = await this.#stream.ready().catch(() => undefined)
    return { epoch: toEpoch(this.#life ?? '', term), offset: seq }
  }

  #onFailed (pending: Pending, error: Error): void {
    const { channel } = this.#options
    this.#sent.delete(pending)
    if (error instanceof Lost) {
      pending.mayBeStored = true
      // With a key, it is not stored again.
      if (pending.key === undefined) this.#giveUp(pending, error)
      else this.#again.push(pending)
    } else if (error instanceof Away) {
      // Its stream is not there: nothing was stored.
      this.#life = undefined
      this.#isOpen = false
      this.#stream.forget()
      this.#again.push(pending)
    } else {
      this.#end(pending, () => { pending.reject(failed(channel, error)) })
    }
    if (this.#sent.size === 0) this.#requeue()
  }

  #giveUp (pending: Pending, cause?: Error): void {
    const { channel, timeoutMs } = this.#options
    const isUncertain = this.#sent.delete(pending) || pending.mayBeStored
    const error = isUncertain
      ? FST_ERR_SSE_PUBLISH_UNCERTAIN(channel, timeoutMs, ...withCause(cause))
      : FST_ERR_SSE_BROKER_UNAVAILABLE(channel, timeoutMs, ...withCause(cause))
    this.#end(pending, () => { pending.reject(error) })
  }

  /** What was not stored while a later one was can't be stored any more without changing the order. */
  #failOvertaken (): void {
    for (const pending of this.#again.splice(0)) this.#giveUp(pending)
  }

  #requeue (): void {
    if (this.#again.length > 0) this.#waiting = [...this.#again, ...this.#waiting]
    this.#again = []
    this.#pump()
  }

  #failAll (error: unknown): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const pending of waiting) this.#end(pending, () => { pending.reject(failed(this.#options.channel, error)) })
  }

  #end (pending: Pending, settle: () => void): void {
    this.#pendingBytes -= pending.bytes
    settle()
    if (this.#pendingBytes > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** One timer for all: the next one whose time is over is the one that was called first. */
  #watch (ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#endLate(performance.now())
    }, ms).unref()
  }

  #endLate (nowMs: number): void {
    const isLate = ({ deadline }: Pending): boolean => deadline <= nowMs
    const late = [...this.#sent, ...this.#again, ...this.#waiting].filter(isLate)
    this.#again = this.#again.filter(pending => !isLate(pending))
    this.#waiting = this.#waiting.filter(pending => !isLate(pending))
    for (const pending of late) {
      pending.forget()
      this.#giveUp(pending)
    }
    if (this.#sent.size === 0) this.#requeue()
    const next = [...this.#sent, ...this.#waiting].reduce((least, { deadline }) => Math.min(least, deadline), Infinity)
    if (next !== Infinity) this.#watch(next - nowMs)
  }
}
