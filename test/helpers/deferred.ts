export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
}

/** A promise that a test resolves. */
export function deferred<T = void> (): Deferred<T> {
  let resolve: ((value: T) => void) | undefined
  const promise = new Promise<T>(_resolve => { resolve = _resolve })
  return { promise, resolve: resolve as unknown as (value: T) => void }
}
