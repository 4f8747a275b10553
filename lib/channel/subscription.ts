import type { EventStream } from '../../types/event.js'
import type { Subscription as PublicSubscription } from '../../types/channel.js'
import type { CloseReason } from '../../types/sink.js'
import { FST_ERR_SSE_REPLAY_OVERLOADED, FST_ERR_SSE_SUBSCRIPTION_STARTED } from '../errors.js'
import { MAX_TIMER_MS } from '../max-timer-ms.js'
import { carryStream } from '../schema/event-stream.js'
import type { Carrier, EarlyEnd } from '../stream/carrier.js'
import { type FrameCarrier, type FrameIterable, type FrameSource, type FrameTaker, kFrames } from '../stream/frame-source.js'
import { streamClosed } from '../stream/stream-closed.js'
import type { Feed, FeedReader } from './feed.js'
import type { Owner } from './owner.js'
import type { Part } from './part.js'
import { Reader } from './reader.js'
import { SubscriptionFrames } from './subscription-frames.js'
import { SubscriptionIterator } from './subscription-iterator.js'

/** One subscriber's events of one channel or several. Nothing is held for it until somebody begins to read it. */
export class Subscription implements PublicSubscription, FrameIterable, FeedReader {
  readonly reader: Reader
  /** Why no more can come, where it has failed. */
  error: unknown
  readonly #parts: readonly Part[]
  readonly #owner: Owner
  #carrier: Carrier | undefined
  #isClaimed = false
  #reason: CloseReason | undefined
  readonly #leaves: Array<(reason: CloseReason) => void> = []
  #signal: AbortSignal | undefined
  #onAbort: (() => void) | undefined
  #onReady: () => boolean = () => false
  #expiry: NodeJS.Timeout | undefined

  /** @param told The id that its subscriber has, if any. */
  constructor (parts: readonly Part[], owner: Owner, told: string | undefined) {
    this.#parts = parts
    this.#owner = owner
    this.#carrier = owner.carrier
    this.reader = new Reader(parts, told)
    const [only] = parts
    if (parts.length === 1 && only !== undefined) carryStream(this, only.stream)
  }

  get isEnded (): boolean {
    return this.#reason !== undefined
  }

  /** The streams whose events it gives. */
  get streams (): readonly EventStream[] {
    return this.#parts.map(({ stream }) => stream)
  }

  /** Gives its parts to a subscription that merges them with others. @throws FST_ERR_SSE_SUBSCRIPTION_STARTED */
  release (): { parts: readonly Part[], owner: Owner, told: string | undefined } {
    if (this.isEnded) throw FST_ERR_SSE_SUBSCRIPTION_STARTED()
    this.#claim()
    return { parts: this.#parts, owner: this.#owner, told: this.reader.told }
  }

  /** Joins what others take likewise; undefined where its ids are its own. */
  get join (): Part['join'] | undefined {
    return this.#parts.length === 1 ? this.#parts[0]?.join : undefined
  }

  [kFrames] (stream: FrameCarrier): FrameSource {
    this.#carrier = stream.carrier
    this.#start(this.#owner.signal, () => {
      stream.onReadable()
      return false // whatever there was room for has been read
    })
    return new SubscriptionFrames(this, stream)
  }

  [Symbol.asyncIterator] (): AsyncIterator<unknown> {
    const iterator = new SubscriptionIterator(this)
    this.#start(this.#carrier?.signal ?? this.#owner.signal, () => iterator.wake())
    return iterator
  }

  close (): void {
    this.end('complete')
    this.#onReady()
  }

  /** The frames of one channel may be taken as they are. */
  offerTo (taker: FrameTaker): void {
    if (this.#parts.length === 1) this.#parts[0]?.feed.offerTo(taker)
  }

  /** Nobody reads it any more. Idempotent. */
  end (reason?: CloseReason): void {
    if (this.isEnded) return
    this.#reason = reason ?? this.#carrier?.reason ?? 'complete'
    clearTimeout(this.#expiry)
    this.#owner.timer.delete(this)
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort)
    for (const { feed } of this.#parts) {
      const missed = feed.stop()
      this.#carrier?.addMissed(missed)
    }
    for (const leave of this.#leaves) leave(this.#reason)
  }

  /** Its channels were closed, and all was read. That is no completion: who is asked to come back may find them open again. */
  over (): void {
    if (this.#carrier === undefined) this.end('shutdown')
    else this.#endFor('shutdown')
  }

  /** Says where its subscriber stands, if that has moved. */
  tellPosition (): void {
    this.reader.tellPosition()
    this.#onReady()
  }

  onReady (): boolean {
    return this.#onReady()
  }

  onFailed (error: unknown): void {
    if (this.isEnded) return
    if (error instanceof FST_ERR_SSE_REPLAY_OVERLOADED) {
      this.#endFor('overloaded')
      return
    }
    this.error = error
    this.end('error')
    this.#onReady()
  }

  isTooMuch (): boolean {
    let waiting = 0
    for (const { feed } of this.#parts) waiting += feed.waiting
    // What was handed to the socket does not count: that is a chunk, or one event, which may be larger than all that may wait.
    if (waiting <= (this.#carrier ?? this.#owner).maxBufferedBytes) return false
    this.#endFor('slow')
    return true
  }

  #listen (signal: AbortSignal): void {
    this.#onAbort = () => { this.#abort() }
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  #abort (): void {
    // A loop that just ended would look like the end of the events. With a signal of its own, that is what was asked for.
    const isOwn = this.#signal === this.#owner.signal
    if (!isOwn) this.error = this.#signal?.reason
    this.end(isOwn ? 'client' : undefined)
    this.#onReady()
  }

  #start (signal: AbortSignal | undefined, onReady: () => boolean): void {
    this.#claim()
    this.#signal = signal
    if (signal?.aborted === true) this.#abort()
    if (this.isEnded) return
    if (signal !== undefined) this.#listen(signal)
    this.#owner.timer.add(this)
    this.#expireAt(Math.min(...this.#parts.map(({ expiresAtMs }) => expiresAtMs)))
    try {
      for (const part of this.#parts) this.#enter(part)
    } catch (error) {
      // One of the channels has been closed.
      this.end('error')
      throw error
    }
    // Not before: who is told that there is something to read has to be there.
    this.#onReady = onReady
  }

  #enter ({ feed, arrive }: Part): void {
    if (this.isEnded) return
    feed.start(this)
    const leave = arrive(() => { this.#finish(feed) })
    // Whoever is told that it comes may end it.
    if (this.#reason === undefined) this.#leaves.push(leave)
    else leave(this.#reason)
  }

  #claim (): void {
    if (this.#isClaimed) throw FST_ERR_SSE_SUBSCRIPTION_STARTED()
    this.#isClaimed = true
  }

  /** One of its channels was closed. */
  #finish (feed: Feed): void {
    feed.finish()
    this.#onReady()
  }

  #expireAt (expiresAtMs: number): void {
    if (expiresAtMs === Infinity) return
    const inMs = expiresAtMs - Date.now()
    if (inMs <= 0) {
      this.#endFor('expired')
      return
    }
    this.#expiry = setTimeout(() => {
      if (inMs <= MAX_TIMER_MS) this.#endFor('expired')
      else this.#expireAt(expiresAtMs)
    }, Math.min(inMs, MAX_TIMER_MS))
    this.#expiry.unref()
  }

  #endFor (reason: EarlyEnd): void {
    this.error = streamClosed(reason)
    this.#carrier?.endFor(reason)
    this.end(reason)
    this.#onReady()
  }
}
