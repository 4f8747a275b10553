import type { ClientState } from '../../../types/client.js'
import type { CheckedOptions } from '../check-options.js'
import type { Port } from '../client.js'
import type { EventStreamError } from '../event-stream-error.js'
import { follow } from '../follow.js'
import type { Message, Standing } from './message.js'
import { sendError } from './sent-error.js'

/** Has the one connection, and hands on to all pages, its own included, what comes by it. */
export class Leader {
  readonly #send: (message: Message) => void
  #standing: Standing

  /**
   * @param former the highest term that was heard of; 0 for none
   * @param position the id from which to go on
   */
  constructor (former: number, position: string | undefined, send: (message: Message) => void) {
    // By the time as well, since who leads for the first time may have heard of none before. The random part keeps two apart.
    const term = Math.max(former + 1, Date.now()) + Math.random()
    this.#send = send
    this.#standing = { term, count: 0, position, isMarked: position !== undefined, state: 'connecting', error: undefined }
  }

  /** Tells where it stands: to who asks, and whenever that changes without an event. */
  announce (): void {
    this.#send({ type: 'standing', standing: this.#standing })
  }

  /**
   * Reads as fast as the events come, for those who read fast, until the stream ends.
   *
   * @throws EventStreamError
   */
  async lead (options: CheckedOptions, signal: AbortSignal): Promise<void> {
    const setState = (state: ClientState, error?: unknown): void => {
      this.#standing = { ...this.#standing, state, error: error === undefined ? undefined : sendError(error as EventStreamError) }
      this.announce()
    }
    const port: Port = { signal, lastEventId: this.#standing.position, setState }
    this.announce()
    const events = follow(options, port)
    let next
    while (!(next = await events.next()).done) {
      const { value: event } = next
      const { count } = this.#standing
      this.#standing = { ...this.#standing, count: count + 1, position: port.lastEventId, isMarked: Boolean(event.id) }
      this.#send({ type: 'event', standing: this.#standing, event })
    }
    if (next.value === 'complete') this.#send({ type: 'complete', standing: this.#standing })
  }
}
