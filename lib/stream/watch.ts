import type { ResolvedStreamOptions } from '../../types/options.js'

/** What of a stream is watched. */
export interface Watched {
  /** Bytes of its body, before any compression: what tells most cheaply that nothing was written. */
  readonly bytes: number
  /** Bytes that were written since it began. */
  readonly writtenBytes: number
  /** Bytes of them that have not left this process. */
  readonly queuedBytes: number
}

/** How long a stream may go without a look, in milliseconds. Rarely enough to cost nothing, often enough for the defaults. */
export const MAX_INTERVAL_MS = 1_000

/** No timeout is late by more than a fourth of itself. */
const LOOKS_PER_TIMEOUT = 4

/** What is due: a sign of life, or an end. */
export type Due = 'heartbeat' | 'stalled' | 'max-age' | undefined

const STALL_TIMEOUT_PULLED_MS = 300_000
const STALL_TIMEOUT_PUSHED_MS = 30_000

/** Streams of the same age end up to this part of `maxAgeMs` apart. */
const MAX_AGE_JITTER = 0.1

/** Tells from the clock what is due for one stream. Times are those of `performance.now()`. */
export class Watch {
  readonly #watched: Watched
  /** Without a write that was seen. A look earlier than heartbeatMs, since a write is seen as much as a look too late. */
  readonly #quietMs: number
  readonly #stallTimeoutMs: number
  readonly #expiresAtMs: number
  #goneBytes = 0
  #progressAtMs: number
  #bytes = 0
  /** Whether nothing was left in this process at the last look. */
  #isEmpty = false
  /** When a write was seen last: up to one look later than it was made. The clock itself would take 45 ns for each write. */
  #wroteAtMs: number

  constructor (watched: Watched, options: ResolvedStreamOptions, kind: { isPulled: boolean, mayExpire: boolean }, nowMs: number) {
    const { heartbeatMs, stallTimeoutMs, maxAgeMs } = options
    this.#watched = watched
    this.#quietMs = heartbeatMs - Math.min(heartbeatMs / LOOKS_PER_TIMEOUT, MAX_INTERVAL_MS)
    this.#stallTimeoutMs = stallTimeoutMs ?? (kind.isPulled ? STALL_TIMEOUT_PULLED_MS : STALL_TIMEOUT_PUSHED_MS)
    this.#expiresAtMs = kind.mayExpire ? nowMs + maxAgeMs * (1 - MAX_AGE_JITTER * Math.random()) : Infinity
    this.#progressAtMs = this.#wroteAtMs = nowMs
  }

  /** Nothing could be written yet. */
  wait (nowMs: number): void {
    this.#progressAtMs = this.#wroteAtMs = nowMs
  }

  due (nowMs: number): Due {
    const { bytes } = this.#watched
    if (bytes === this.#bytes && this.#isEmpty) return this.#dueInSilence(nowMs)
    const { queuedBytes, writtenBytes } = this.#watched
    const goneBytes = writtenBytes - queuedBytes
    // Only what grows is progress: a write may add chunk sizes to the queue.
    if (queuedBytes === 0 || goneBytes > this.#goneBytes) {
      this.#goneBytes = goneBytes
      this.#progressAtMs = nowMs
    } else if (nowMs - this.#progressAtMs >= this.#stallTimeoutMs) {
      return 'stalled'
    }
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#wroteAtMs = nowMs
    }
    this.#isEmpty = queuedBytes === 0
    if (this.#isEmpty) return this.#dueInSilence(nowMs)
    // What waits for a slow client is sign enough, once it gets through.
    return nowMs >= this.#expiresAtMs ? 'max-age' : undefined
  }

  /** Thousands of idle streams are looked at all the time: here nothing of theirs is touched, which is in no cache. */
  #dueInSilence (nowMs: number): Due {
    this.#progressAtMs = nowMs
    if (nowMs >= this.#expiresAtMs) return 'max-age'
    return nowMs - this.#wroteAtMs >= this.#quietMs ? 'heartbeat' : undefined
  }
}

/** How often a stream with these options has to be watched, in milliseconds. */
export function watchEveryMs ({ heartbeatMs, stallTimeoutMs = Infinity, maxAgeMs }: ResolvedStreamOptions): number {
  return Math.min(heartbeatMs, stallTimeoutMs, maxAgeMs) / LOOKS_PER_TIMEOUT
}
