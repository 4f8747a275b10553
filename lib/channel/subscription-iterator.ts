import type { Reader } from './reader.js'
import type { DeliveredEvent } from './sendable.js'

/** The subscription that an iterator reads. */
export interface Iterated {
  readonly reader: Reader
  /** Why no more can come. */
  readonly error: unknown
  readonly isEnded: boolean
  readonly end: () => void
  /** Its channels were closed, and all was read. */
  readonly over: () => void
}

interface Waiting {
  resolve: (result: IteratorResult<DeliveredEvent>) => void
  reject: (error: unknown) => void
}

/** The events of a subscription, for code that iterates it. */
export class SubscriptionIterator implements AsyncIterableIterator<DeliveredEvent> {
  readonly #subscription: Iterated
  readonly #waiting: Waiting[] = []

  constructor (subscription: Iterated) {
    this.#subscription = subscription
  }

  async next (): Promise<IteratorResult<DeliveredEvent>> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#serve()
    })
  }

  async return (): Promise<IteratorResult<DeliveredEvent>> {
    this.#subscription.end()
    this.#serve()
    return { done: true, value: undefined }
  }

  /** Without this, `yield *` would replace the error that refuses an event by a TypeError. */
  async throw (error: unknown): Promise<IteratorResult<DeliveredEvent>> {
    await this.return()
    throw error
  }

  [Symbol.asyncIterator] (): this {
    return this
  }

  /** There may be something. @returns Whether somebody has waited for it, and so will come for more. */
  wake (): boolean {
    const isAwaited = this.#waiting.length > 0
    this.#serve()
    return isAwaited
  }

  #serve (): void {
    const { reader } = this.#subscription
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const { isEnded, error } = this.#subscription
      const event = isEnded ? undefined : this.#read()
      if (event !== undefined) first.resolve({ done: false, value: event })
      else if (error !== undefined) first.reject(error)
      else if (isEnded) first.resolve({ done: true, value: undefined })
      else if (!reader.isOver) return
      else {
        this.#subscription.over() // which may come back here, and serve all
        continue
      }
      this.#waiting.shift()
    }
  }

  /** What this version of the app can't decode is passed over; the channel has logged it. */
  #read (): DeliveredEvent | undefined {
    const { reader } = this.#subscription
    for (let delivery = reader.next(); delivery !== undefined; delivery = reader.next()) {
      const event = delivery.message.withId(delivery.id)
      if (event !== undefined) return event
    }
    return undefined
  }
}
