import type { ClientState } from '../../../types/client.js'
import type { CheckedOptions } from '../check-options.js'
import type { Port } from '../client.js'
import { follow } from '../follow.js'
import type { Message, Standing } from './message.js'

/** Has the one connection, and hands on to all pages, its own included, what comes by it. */
export class Leader {
  readonly #name = crypto.randomUUID()
  readonly #send: (message: Message) => void
  #standing: Standing

  /** @param position the id from which to go on */
  constructor (position: string | undefined, send: (message: Message) => void) {
    this.#send = send
    this.#standing = { leader: this.#name, count: 0, position, state: 'connecting' }
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
    const setState = (state: ClientState): void => {
      this.#standing = { ...this.#standing, state }
      this.announce()
    }
    const port: Port = { signal, lastEventId: this.#standing.position, setState }
    this.announce()
    const events = follow(options, port)
    let next
    while (!(next = await events.next()).done) {
      this.#standing = { ...this.#standing, count: this.#standing.count + 1, position: port.lastEventId }
      this.#send({ type: 'event', standing: this.#standing, event: next.value })
    }
    if (next.value === 'complete') this.#send({ type: 'complete', standing: this.#standing })
  }
}
