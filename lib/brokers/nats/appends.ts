import type { Msg } from '@nats-io/nats-core'
import type { NewRecord, Position } from '../../../types/broker.js'
import { FST_ERR_SSE_BROKER_UNAVAILABLE, FST_ERR_SSE_PUBLISH_UNCERTAIN } from '../../errors.js'
import { withCause } from '../../with-cause.js'
import { backoffMs } from '../backoff.js'
import type { Link } from './link.js'
import { hash, subjectOf } from './names.js'
import { onlyOnce } from './once.js'
import { encodeRecord } from './payload.js'
import { type Pending, PendingAppends } from './pending.js'
import { Places, type PubAck } from './places.js'
import { resultOf } from './reply.js'
import type { Stream } from './stream.js'
import { Away, failed, Lost, Refusal } from './trouble.js'

/** What a message's header takes with its key, at most. */
const HEADER_BYTES = 100

export interface AppendsOptions {
  readonly channel: string
  readonly timeoutMs: number
  readonly maxPendingBytes: number
  /** Whether keys are remembered at all. */
  readonly remembersKeys: boolean
}

/** Where what is sent now will stand. */
interface Here {
  readonly life: string
  readonly term: string
}

/**
 * Stores records in the order of the calls, many at a time. They wait here while there is no connection, since the
 * client would keep them for whichever server comes next, with the term of the last one.
 */
export class Appends {
  readonly #link: Link
  readonly #stream: Stream
  readonly #options: AppendsOptions
  readonly #pending: PendingAppends
  readonly #places: Places
  #waiting: Pending[] = []
  /** With what takes the question back. */
  readonly #sent = new Map<Pending, () => void>()
  /** Sent, and not stored: to be sent again, before the others. */
  #again: Pending[] = []
  /** Undefined while it is not known whether the stream is there. */
  #life: string | undefined
  /**
   * Whether something was stored since the stream was there. A server tells of a new stream before it takes messages for
   * it: until one was stored, they are sent one by one, so that none is overtaken.
   */
  #isOpen = false
  #isPreparing = false
  #tries = 0

  constructor (link: Link, stream: Stream, options: AppendsOptions) {
    this.#link = link
    this.#stream = stream
    this.#options = options
    this.#pending = new PendingAppends({ ...options, onLate: late => { this.#endLate(late) } })
    this.#places = new Places(stream)
  }

  async append (record: NewRecord, idempotencyKey?: string): Promise<Position> {
    return await this.#pending.add(record, this.#options.remembersKeys ? idempotencyKey : undefined, pending => {
      this.#waiting.push(pending)
      this.#pump()
    })
  }

  /** Called when all that was sent has failed. */
  onLost (): void {
    this.#shut()
    this.#requeue()
  }

  onBack (): void {
    this.#pump()
  }

  /** Resolves when nothing waits any more. */
  async settled (): Promise<void> {
    await this.#pending.settled()
  }

  #pump (): void {
    if (this.#again.length > 0 || this.#waiting.length === 0) return
    const { term } = this.#link
    const life = this.#life
    if (life === undefined) {
      void this.#prepare()
      return
    }
    if (term === undefined || (!this.#isOpen && this.#sent.size > 0)) return
    for (const pending of this.#waiting.splice(0, this.#isOpen ? Infinity : 1)) this.#send(pending, { life, term })
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
        if (!(error instanceof Away)) for (const pending of this.#waiting.splice(0)) this.#fail(pending, error)
      }
    }
    this.#isPreparing = false
    if (this.#life !== undefined) this.#pump()
  }

  #send (pending: Pending, here: Here): void {
    const { record, key } = pending
    const { maxPayload } = this.#link
    const payload = encodeRecord(here.term, record)
    const size = payload.length + (key === undefined ? 0 : HEADER_BYTES)
    try {
      if (size > maxPayload) throw new Refusal(`an event takes ${size} bytes with its name and topic, and the server takes ${maxPayload} at most (max_payload)`)
      const subject = subjectOf(this.#stream.names, this.#stream.isLatest ? record.key ?? '' : undefined)
      const forget = this.#link.ask(subject, payload, {
        onReply: message => this.#onReply(pending, message, here),
        onFailed: error => { this.#onFailed(pending, error) }
      }, key === undefined ? {} : { headers: onlyOnce(hash(key)) })
      this.#sent.set(pending, forget)
    } catch (error) {
      this.#fail(pending, error)
    }
  }

  #onReply (pending: Pending, message: Msg, { life, term }: Here): false {
    let ack: PubAck
    try {
      ack = resultOf(message) as PubAck
    } catch (error) {
      this.#onFailed(pending, error)
      return false
    }
    this.#sent.delete(pending)
    this.#tries = 0
    // What was not stored while a later one was can't be stored any more without changing the order.
    for (const overtaken of this.#again.splice(0)) this.#giveUp(overtaken)
    this.#pending.end(pending)
    pending.resolve(this.#places.find(ack, life, term))
    this.#isOpen = this.#life !== undefined
    this.#pump()
    return false
  }

  #onFailed (pending: Pending, error: unknown): void {
    this.#sent.delete(pending)
    if (error instanceof Lost) {
      pending.mayBeStored = true
      // With a key, it is not stored twice.
      if (pending.key === undefined) this.#giveUp(pending, error)
      else this.#again.push(pending)
    } else if (error instanceof Away) {
      // The stream is not there: nothing was stored.
      this.#shut()
      this.#stream.forget()
      this.#again.push(pending)
    } else {
      this.#fail(pending, error)
    }
    if (this.#sent.size === 0) this.#requeue()
  }

  #shut (): void {
    this.#life = undefined
    this.#isOpen = false
  }

  #requeue (): void {
    this.#waiting.unshift(...this.#again.splice(0))
    this.#pump()
  }

  #endLate (late: readonly Pending[]): void {
    const isLate = new Set(late)
    this.#again = this.#again.filter(pending => !isLate.has(pending))
    this.#waiting = this.#waiting.filter(pending => !isLate.has(pending))
    for (const pending of late) {
      this.#sent.get(pending)?.()
      this.#giveUp(pending)
    }
    if (this.#sent.size === 0) this.#requeue()
  }

  #giveUp (pending: Pending, cause?: Error): void {
    const { channel, timeoutMs } = this.#options
    const isUncertain = this.#sent.delete(pending) || pending.mayBeStored
    const problem = isUncertain ? FST_ERR_SSE_PUBLISH_UNCERTAIN : FST_ERR_SSE_BROKER_UNAVAILABLE
    this.#pending.end(pending)
    pending.reject(problem(channel, timeoutMs, ...withCause(cause)))
  }

  #fail (pending: Pending, error: unknown): void {
    this.#pending.end(pending)
    pending.reject(failed(this.#options.channel, error))
  }
}
