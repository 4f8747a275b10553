import { setTimeout as timeout } from 'node:timers/promises'
import { inSlices } from '../in-slices.js'
import { MAX_INTERVAL_MS } from './watch.js'

/** An open stream, as the server sees it. */
export interface OpenStream {
  /** How often it has to be looked at, in milliseconds. */
  readonly watchEveryMs: number
  /** Sends heartbeats, and ends what is stalled or too old. */
  watch: (nowMs: number) => void
  /** Ends the stream because the server closes. */
  shutDown: () => void
  /** Ends it at once. */
  destroy: () => void
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
  readonly #closeSpreadMs: number
  readonly #open = new Set<OpenStream>()
  readonly #unfinished = new Set<UnfinishedSources>()
  #timer: NodeJS.Timeout | undefined
  #intervalMs = Infinity
  #onEmpty: (() => void) | undefined
  #closed: Promise<void> | undefined
  #drained: Promise<void> | undefined
  #isWatching = false

  constructor (closeSpreadMs: number) {
    this.#closeSpreadMs = closeSpreadMs
  }

  /** Open streams. */
  get size (): number {
    return this.#open.size
  }

  /** Streams that have ended though their sources have not. */
  get unfinished (): number {
    return this.#unfinished.size
  }

  add (stream: OpenStream): void {
    this.#open.add(stream)
    this.#watchEvery(stream.watchEveryMs)
    if (this.closing || this.draining) stream.shutDown()
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
  }

  /**
   * Ends the streams that are open, one after the other, and those that are still added at once. Called again, it gives the
   * same promise.
   *
   * @param overMs From the first to the last.
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
    const streams = [...this.#open]
    const beganAtMs = performance.now()
    let ended = 0
    while (ended < streams.length && !this.closing) {
      const part = overMs === 0 ? 1 : Math.min(1, (performance.now() - beganAtMs) / overMs)
      for (; ended < Math.floor(part * streams.length); ended++) streams[ended]?.shutDown()
      await timeout(Math.min(MAX_INTERVAL_MS, Math.ceil(overMs / streams.length)))
    }
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
