/** What a source does next. */
export type Item = { event: unknown, n?: number } | { end: true } | { error: Error }

/** How a source behaves. */
export interface Temper {
  /** What iterates: a generator; or an object of its own, which gives what it has at once or by a promise. */
  kind: 'generator' | 'sync' | 'async'
  /** Whether it goes on after an event that was refused. */
  catches: boolean
  /** Whether it ends when the signal aborts. */
  heeds: boolean
  /** What becomes of return(). */
  onReturn: 'ends' | 'throws' | 'rejects' | 'hangs' | 'missing'
  hasThrow: boolean
}

/** A source that does what the schedule says, and counts what is done to it. */
export class Source {
  /** The numbers of the events that were handed over, and that nothing is wrong with. */
  readonly gave: number[] = []
  /** How often it was asked to stop while it went on. */
  stops = 0
  /** And how often when it had ended, and nobody knew it yet. */
  lateStops = 0
  /** Whether it was ever asked for an event. */
  isStarted = false
  /** Whether it has ended or failed by itself. */
  isOver = false
  /** Whether it has ended since it was released. */
  isFreed = false
  /** Steps that somebody waits for. */
  pendingNexts = 0
  readonly #temper: Temper
  readonly #queue: Item[] = []
  #wake: (() => void) | undefined
  #isReleased = false
  #release: Array<() => void> = []

  constructor (temper: Temper) {
    this.#temper = temper
  }

  push (...items: Item[]): void {
    this.#queue.push(...items)
    this.#wake?.()
  }

  heed (signal: AbortSignal): void {
    if (this.#temper.heeds) signal.addEventListener('abort', () => { this.release() }, { once: true })
  }

  /** Nothing waits any more. */
  release (): void {
    this.#isReleased = true
    this.#wake?.()
    for (const release of this.#release.splice(0)) release()
  }

  get iterable (): AsyncIterable<unknown> {
    return this.#temper.kind === 'generator' ? this.#generate() : { [Symbol.asyncIterator]: () => this.#iterator() as AsyncIterator<unknown> }
  }

  async * #generate (): AsyncGenerator<unknown, void> {
    this.isStarted = true
    try {
      for (;;) {
        const item = await this.#next()
        const result = this.#hand(item)
        if (result.done === true) return
        try {
          yield result.value
        } catch (error) {
          if (this.#temper.catches) continue
          this.isOver = true
          throw error
        }
      }
    } finally {
      if (!this.isOver && !this.isFreed) {
        this.stops++
        await this.#stopped()
      }
    }
  }

  #iterator (): object {
    const { hasThrow, onReturn } = this.#temper
    return {
      next: () => this.#step(),
      ...(hasThrow && { throw: (error: Error) => this.#thrown(error) }),
      ...(onReturn !== 'missing' && {
        return: () => {
          if (this.isOver) this.lateStops++
          else this.stops++
          if (onReturn === 'throws') throw new Error('broken by the schedule')
          return this.#stopped()
        }
      })
    }
  }

  #step (): unknown {
    this.isStarted = true
    const first = this.#temper.kind === 'sync' ? this.#queue.shift() : undefined
    return first === undefined ? this.#next().then(item => this.#hand(item)) : this.#hand(first)
  }

  #thrown (error: Error): unknown {
    if (this.#temper.catches) return this.#step()
    this.isOver = true
    throw error
  }

  async #stopped (): Promise<{ done: true, value: undefined }> {
    const { onReturn } = this.#temper
    if (onReturn === 'throws' || onReturn === 'rejects') throw new Error('broken by the schedule')
    if (onReturn === 'hangs' && !this.#isReleased) await new Promise<void>(resolve => { this.#release.push(resolve) })
    return { done: true, value: undefined }
  }

  async #next (): Promise<Item> {
    this.pendingNexts++
    while (this.#queue.length === 0 && !this.#isReleased) await new Promise<void>(resolve => { this.#wake = resolve })
    this.pendingNexts--
    const item = this.#queue.shift()
    this.isFreed = item === undefined
    return item ?? { end: true }
  }

  #hand (item: Item): IteratorResult<unknown> {
    if ('event' in item) {
      if (item.n !== undefined) this.gave.push(item.n)
      return { done: false, value: item.event }
    }
    this.isOver = !this.isFreed
    if ('error' in item) throw item.error
    return { done: true, value: undefined }
  }
}
