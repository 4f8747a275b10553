import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe } from '../describe.js'
import { FST_ERR_SSE_ITERATOR_INVALID } from '../errors.js'
import type { Source } from './source.js'

/** Where a pump takes the events of a source. */
export interface Outlet {
  /** True once no more events are taken: a final event was one of them, or the client left. */
  readonly done: boolean
  /**
   * Takes one event.
   *
   * @returns Whether there is room for more in this turn.
   * @throws What is wrong with the event, of which then nothing was taken.
   */
  take: (event: unknown) => boolean
  /** Resolves when there is room, or when nothing more will be taken. */
  room: () => Promise<unknown>
}

/**
 * Moves the events of a source to an outlet, one at a time and only while there is room.
 *
 * A wrong event is thrown into the source at its `yield`, where it can be caught; what the source yields then is its
 * next event. Resolves when the source has ended or the outlet is done, and rejects with what the source threw; a
 * source that is still open then has to be stopped by the caller.
 *
 * An async function on purpose: whoever resolves what it awaits (a drained socket, a timer), it goes on in the async
 * context in which it was called, so that no source sees the AsyncLocalStorage of another request.
 */
export async function pump (source: Source, outlet: Outlet): Promise<void> {
  let pending = source.next()
  for (;;) {
    let result: unknown
    try {
      // Where the result is there already, a promise for each event would take a third of its time.
      result = isPromise(pending) ? await pending : pending
    } catch (error) {
      source.open = false
      throw error
    }
    if (typeof result !== 'object' || result === null) {
      throw FST_ERR_SSE_ITERATOR_INVALID(`next() should give an object with done and value, instead got '${describe(result)}'`)
    }
    if ((result as IteratorResult<unknown>).done === true) {
      source.open = false
      return
    }
    if (outlet.done) return
    let { value } = result as IteratorYieldResult<unknown>
    if (isPromise(value)) value = await value // as `for await` does with a list of promises
    if (outlet.done) return
    let hasRoom
    try {
      hasRoom = outlet.take(value)
    } catch (error) {
      if (!source.canThrow) throw error
      // A generator that catches such errors in a loop would else never let the event loop turn.
      await nextTurn()
      if (outlet.done) return
      pending = source.throw(error)
      continue
    }
    if (!hasRoom && !outlet.done) await outlet.room()
    if (outlet.done) return
    pending = source.next()
  }
}

function isPromise (value: unknown): boolean {
  return typeof (value as Partial<Promise<unknown>> | null | undefined)?.then === 'function'
}
