import type { FastifyReply } from 'fastify'
import type { ResolvedStreamOptions } from '../../types/options.js'
import { HEARTBEAT, retryLine } from '../wire/frame.js'
import type { FrameSink } from './frame-pump.js'
import { Body, type BodyOwner } from './body.js'
import { compressorFor } from './content-encoding.js'
import { setStreamHeaders } from './headers.js'
import { abortResponse, afterFlush, disarmConnectionTimeout, type RawResponse } from './response.js'
import { shareFrames } from './shared-frames.js'
import { type Due, Watch, type Watched } from './watch.js'

/** All streams send the same one. */
const BEAT = shareFrames(HEARTBEAT, 0)

/** What a response that is to begin needs to know. */
export interface ResponseOptions {
  reply: FastifyReply
  options: Readonly<ResolvedStreamOptions>
  exchange: Responding
  /** Fastify's, in milliseconds. NaN before Fastify 5.8, which has none. */
  handlerTimeoutMs: number
  /** Whether an iterable carries the stream, rather than reply.sse. */
  isPulled: boolean
}

/** Whose response it is. */
export interface Responding extends BodyOwner {
  /** Fastify's own `reply.send`. */
  send: (payload: unknown) => void
}

/** A response that has begun: its body, its timers and its connection. */
export class StreamResponse implements Watched {
  readonly #reply: FastifyReply
  readonly #raw: RawResponse
  readonly #options: Readonly<ResolvedStreamOptions>
  readonly #exchange: Responding
  readonly #body: Body
  readonly #watch: Watch
  readonly #handlerTimeoutMs: number
  readonly #restoreConnectionTimeout: () => void
  #isHijacked = false
  #isHeadOut = false

  constructor ({ reply, options, exchange, handlerTimeoutMs, isPulled }: ResponseOptions) {
    this.#reply = reply
    this.#raw = reply.raw
    this.#options = options
    this.#exchange = exchange
    this.#handlerTimeoutMs = handlerTimeoutMs
    this.#restoreConnectionTimeout = disarmConnectionTimeout(this.#raw)
    this.#body = new Body(options.fastPaths, exchange, compressorFor(reply, options))
    this.#watch = new Watch(this, options, { isPulled, mayExpire: reply.request.method === 'GET' }, performance.now())
    this.#body.write(retryLine(options.retryMs))
  }

  /** Hands the body to Fastify, which runs the onSend hooks. @throws Where a header can't be sent. */
  begin (): void {
    setStreamHeaders(this.#reply, this.#options)
    this.#exchange.send(this.#body.readable)
    // The head goes out in this turn, unless onSend hooks take longer: then the watch sees to it.
    if (this.#handlerTimeoutMs > 0) setImmediate(() => { this.#disarmHandlerTimeout() })
  }

  /** Whether Fastify looks after the body, rather than it after itself. */
  get isFastifys (): boolean {
    return this.#body.readable !== undefined
  }

  /** Whether all that was written has been read by somebody. */
  get isRead (): boolean {
    return this.#body.queued === 0
  }

  get hasRoom (): boolean {
    return this.#body.hasRoom
  }

  /** Bytes that have not left this process, the socket's own queue included. */
  get queuedBytes (): number {
    return this.#body.queued + this.#raw.writableLength
  }

  get writtenBytes (): number {
    return this.#body.sentBytes
  }

  /** Bytes of the body, before any compression. */
  get bytes (): number {
    return this.#body.bytes
  }

  room (): Promise<boolean> {
    return this.#body.room()
  }

  write (frames: string): void {
    this.#body.write(frames)
  }

  /** Sends a sign of life. */
  beat (): void {
    this.#body.writeShared(BEAT)
  }

  /** What frames are written to that other responses take as well. */
  get frameSink (): FrameSink {
    return this.#body
  }

  /** Events of such frames that were written. */
  get sharedEvents (): number {
    return this.#body.sharedEvents
  }

  /** Ends the body after what was written. */
  finish (): void {
    this.#body.finish()
  }

  /** Breaks the response off, once what was written has gone out. */
  abortAfterFlush (): void {
    this.#body.flush()
    this.#body.room().then(() => { afterFlush(this.#raw, () => { abortResponse(this.#raw) }) })
  }

  /** Somebody else answers, since nothing of it has been sent. What they send is not compressed. */
  retract (): void {
    if (this.#body.isCompressed) this.#reply.removeHeader('content-encoding')
  }

  due (nowMs: number): Due {
    if (!this.#isHeadOut) {
      this.#watch.wait(nowMs) // nothing can be read while onSend hooks take their time
      this.#isHeadOut = this.#raw.headersSent
      if (!this.#isHeadOut) return undefined
    }
    if (this.#handlerTimeoutMs > 0) this.#disarmHandlerTimeout()
    return this.#watch.due(nowMs)
  }

  /** Frees what is left when the response is over. */
  release (): void {
    this.#body.destroy()
    this.#restoreConnectionTimeout()
  }

  /**
   * Fastify's `handlerTimeout` would cut the stream. Hijacking the reply clears it, and once the head is out changes
   * nothing else any more.
   */
  #disarmHandlerTimeout (): void {
    if (this.#isHijacked || !this.#raw.headersSent) return
    this.#isHijacked = true
    this.#reply.hijack()
  }
}
