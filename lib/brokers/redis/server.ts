import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '../backoff.js'
import type { RedisConnection } from './connection.js'
import type { Script } from './script.js'
import { Unreachable } from './unreachable.js'

/** The Redis server, for all that is answered at once. */
export class Server {
  readonly #connection: RedisConnection
  readonly #timeoutMs: number

  /** @param timeoutMs How long an answer may take, in milliseconds. */
  constructor (connection: RedisConnection, timeoutMs: number) {
    this.#connection = connection
    this.#timeoutMs = timeoutMs
  }

  /** Resolves when there is a connection, or none is needed any more. */
  async ready (): Promise<void> {
    await this.#connection.ready()
  }

  /** Runs a script, which is one step for everybody else. @throws Unreachable, and what the server answers where that is an error. */
  async run (script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return await this.#connection.run(script, keys, args, this.#timeoutMs)
  }

  /** Asks again while the server can't be reached, for as long as an answer may take. Throws what the last try did. */
  async ask<T> (question: () => Promise<T>): Promise<T> {
    return await this.#ask(question, performance.now() + this.#timeoutMs, 0)
  }

  /** Interrupts a reader that waits for this stream among others. Where it does not arrive, the reader waits a little longer. */
  interrupt (wakeKey: string, expiresMs: number): void {
    const limitMs = this.#timeoutMs
    const quietly = (): void => {}
    this.#connection.call(['XADD', wakeKey, 'MAXLEN', '1', '*', 'wake', ''], limitMs).catch(quietly)
    this.#connection.call(['PEXPIRE', wakeKey, String(expiresMs)], limitMs).catch(quietly)
  }

  close (): void {
    this.#connection.close()
  }

  async #ask<T> (question: () => Promise<T>, deadlineMs: number, tries: number): Promise<T> {
    try {
      return await question()
    } catch (error) {
      const leftMs = deadlineMs - performance.now()
      if (!(error instanceof Unreachable) || leftMs <= 0) throw error
      await sleep(Math.min(leftMs, backoffMs(tries)))
    }
    return await this.#ask(question, deadlineMs, tries + 1)
  }
}
