import { openLink, type Link } from './link.js'
import type { RedisClient } from './client.js'
import type { Health } from '../health.js'
import { replyCode, toUnreachable, Unreachable } from './unreachable.js'
import type { Script } from './script.js'

/** A connection of our own, on which every call ends in time. */
export class RedisConnection {
  readonly #link: Link
  readonly #health: Health
  #waiting: Array<() => void> = []
  #isResetting = false
  #isClosed = false

  constructor (client: RedisClient, health: Health) {
    this.#health = health
    this.#link = openLink(client, {
      onReady: () => {
        this.#isResetting = false
        health.back(this)
        this.#wake()
      },
      onLost: error => {
        this.#isResetting = false
        if (!this.#isClosed) health.lost(this, error)
      }
    })
  }

  /** Resolves when there is a connection, or none is needed any more. */
  async ready (): Promise<void> {
    if (this.#link.isReady || this.#isClosed) return
    await new Promise<void>(resolve => { this.#waiting.push(resolve) })
  }

  /**
   * Sends a command.
   *
   * @param limitMs After which there is something wrong with the connection, and another one is made.
   * @throws Unreachable where the server did not answer, and what it answered where that is an error.
   */
  async call (args: readonly string[], limitMs: number): Promise<unknown> {
    if (this.#isClosed || !this.#link.isReady) throw new Unreachable(false, undefined)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer for ${limitMs} ms`))
        this.#reset()
      }, limitMs)
    })
    const answer = this.#link.command(args).finally(() => { clearTimeout(timer) })
    try {
      return await Promise.race([answer, late])
    } catch (error) {
      // A primary that became a replica keeps its connections: another one finds the new primary.
      if (replyCode(error) === 'READONLY') this.#reset()
      throw toUnreachable(error)
    }
  }

  /** Runs a script, which is one step for everybody else. Throws what {@link call} does. */
  async run (script: Script, keys: readonly string[], args: readonly string[], limitMs: number): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await this.call(['EVALSHA', script.sha, ...rest], limitMs)
    } catch (error) {
      // A server that was restarted has forgotten it.
      if (replyCode(error) !== 'NOSCRIPT') throw error
      return await this.call(['EVAL', script.source, ...rest], limitMs)
    }
  }

  close (): void {
    this.#isClosed = true
    this.#link.close()
    this.#health.forget(this)
    this.#wake()
  }

  #reset (): void {
    if (this.#isResetting || this.#isClosed) return
    this.#isResetting = true
    this.#link.reset()
  }

  #wake (): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
