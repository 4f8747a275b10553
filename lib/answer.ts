import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { describe } from './describe.js'
import { FST_ERR_SSE_ALREADY_STARTED, FST_ERR_SSE_NOT_ACCEPTABLE, FST_ERR_SSE_NOT_ITERABLE } from './errors.js'
import { refuse } from './limits/refusal.js'
import type { Route } from './route.js'
import type { Carrier } from './stream/carrier.js'
import { comeBackMs } from './stream/come-back-ms.js'
import { Exchange, type Replying } from './stream/exchange.js'
import { setStreamHeaders } from './stream/headers.js'
import { leaveConnection } from './stream/response.js'
import { Sink } from './stream/sink.js'
import { discardSource } from './stream/source.js'
import { addVary } from './stream/vary.js'
import { END_ID } from './wire/end-id.js'

type Send = (this: FastifyReply, payload?: unknown) => unknown

/** How one reply may become an event stream. */
export class Answer implements Replying {
  /** An answer is made in this plugin's preHandler hook, unless a hook before that has used `reply.sse`. */
  readonly calledAtMs = performance.now()
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #route: Route
  /** Fastify's own `reply.send`, or that of who has replaced it before. */
  readonly #send: Send
  #exchange: Exchange | undefined
  #sink: Sink | undefined
  #isIntercepting = false
  #isDecided = false
  /** Whether there is room for its stream; undefined before that was asked. */
  #isAdmitted: boolean | undefined
  /** The error that told that there is none. */
  #refusedBy: unknown

  constructor (request: FastifyRequest, reply: FastifyReply, route: Route) {
    this.#request = request
    this.#reply = reply
    this.#route = route
    this.#send = reply.send as Send
  }

  /** Whether it is an answer of this route, and not of one that was made from it. */
  isOf (route: Route): boolean {
    return this.#route === route
  }

  /** The answer, for those who feed it from afar. */
  get carrier (): Carrier {
    return this.#open().carrier
  }

  /** `reply.sse` */
  get sink (): Sink {
    this.#sink ??= new Sink(this.#open())
    return this.#sink
  }

  /**
   * Takes `reply.send`. Everything that answers a request goes through it: the handler's result, sync or async, its
   * errors, `redirect`, and hooks. That makes it the earliest place at which an iterable can be seen, and the only one
   * where it can be told from other answers before content types, envelopes and serializers get at it.
   */
  intercept (): void {
    if (this.#isIntercepting) return
    this.#isIntercepting = true
    ;(this.#reply as { send: (payload?: unknown) => unknown }).send = payload => {
      this.#answer(payload)
      return this.#reply
    }
  }

  /**
   * What is decided without the handler, after all hooks: whether the client takes an event stream, whether it has seen
   * all of it, a HEAD request, and whether there is room for one more stream.
   *
   * @returns Whether the request is answered.
   * @throws FST_ERR_SSE_NOT_ACCEPTABLE, and what {@link Admission.admit} throws.
   */
  decide (): boolean {
    this.#isDecided = true
    return this.#needsNoStream() || (this.#route.streamsOnly && this.#isRefused(this.#route.streams.draining))
  }

  send (payload?: unknown): void {
    // For routes that are older than the plugin, which `addVary()` is no hook of: as late as it can be.
    if (this.#route.negotiates) addVary(this.#reply, 'Accept')
    this.#send.call(this.#reply, payload)
  }

  #needsNoStream (): boolean {
    const { method } = this.#request
    const route = this.#route
    if (method !== 'GET' && method !== 'HEAD') return false
    if (route.streamsOnly && !route.accepts(this.#request)) {
      throw FST_ERR_SSE_NOT_ACCEPTABLE(String(this.#request.headers.accept))
    }
    if (method === 'GET' && route.canComplete && this.#request.headers['last-event-id'] === END_ID) {
      // Nothing else makes a browser's EventSource stay away.
      this.#reply.code(204).header('cache-control', 'no-store')
      this.send()
      return true
    }
    if (method === 'HEAD' && route.streamsOnly) {
      this.#sendHead()
      return true
    }
    return false
  }

  /**
   * Whether there is no room for its stream. Where that may still become something else, it is asked when the stream begins.
   *
   * @param isDraining Whether it comes while the server drains.
   */
  #isRefused (isDraining: boolean): boolean {
    // An error handler that was told of it may answer with anything but a stream.
    if (this.#refusedBy !== undefined) throw this.#refusedBy
    const { admission } = this.#route
    if ((admission === undefined && !isDraining) || this.#request.method === 'HEAD') return false
    if (this.#isAdmitted !== undefined) return !this.#isAdmitted
    this.#isAdmitted = false
    const refusal = this.#refusal(isDraining)
    this.#isAdmitted = refusal === undefined
    if (refusal !== undefined) this.send(refusal)
    return !this.#isAdmitted
  }

  /** @returns What answers an EventSource that should come back later; undefined where the stream may begin. */
  #refusal (isDraining: boolean): string | undefined {
    const { admission, streams, options } = this.#route
    // A closing server ends each stream as soon as it comes, and its connection, on which there would be a 503 next.
    if (streams.closing) return undefined
    try {
      if (!isDraining) return admission?.admit(this.#request, this.#reply, options)
      streams.refused++
      leaveConnection(this.#reply) // the next one may lead elsewhere
      return refuse(this.#request, this.#reply, options, 'draining', comeBackMs('shutdown', this.#route))
    } catch (error) {
      this.#refusedBy = error
      throw error
    }
  }

  #answer (payload: unknown): void {
    const exchange = this.#exchange
    if (exchange === undefined || exchange.state === 'idle') this.#first(payload)
    else if (exchange.state !== 'answered' && this.#isSame(payload)) exchange.open()
    // Its handler may return reply.sse without knowing that the request was answered otherwise.
    else if (payload === undefined || payload !== this.#sink) this.#again(exchange, this.#withoutSource(payload))
  }

  #first (payload: unknown): void {
    const route = this.#route
    const { statusCode } = this.#reply
    const isSink = payload !== undefined && payload === this.#sink
    if (isSink || route.isSource(payload, statusCode)) {
      this.#stream(payload, isSink)
    } else if (payload instanceof Error) {
      this.send(payload)
    } else if (!route.streamsOnly || route.streamAt(statusCode) === undefined) {
      this.#exchange?.leave()
      this.send(payload)
    } else if (payload === undefined && this.#sink !== undefined) {
      // An async handler that has handed reply.sse to somebody and did not return it.
      this.#stream(this.#sink, true)
    } else {
      this.send(FST_ERR_SSE_NOT_ITERABLE(route.name, describe(payload)))
    }
  }

  #stream (payload: unknown, isSink: boolean): void {
    if (this.isAnswered()) {
      discardSource(payload)
      return
    }
    if (this.#request.method === 'HEAD') {
      discardSource(payload)
      this.#sendHead()
      return
    }
    const exchange = this.#open()
    if (isSink) exchange.open()
    else exchange.start(payload).then(() => { exchange.complete() }).catch((error: unknown) => { exchange.fail(error) })
  }

  /** Whether this is no new answer: what carries the stream already, or the result of a handler that did not return it. */
  #isSame (payload: unknown): boolean {
    if (payload === undefined) return this.#exchange?.state !== 'starting' || this.#route.carries(this.#reply.statusCode)
    return payload === this.#sink || payload === this.#exchange?.iterable
  }

  /** The route answers, though it has a source already, with something else. */
  #again (exchange: Exchange, payload: unknown): void {
    const isError = payload instanceof Error
    if (exchange.state === 'answered') {
      this.send(payload)
    } else if (exchange.state === 'starting' || exchange.isTakenOver) {
      exchange.leave(isError ? 'error' : undefined)
      this.send(payload)
    } else {
      exchange.fail(isError ? payload : FST_ERR_SSE_ALREADY_STARTED(this.#route.name))
    }
  }

  /** The payload, or the error in the place of a second source. */
  #withoutSource (payload: unknown): unknown {
    if (!this.#route.isSource(payload, this.#reply.statusCode)) return payload
    discardSource(payload)
    return FST_ERR_SSE_ALREADY_STARTED(this.#route.name)
  }

  #open (): Exchange {
    this.#exchange ??= new Exchange(this.#request, this.#reply, this.#route, this)
    return this.#exchange
  }

  /**
   * Decides late, when the handler has run but its stream has not begun: about a route that was declared before this
   * plugin had loaded, and whether there is room for the stream of one that might have answered with something else.
   *
   * @returns Whether the request is answered by that.
   */
  isAnswered (): boolean {
    try {
      // What the handler has done for a POST should not be lost, nor done again.
      return (!this.#isDecided && this.decide()) || this.#isRefused(this.#route.streams.draining && this.#request.method === 'GET')
    } catch (error) {
      this.send(error)
      return true
    }
  }

  #sendHead (): void {
    setStreamHeaders(this.#reply, this.#route.options)
    // Not an empty string: that would tell a length.
    this.send(Readable.from([]))
  }
}
