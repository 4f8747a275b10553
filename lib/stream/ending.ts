import type { CloseReason, CloseRecord } from '../../types/sink.js'
import { streamClosed } from './stream-closed.js'

/** Whose signal it is. */
export interface Scoped {
  /** Runs the signal's listeners in the async context they belong to. */
  inContext: (run: () => void) => void
}

/** How the end of a stream is made known: by a signal when it begins, by a promise when it is over. Both are made when first asked for. */
export class Ending {
  readonly #request: Scoped
  #controller: AbortController | undefined
  #abortReason: string | undefined
  #closed: Promise<CloseRecord> | undefined
  #resolveClosed: ((record: CloseRecord) => void) | undefined
  #record: CloseRecord | undefined
  #startedAtMs: number | undefined

  constructor (request: Scoped) {
    this.#request = request
  }

  get signal (): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortReason !== undefined) this.#controller.abort(streamClosed(this.#abortReason))
    }
    return this.#controller.signal
  }

  get closed (): Promise<CloseRecord> {
    this.#closed ??= new Promise(resolve => {
      if (this.#record === undefined) this.#resolveClosed = resolve
      else resolve(this.#record)
    })
    return this.#closed
  }

  /** The source starts. */
  begin (): void {
    this.#startedAtMs = performance.now()
  }

  /** Aborts the signal. The first reason counts. */
  abort (reason: CloseReason | 'HEAD'): void {
    if (this.#abortReason !== undefined) return
    this.#abortReason = reason
    const controller = this.#controller
    if (controller !== undefined) this.#request.inContext(() => { controller.abort(streamClosed(reason)) })
  }

  /** How long the stream has taken, in milliseconds. */
  get elapsedMs (): number {
    return this.#startedAtMs === undefined ? 0 : performance.now() - this.#startedAtMs
  }

  /** It is over, or will never be. The first record counts. */
  settle (record: CloseRecord): void {
    this.#record ??= record
    this.#resolveClosed?.(this.#record)
  }
}
