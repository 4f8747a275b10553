import { EventEmitter } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import type { ChannelEvents, Departure, Presence } from '../../types/channel.js'
import type { CloseReason } from '../../types/sink.js'
import { asyncScope } from '../async-scope.js'

/** Who reads a channel at present, and those who want to know. */
export class Attendance {
  readonly #log: FastifyBaseLogger
  readonly #listeners = new EventEmitter()
  readonly #finishes = new Set<() => void>()

  constructor (log: FastifyBaseLogger) {
    this.#log = log
  }

  get size (): number {
    return this.#finishes.size
  }

  on<Name extends keyof ChannelEvents<unknown>> (name: Name, listener: ChannelEvents<unknown>[Name]): void {
    this.#listeners.on(name, listener)
  }

  off<Name extends keyof ChannelEvents<unknown>> (name: Name, listener: ChannelEvents<unknown>[Name]): void {
    this.#listeners.off(name, listener)
  }

  /**
   * Somebody has come. Those who listen are told in the async context in which this is called, also when he goes: a
   * publisher that finds him too slow may be the request of another user.
   *
   * @param finish Ends what it reads of the channel.
   * @returns To be called once, when it goes.
   */
  arrive (presence: Presence, finish: () => void): (reason: CloseReason) => void {
    const leave = (): void => { finish() } // a function of its own, should the same one come twice
    const scope = asyncScope()
    this.#finishes.add(leave)
    this.#notify('subscribe', presence)
    return reason => {
      this.#finishes.delete(leave)
      scope.runInAsyncScope(() => { this.#notify('unsubscribe', { ...presence, reason }) })
    }
  }

  /** Ends what all of them read. */
  finish (): void {
    for (const finish of this.#finishes) finish()
  }

  /** A listener that throws must not end a subscription, nor keep the next one from being told. */
  #notify (name: keyof ChannelEvents<unknown>, presence: Presence | Departure): void {
    for (const listener of this.#listeners.listeners(name)) {
      try {
        listener(presence)
      } catch (err) {
        this.#log.error({ err, channel: presence.channel }, `a listener for '${name}' failed`)
      }
    }
  }
}
