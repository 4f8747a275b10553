import type { CloseRecord, EventSink, SendAllOptions } from '../../types/sink.js'
import { FST_ERR_SSE_ALREADY_ANSWERED, FST_ERR_SSE_ALREADY_STARTED, FST_ERR_SSE_SINK_BUSY, FST_ERR_SSE_SINK_ENDED } from '../errors.js'
import type { Exchange } from './exchange.js'
import { SinkIterator } from './sink-iterator.js'
import { discardSource } from './source.js'

// Shared by all who need not wait: no promise per event.
const HAS_ROOM = Promise.resolve(true)
const CLIENT_LEFT = Promise.resolve(false)

/** `reply.sse`: the pushing side of an exchange. */
export class Sink implements EventSink<unknown> {
  readonly #exchange: Exchange
  #iterator: SinkIterator | undefined
  #ended = false
  /** Whether the iterable that carries the stream came through sendAll(). */
  #carries = false

  constructor (exchange: Exchange) {
    this.#exchange = exchange
  }

  get signal (): AbortSignal {
    return this.#exchange.ending.signal
  }

  get closed (): Promise<CloseRecord> {
    return this.#exchange.ending.closed
  }

  get lastEventId (): string | undefined {
    return this.#exchange.lastEventId
  }

  send (event: unknown): Promise<boolean> {
    const exchange = this.#exchange
    const refusal = this.#refusal()
    if (refusal !== undefined) return refusal
    try {
      if (this.#iterator !== undefined) return this.#queue(this.#iterator, event)
      exchange.prepare()
      if (exchange.done) return CLIENT_LEFT
      const queuedBefore = exchange.queuedBytes
      const hasRoom = exchange.intake.take(event)
      // One event alone may be larger than the bound: dropping it would not make it smaller.
      if (queuedBefore > 0 && this.#isTooMuch(exchange.queuedBytes)) return CLIENT_LEFT
      return hasRoom || exchange.done ? HAS_ROOM : exchange.intake.room()
    } catch (error) {
      return reject(error)
    }
  }

  sendAll (source: AsyncIterable<unknown> | Iterable<unknown>, { end = true }: SendAllOptions = {}): Promise<void> {
    const sent = this.#sendAll(source, end)
    sent.catch(() => {}) // handled: fail() has logged it
    return sent
  }

  comment (text: string): Promise<boolean> {
    return this.send({ comment: text })
  }

  end (): void {
    if (this.#ended) return
    this.#ended = true
    const exchange = this.#exchange
    if (this.#iterator !== undefined) this.#iterator.end()
    if ((exchange.iterable !== undefined && !this.#carries) || exchange.request.method === 'HEAD') return
    exchange.open()
    exchange.complete()
  }

  /** The events that are sent from now on, for a generator that passes them on: `yield * reply.sse`. */
  [Symbol.asyncIterator] (): AsyncIterator<unknown> {
    if (this.#iterator !== undefined || (this.#exchange.state !== 'idle' && this.#exchange.iterable === undefined)) {
      throw FST_ERR_SSE_ALREADY_STARTED(this.#exchange.route.name)
    }
    const iterator = new SinkIterator(() => { this.#iterator = undefined })
    if (this.#ended || this.signal.aborted) {
      iterator.end()
    } else {
      this.#iterator = iterator
      // Who waits for the next event would wait for ever, since return() queues behind next().
      this.signal.addEventListener('abort', () => { iterator.end() }, { once: true })
    }
    return iterator
  }

  /** The answer to whoever sends though nothing can be sent. */
  #refusal (): Promise<boolean> | undefined {
    const exchange = this.#exchange
    if (exchange.isLeft) return this.#refuseLeft()
    if (this.#ended || exchange.reason === 'complete') return reject(FST_ERR_SSE_SINK_ENDED())
    if (exchange.request.method === 'HEAD') return CLIENT_LEFT
    if (exchange.done && exchange.state !== 'idle') return CLIENT_LEFT
    if (exchange.iterable !== undefined && this.#iterator === undefined) return reject(FST_ERR_SSE_SINK_BUSY())
    return undefined
  }

  /** An async handler that did not return reply.sse: Fastify has answered for it, and nobody else would ever tell. */
  #refuseLeft (): Promise<boolean> {
    const { request, route } = this.#exchange
    const error = FST_ERR_SSE_ALREADY_ANSWERED(route.name)
    route.logRefusal(error, undefined, request)
    return reject(error)
  }

  #queue (iterator: SinkIterator, event: unknown): Promise<boolean> {
    const chars = this.#exchange.intake.measure(event)
    if (iterator.queuedChars > 0 && this.#isTooMuch(iterator.queuedChars + chars)) return CLIENT_LEFT
    iterator.push(event, chars)
    return HAS_ROOM
  }

  #isTooMuch (queued: number): boolean {
    if (queued <= this.#exchange.route.options.maxBufferedBytes) return false
    this.#exchange.cut('slow')
    return true
  }

  async #sendAll (source: AsyncIterable<unknown> | Iterable<unknown>, end: boolean): Promise<void> {
    const exchange = this.#exchange
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      discardSource(source)
      await refusal
      return
    }
    const alone = end && exchange.state === 'idle'
    try {
      if (alone) {
        this.#carries = true
        await exchange.start(source)
      } else {
        exchange.open()
        await exchange.add(source)
      }
    } catch (error) {
      if (exchange.done) {
        exchange.fail(error)
        return
      }
      // The handler may answer with something else, as long as nothing has been sent.
      if (exchange.state === 'starting') setImmediate(() => { exchange.fail(error) })
      else if (end) exchange.fail(error)
      throw error
    }
    if (alone) exchange.complete()
    else if (end) this.end()
  }
}

/** A rejection that is already handled: one inside somebody's event listener would end the process. */
function reject (error: unknown): Promise<never> {
  const rejection = Promise.reject(error)
  rejection.catch(() => {})
  return rejection
}
