import { AsyncResource } from 'node:async_hooks'

/**
 * Keeps the async context in which this is called: what is run in it by `runInAsyncScope` sees the AsyncLocalStorage of
 * this moment. `AsyncLocalStorage.snapshot()` would do the same, but is five closures with properties of their own in
 * Node.js 20: 2 KB of heap for every stream that has it.
 */
export function asyncScope (): AsyncResource {
  return new AsyncResource('EVENT_STREAM', { requireManualDestroy: true })
}
