import { setTimeout as timeout } from 'node:timers/promises'
import type { ServerStream } from '../../types/channel.js'
import { inSlices } from '../in-slices.js'
import { MAX_INTERVAL_MS } from './watch.js'

/** An open stream, as the server sees it. */
export interface OpenStream {
  /** How often it has to be looked at, in milliseconds. */
  readonly watchEveryMs: number
  /** Whether its client comes back by itself. */
  readonly canComeBack: boolean
  /** Sends heartbeats, and ends what is stalled or too old. */
  watch: (nowMs: number) => void
  /** Ends the stream because the server closes. */
  shutDown: () => void
  /** Ends it at once. */
  destroy: () => void
  /** What `app.sse.streams()` tells of it. */
  readonly listed: ServerStream
}

/** Sources of a stream that were asked to end and have not all done so. */
export interface UnfinishedSources {
  readonly stoppedAtMs: number
  warn: () => void
}

/** Sources may take this long to end after their stream. */
const UNFINISHED_AFTER_MS = 30_000

const MIN_INTERVAL_MS = 5

/** Streams that are looked at in one turn of the event loop: a heartbeat takes some 6 µs, nearly all of it for the socket. */
const STREAMS_PER_TURN = 500

/** All open streams of one registration, watched by one timer. */
export class Streams {
  /** Whether streams that are added end at once. */
  closing = false
  /** Whether no more are wanted, since the server is about to close. */
  draining = false
  /** Streams that were refused since no more are wanted. */
  refused = 0
  readonly #closeSpreadMs: number
  readonly #open = new Set<OpenStream>()
  /** Those that have yet to be warned of. */
  readonly #unfinished = new Set<UnfinishedSources>()
  /** Those that were: weak, since they may never end. */
  readonly #warned = new WeakSet<UnfinishedSources>()
  #warnedCount = 0
  #timer: NodeJS.Timeout | undefined
  #intervalMs = Infinity
  #onEmpty: (() => void) | undefined
  #closed: Promise<void> | undefined
  #drained: Promise<void> | undefined
  #isDrained = false
  #isWatching = false

  constructor (closeSpreadMs: number) {
    this.#closeSpreadMs = closeSpreadMs
  }

  /** Open streams. */
  get size (): number {
    return this.#open.size
  }

  /** What there is to tell of each. */
  get listed (): ServerStream[] {
    return Array.from(this.#open, ({ listed }) => listed)
  }

  /** Streams that have ended though their sources have not. */
  get unfinished (): number {
    return this.#unfinished.size + this.#warnedCount
  }

  add (stream: OpenStream): void {
    this.#open.add(stream)
    this.#watchEvery(stream.watchEveryMs)
    if (this.closing || this.#isDrained || (this.draining && stream.canComeBack)) stream.shutDown()
  }

  delete (stream: OpenStream): void {
    if (!this.#open.delete(stream)) return
    this.#rest()
    if (this.#open.size === 0) this.#onEmpty?.()
  }

  addUnfinished (sources: UnfinishedSources): void {
    this.#unfinished.add(sources)
    this.#watchEvery(MAX_INTERVAL_MS)
  }

  deleteUnfinished (sources: UnfinishedSources): void {
    if (this.#unfinished.delete(sources)) this.#rest()
    else if (this.#warned.delete(sources)) this.#warnedCount--
  }

  /**
   * Ends the streams that are open, one after the other, those that are still added at once, and last those that can't come
   * back. Called again, it gives the same promise.
   *
   * @param overMs How long that takes, however few there are: probes have to see it.
   */
  drain (overMs: number): Promise<void> {
    this.#drained ??= this.#drain(overMs)
    return this.#drained
  }

  /**
   * Ends all streams, and those that are still added. Called again, it gives the same promise.
   *
   * @param timeoutMs After which the rest is destroyed.
   */
  close (timeoutMs: number): Promise<void> {
    this.#closed ??= this.#close(timeoutMs)
    return this.#closed
  }

  /** How much longer than usual a client should wait to come back after the server has closed, in milliseconds. */
  closeJitterMs (): number {
    return Math.round(Math.random() * this.#closeSpreadMs)
  }

  async #drain (overMs: number): Promise<void> {
    this.draining = true
    const streams = [...this.#open].filter(({ canComeBack }) => canComeBack)
    const endsAtMs = performance.now() + overMs
    let ended = 0
    for (let leftMs = overMs; leftMs > 0 && !this.closing; leftMs = endsAtMs - performance.now()) {
      for (; ended < Math.floor((1 - leftMs / overMs) * streams.length); ended++) streams[ended]?.shutDown()
      await timeout(Math.ceil(Math.min(MAX_INTERVAL_MS, leftMs, overMs / streams.length)))
    }
    this.#isDrained = true
    if (!this.closing) for (const stream of this.#open) stream.shutDown()
  }

  async #close (timeoutMs: number): Promise<void> {
    this.closing = true
    if (this.#open.size === 0) return
    const empty = new Promise<void>(resolve => { this.#onEmpty = resolve })
    const timer = setTimeout(() => { for (const stream of this.#open) stream.destroy() }, timeoutMs)
    for (const stream of this.#open) stream.shutDown()
    await empty
    clearTimeout(timer)
  }

  #watchEvery (intervalMs: number): void {
    const wanted = Math.max(MIN_INTERVAL_MS, Math.min(MAX_INTERVAL_MS, intervalMs))
    if (wanted >= this.#intervalMs) return
    clearInterval(this.#timer)
    this.#intervalMs = wanted
    this.#timer = setInterval(() => { this.#watch() }, wanted)
    this.#timer.unref()
  }

  #watch (): void {
    if (this.#isWatching) return
    this.#isWatching = true
    const nowMs = performance.now()
    inSlices(this.#open.values(), STREAMS_PER_TURN, stream => { stream.watch(nowMs) }, () => { this.#isWatching = false })
    for (const sources of this.#unfinished) {
      if (nowMs - sources.stoppedAtMs < UNFINISHED_AFTER_MS) continue
      this.deleteUnfinished(sources)
      this.#warned.add(sources)
      this.#warnedCount++
      sources.warn()
    }
  }

  #rest (): void {
    if (this.#open.size > 0 || this.#unfinished.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#intervalMs = Infinity
  }
}
