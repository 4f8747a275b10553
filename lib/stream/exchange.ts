import type { AsyncResource } from 'node:async_hooks'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ServerStream } from '../../types/channel.js'
import type { CloseReason, CloseRecord } from '../../types/sink.js'
import { asError } from '../as-error.js'
import { asyncScope } from '../async-scope.js'
import { logError } from '../log-error.js'
import { MAX_TIMER_MS } from '../max-timer-ms.js'
import { retryLine } from '../wire/frame.js'
import { readLastEventId } from '../wire/last-event-id.js'
import { type Announced, announceClose, announceFirstEvent, announceOpen } from './announce.js'
import type { EarlyEnd } from './carrier.js'
import { type ComeBack, comeBackMs } from './come-back-ms.js'
import { Ending } from './ending.js'
import { type Carried, ExchangeCarrier } from './exchange-carrier.js'
import { hasStreamType } from './headers.js'
import { Intake, type Taking } from './intake.js'
import { type Listed, listedStream } from './listed-stream.js'
import { onClosed } from './on-closed.js'
import { abortResponse, endConnectionAfter, isGone, isWhole, type RawResponse, silencePrematureClose } from './response.js'
import { discardSource } from './source.js'
import { Sources } from './sources.js'
import { StreamResponse } from './stream-response.js'
import type { StreamRoute } from './stream-route.js'
import type { OpenStream } from './streams.js'
import { watchEveryMs } from './watch.js'

/**
 * - `idle`: nothing has happened yet.
 * - `starting`: the source runs, the response has not begun.
 * - `answered`: it never will, since there was an error, or the route answered with something else.
 * - `open`: the response has begun.
 * - `ending`: nothing more is taken.
 * - `closed`: the response is over.
 */
type State = 'idle' | 'starting' | 'answered' | 'open' | 'ending' | 'closed'

/** How an exchange answers its request. */
export interface Replying {
  /** When the request came to its handler, by `performance.now()`. */
  readonly calledAtMs: number
  /** Fastify's own `reply.send`. */
  send: (payload: unknown) => void
  /** Asked before the source starts: whether the request was answered otherwise, since it should not get the stream. */
  isAnswered: () => boolean
}

/** One request and the event stream that answers it, from the handler's call to the end of the response. */
export class Exchange implements Taking, OpenStream, Carried, Announced, Listed {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly route: StreamRoute
  readonly intake: Intake
  readonly ending: Ending
  /** Why the stream has ended or is about to. */
  reason: CloseReason | undefined
  response: StreamResponse | undefined
  /** Whether the route has answered with something else, by its own choice. */
  isLeft = false
  #state: State = 'idle'
  readonly #raw: RawResponse
  readonly #sources: Sources
  readonly #replying: Replying
  #scope: AsyncResource = asyncScope()
  #carrier: ExchangeCarrier | undefined
  #commitTimer: NodeJS.Timeout | undefined
  // Read once: Fastify makes an object of all its route's options each time.
  readonly #handlerTimeoutMs: number
  #hasFinished = false
  #hasEvent = false
  #isAnnounced = false

  constructor (request: FastifyRequest, reply: FastifyReply, route: StreamRoute, replying: Replying) {
    this.request = request
    this.reply = reply
    this.route = route
    this.intake = new Intake(this)
    this.ending = new Ending(this)
    this.#raw = reply.raw
    this.#sources = new Sources(route.streams, request.log, route.name)
    this.#replying = replying
    this.#handlerTimeoutMs = Number(request.routeOptions.handlerTimeout) // undefined before Fastify 5.8
    // Both come once, and once() takes 250 bytes more.
    this.#raw.on('finish', () => { this.#hasFinished = isWhole(this.#raw) })
    onClosed(this.#raw, () => { this.#close() })
    if (request.method === 'HEAD') this.#endUnborn('HEAD', 'complete')
    else if (isGone(this.#raw)) this.#endUnborn('client', 'client')
  }

  get state (): State {
    return this.#state
  }

  get done (): boolean {
    return this.#state !== 'starting' && this.#state !== 'open'
  }

  /**
   * Whether Fastify's error handling answers instead of a response that had begun, but of which nothing has been sent: an
   * onSend hook has failed, or a header can't be sent. It takes the content type off before it asks an error handler.
   */
  get isTakenOver (): boolean {
    return (this.#state === 'open' || this.#state === 'ending') && !this.#raw.headersSent && !hasStreamType(this.reply)
  }

  /** The iterable that the route answers with, if it isn't reply.sse. */
  get iterable (): unknown {
    return this.intake.iterable
  }

  get carrier (): ExchangeCarrier {
    this.#carrier ??= new ExchangeCarrier(this)
    return this.#carrier
  }

  /** The id of the last event that the client got, as far as it can be read. */
  get lastEventId (): string | undefined {
    const { headers, raw } = this.request
    return readLastEventId(headers['last-event-id'], raw.url)
  }

  get events (): number {
    return this.intake.events
  }

  /** Bytes of the body, before any compression. */
  get bytes (): number {
    return this.response?.bytes ?? 0
  }

  get queuedBytes (): number {
    return this.response?.queuedBytes ?? 0
  }

  /** By EventSource and its kin; an answer to a POST would be another one. */
  get canComeBack (): boolean {
    return this.request.method === 'GET'
  }

  /** How often the client was told that it has missed events which are gone. */
  get gaps (): number {
    return this.#carrier?.gaps ?? 0
  }

  get listed (): ServerStream {
    return listedStream(this)
  }

  get watchEveryMs (): number {
    return Math.min(watchEveryMs(this.route.options), this.#handlerTimeoutMs > 0 ? this.#handlerTimeoutMs / 4 : Infinity)
  }

  /**
   * Answers with an iterable. Its first step is taken here and now; the response begins with its first event or after
   * `commitAfterMs`, and until then an error is an ordinary error of the route.
   *
   * @returns A promise that settles with the iterable, and rejects with its error.
   */
  start (iterable: unknown): Promise<void> {
    this.intake.iterable = iterable
    this.#scope = asyncScope()
    if (!this.#begin()) {
      discardSource(iterable)
      return Promise.resolve()
    }
    const ended = this.add(iterable)
    const { commitAfterMs } = this.route.options
    if (commitAfterMs === 0) this.commit()
    else if (commitAfterMs <= MAX_TIMER_MS && this.#state === 'starting') this.#commitTimer = setTimeout(() => { this.commit() }, commitAfterMs).unref()
    return ended
  }

  /** Answers with reply.sse: the response begins with the first event that is right, or with {@link open}. */
  prepare (): void {
    if (this.#state === 'idle') this.#begin()
  }

  /** Answers with reply.sse, or goes on answering with it: the response begins at once. */
  open (): void {
    this.prepare()
    if (this.iterable === undefined) this.commit()
  }

  /** Adds a source to the open stream. Settles when the source has ended, and rejects with its error. */
  add (iterable: unknown): Promise<void> {
    try {
      const { intake } = this
      return intake.takesFramesOf(iterable) ? this.#sources.addFrames(iterable, intake) : this.#sources.add(iterable, intake)
    } catch (error) {
      return Promise.reject(asError(error))
    }
  }

  /** Everything was said. */
  complete (): void {
    if (this.done) return
    try {
      this.intake.complete()
    } catch (error) {
      this.fail(error)
    }
  }

  /** Before the response has begun this makes an ordinary error of the route; afterwards the response is broken off. */
  fail (thrown: unknown): void {
    const error = asError(thrown)
    if (this.done) {
      // An upstream call that the signal has aborted, for one.
      logError(this.request.log, 'debug', error, 'the source of an event stream failed after its stream had ended')
    } else if (this.#state === 'starting') {
      this.leave('error')
      this.send(error)
    } else {
      logError(this.request.log, 'error', error, 'the source of an event stream failed')
      const isTold = this.intake.takeError(error)
      this.#stop('error')
      if (isTold) this.response?.finish()
      else this.response?.abortAfterFlush()
    }
  }

  /** Leaves the response to whoever answers instead. */
  leave (reason?: CloseReason): void {
    clearTimeout(this.#commitTimer)
    this.route.streams.delete(this) // which watches it no more
    this.#state = 'answered'
    this.isLeft = reason === undefined
    // A stream that had begun has failed, whoever answers.
    this.reason = this.response === undefined ? reason : 'error'
    this.response?.retract()
    this.#sources.stop()
  }

  /** Breaks the stream off without waiting for a client that does not read. */
  cut (reason: CloseReason): void {
    this.#stop(reason)
    abortResponse(this.#raw)
  }

  endFor (reason: EarlyEnd): void {
    this.commit()
    if (this.#state !== 'open') return
    if (reason === 'slow') this.cut(reason)
    else this.#endEarly(reason)
  }

  shutDown (): void {
    this.commit()
    if (this.#state !== 'open') return
    endConnectionAfter(this.#raw, this.route.streams.closing)
    this.#endEarly('shutdown')
  }

  destroy (): void {
    if (this.reason !== 'error') this.reason = 'shutdown' // also where only the client had yet to read
    abortResponse(this.#raw)
    this.#close()
  }

  /** Answers by what Fastify does with it: an error, or the body of the stream. */
  send (payload: unknown): void {
    this.inContext(() => { this.#replying.send(payload) })
  }

  /**
   * Whoever pushes the first event or ends the stream: hooks, error handlers, callbacks and the signal's listeners run in
   * the async context of this request.
   */
  inContext<T> (run: () => T): T {
    return this.#scope.runInAsyncScope(run)
  }

  /** The response begins, unless an onSend hook has put something else in its place: then nobody reads this one. */
  onBodyRead (): void {
    this.#isAnnounced = true
    announceOpen(this)
    if (this.#hasEvent) this.#announceFirstEvent() // it has waited for onSend hooks
  }

  /** Whoever read the body has given up on it: the client has gone, or the rest of the response is theirs. */
  onBodyDestroyed (): void {
    if (this.#state === 'open') this.#stop(isGone(this.#raw) ? 'client' : 'error')
  }

  watch (nowMs: number): void {
    const due = this.response?.due(nowMs)
    if (due === 'stalled') this.cut('stalled')
    if (this.#state !== 'open') return
    if (due === 'heartbeat') this.response?.beat()
    else if (due === 'max-age') this.#endEarly('max-age')
  }

  /** @returns Whether there is still somebody to answer. */
  #begin (): boolean {
    this.#state = 'starting'
    this.ending.begin()
    if (isGone(this.#raw)) this.#close()
    else if (this.#replying.isAnswered()) this.#state = 'answered'
    else this.route.streams.add(this)
    return !this.done
  }

  /** Begins the response, if it has not begun. */
  commit (): void {
    if (this.#state !== 'starting') return
    clearTimeout(this.#commitTimer)
    try {
      this.intake.settle()
      this.#state = 'open'
      this.response = new StreamResponse({
        reply: this.reply,
        options: this.route.options,
        exchange: this,
        handlerTimeoutMs: this.#handlerTimeoutMs,
        isPulled: this.intake.isPulled
      })
      this.response.begin()
    } catch (error) {
      // A header that can't be sent, for one.
      this.leave('error')
      this.send(error)
    }
  }

  onFirstEvent (): void {
    if (this.#hasEvent) return // its sources tell of theirs, and there may be several
    this.#hasEvent = true
    if (this.#isAnnounced) this.#announceFirstEvent()
  }

  end (reason: CloseReason): void {
    this.#stop(reason)
    this.response?.finish()
  }

  #endEarly (reason: ComeBack): void {
    this.response?.write(retryLine(comeBackMs(reason, this.route)))
    this.#stop(reason)
    // What can't be gone on with must not look complete.
    if (this.canComeBack) this.response?.finish()
    else this.response?.abortAfterFlush()
    this.ending.abort(reason)
  }

  #announceFirstEvent (): void {
    announceFirstEvent(this, (performance.now() - this.#replying.calledAtMs) / 1_000)
  }

  #stop (reason: CloseReason): void {
    this.#state = 'ending'
    this.reason = this.reason === 'error' ? 'error' : reason
    this.#sources.stop()
  }

  #close (): void {
    if (this.#state === 'closed') return
    if (this.#state === 'idle' && !this.#hasFinished) {
      this.#endUnborn('client', 'client') // the handler may still answer with it
      return
    }
    clearTimeout(this.#commitTimer)
    const isStream = this.#state !== 'idle' && (this.#state !== 'answered' || this.reason !== undefined)
    const reason = this.reason = this.#reasonOfEnd(isStream)
    this.#state = 'closed'
    this.ending.abort(reason)
    this.#sources.stop()
    this.response?.release()
    this.route.streams.delete(this)
    const record = this.#record(reason)
    this.ending.settle(record)
    if (!isStream) return
    announceClose(this, record)
    // What answers by itself, core knows nothing of.
    if (this.response?.isFastifys !== false) silencePrematureClose(this.reply)
  }

  #reasonOfEnd (isStream: boolean): CloseReason {
    if (!this.#hasFinished) return this.reason === undefined || this.reason === 'complete' ? 'client' : this.reason
    if (!isStream) return 'complete'
    // An onSend hook may have put something else in its place.
    return this.reason === undefined || this.response?.isRead === false ? 'error' : this.reason
  }

  /** Nobody should wait for the end of a stream that will never be. */
  #endUnborn (abortReason: CloseReason | 'HEAD', reason: CloseReason): void {
    this.ending.abort(abortReason)
    this.ending.settle(this.#record(reason))
  }

  #record (reason: CloseReason): CloseRecord {
    const { lastEventId: resumedFrom } = this
    return {
      route: this.route.name,
      reason,
      durationMs: Math.round(this.ending.elapsedMs),
      events: this.events,
      bytes: this.bytes,
      ...(resumedFrom !== undefined && { resumedFrom }),
      ...this.#carrier?.missed
    }
  }
}
