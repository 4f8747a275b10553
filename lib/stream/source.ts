import type { Readable } from 'node:stream'
import { asyncScope } from '../async-scope.js'
import { describe } from '../describe.js'
import { FST_ERR_SSE_ITERATOR_INVALID } from '../errors.js'

type AnyIterable = AsyncIterable<unknown> & Iterable<unknown>

/** An iteration that has begun. */
export class Source {
  /** False once it has ended or thrown: then there is nothing left to stop. */
  open = true
  readonly #iterator: AsyncIterator<unknown>
  // `return()` runs the `finally` of a generator, whoever ends the stream: a socket, a timer, the request of another user.
  readonly #scope = asyncScope()
  #stopped = false
  /** Whether a step is being taken: a generator that is not async can't be stopped by what it does itself. */
  #isStepping = false
  #onStepped: (() => void) | undefined

  /** @throws FST_ERR_SSE_ITERATOR_INVALID, and whatever the iterable itself throws. */
  constructor (iterable: unknown) {
    this.#iterator = openIterator(iterable)
  }

  /** Whether it can be told what is wrong with an event. */
  get canThrow (): boolean {
    return typeof this.#iterator.throw === 'function'
  }

  /** Asks for the next event. @returns What the iterator gives: a result, or a promise of one. */
  next (): unknown {
    return this.#step(undefined)
  }

  /** Tells it what is wrong with an event, where {@link canThrow}. @returns Likewise. */
  throw (error: unknown): unknown {
    return this.#step({ error })
  }

  /**
   * Asks the source to end. Nobody waits for it: the `return` of a generator queues behind a pending `next`, and only
   * the stream's signal frees a producer that waits for something else.
   *
   * @param onError Gets what the source throws while it cleans up.
   */
  stop (onError: (error: unknown) => void): void {
    if (!this.open || this.#stopped) return
    this.#stopped = true
    if (this.#isStepping) this.#onStepped = () => { this.#return(onError) }
    else this.#return(onError)
  }

  #return (onError: (error: unknown) => void): void {
    if (!this.open) return
    try {
      // Not all iterators return what they should, so no method is called on the result.
      Promise.resolve(this.#scope.runInAsyncScope(() => this.#iterator.return?.())).catch(onError)
    } catch (error) {
      onError(error)
    }
  }

  #step (thrown: { error: unknown } | undefined): unknown {
    this.#isStepping = true
    let result
    try {
      result = thrown === undefined ? this.#iterator.next() : this.#iterator.throw?.(thrown.error)
    } catch (error) {
      this.open = false
      this.#stepped()
      throw error
    }
    this.#stepped()
    return result
  }

  #stepped (): void {
    this.#isStepping = false
    this.#onStepped?.()
  }
}

/** Whether a handler's result is an async iterable that is nothing else: a stream or a body of bytes stays Fastify's. */
export function isAsyncIterable (value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null &&
    typeof (value as AsyncIterable<unknown>)[Symbol.asyncIterator] === 'function' &&
    !isNodeReadable(value) && !isWebStream(value)
}

/** Whether this is a Node.js or web stream, which on a declared route is a source of events. */
export function isStream (value: unknown): value is Readable | ReadableStream<unknown> {
  return typeof value === 'object' && value !== null && (isNodeReadable(value) || isWebStream(value))
}

/** Frees a source that will never be iterated. A generator has nothing to free before it has started. */
export function discardSource (source: unknown): void {
  if (typeof source !== 'object' || source === null) return
  if (isNodeReadable(source)) {
    source.on('error', () => {}) // whatever its end brings up concerns nobody any more
    source.destroy()
  } else if (isWebStream(source) && !source.locked) {
    source.cancel().catch(() => {}) // likewise
  }
}

function openIterator (source: unknown): AsyncIterator<unknown> {
  if (typeof source === 'object' && source !== null && isWebStream(source)) return webStreamIterator(source)
  const key = iteratorKey(source)
  if (key === undefined) {
    throw FST_ERR_SSE_ITERATOR_INVALID(`it should have a [Symbol.asyncIterator] or [Symbol.iterator] method, instead got '${describe(source)}'`)
  }
  if (isNodeReadable(source as object)) return readableIterator(source as Readable)
  const iterator: unknown = (source as AnyIterable)[key]()
  if (typeof iterator !== 'object' || iterator === null || typeof (iterator as AsyncIterator<unknown>).next !== 'function') {
    throw FST_ERR_SSE_ITERATOR_INVALID(`[${key.description}]() should return an object with a next method, instead got '${describe(iterator)}'`)
  }
  return iterator as AsyncIterator<unknown>
}

/** The method that makes an iterator of it, as `for await` finds it; undefined where there is none. */
function iteratorKey (source: unknown): keyof AnyIterable | undefined {
  if (typeof source !== 'object' || source === null) return undefined // a string is no list of events
  return ([Symbol.asyncIterator, Symbol.iterator] as const).find(key => typeof (source as Partial<AnyIterable>)[key] === 'function')
}

/** The iterator of a Readable waits for a pending read before it can return; destroying does not. */
function readableIterator (readable: Readable): AsyncIterator<unknown> {
  const iterator = readable[Symbol.asyncIterator]()
  return {
    next: () => iterator.next(),
    return: async () => {
      readable.destroy()
      return { done: true, value: undefined }
    }
  }
}

/** Likewise the iterator of a web stream; cancelling its reader ends a pending read. */
function webStreamIterator (stream: ReadableStream<unknown>): AsyncIterator<unknown> {
  const reader = stream.getReader()
  return {
    next: async () => await reader.read() as IteratorResult<unknown>,
    return: async () => {
      await reader.cancel()
      return { done: true, value: undefined }
    }
  }
}

function isNodeReadable (value: object): value is Readable {
  return typeof (value as Readable).pipe === 'function'
}

function isWebStream (value: object): value is ReadableStream<unknown> {
  return typeof (value as ReadableStream).getReader === 'function'
}
