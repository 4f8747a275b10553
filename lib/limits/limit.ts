import type { LimitOptions } from '../../types/options.js'

/** What of a limit is reached. */
export type Bound = 'maxStreams' | 'maxStreamsPerKey'

/** Counts the open streams of a server or of a route, in all and by key. */
export class Limit {
  /** Whose streams they are: `server`, or the route's name. */
  readonly owner: string
  readonly #maxStreams: number
  readonly #maxStreamsPerKey: number
  #open = 0
  /** Only the keys that have some: the last stream of a key takes it along. */
  readonly #openByKey = new Map<string, number>()

  constructor (owner: string, { maxStreams = Infinity, maxStreamsPerKey = Infinity }: LimitOptions) {
    this.owner = owner
    this.#maxStreams = maxStreams
    this.#maxStreamsPerKey = maxStreamsPerKey
  }

  /** Whether it bounds all streams together. */
  get isInAll (): boolean {
    return this.#maxStreams < Infinity
  }

  get isPerKey (): boolean {
    return this.#maxStreamsPerKey < Infinity
  }

  get open (): number {
    return this.#open
  }

  /** Keys that have open streams. */
  get keys (): number {
    return this.#openByKey.size
  }

  /** Which bound one more stream would break. Its key's comes first: the client can do something about that. */
  reachedBy (key: string): Bound | undefined {
    if ((this.#openByKey.get(key) ?? 0) >= this.#maxStreamsPerKey) return 'maxStreamsPerKey'
    return this.#open >= this.#maxStreams ? 'maxStreams' : undefined
  }

  add (key: string): void {
    this.#open++
    if (this.isPerKey) this.#openByKey.set(key, (this.#openByKey.get(key) ?? 0) + 1)
  }

  delete (key: string): void {
    this.#open--
    if (!this.isPerKey) return
    const left = (this.#openByKey.get(key) as number) - 1
    if (left > 0) this.#openByKey.set(key, left)
    else this.#openByKey.delete(key)
  }
}
