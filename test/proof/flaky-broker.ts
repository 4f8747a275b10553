import { setImmediate as turn } from 'node:timers/promises'
import { memoryBroker } from '../../lib/index.js'
import type { Broker, Follower, Log, LogOptions, Page, Position, StoredRecord } from '../../types/broker.js'
import type { Random } from './random.js'

/** A broker in memory whose reads take their time, and whose connection breaks: what it misses, it says by `begin`. */
export class FlakyBroker implements Broker {
  /** How often records were not handed on. */
  losses = 0
  readonly #memory = memoryBroker()
  readonly #random: Random

  constructor (random: Random) {
    this.#random = random
  }

  open (options: LogOptions): Log {
    const log = this.#memory.open(options)
    const random = this.#random.fork()
    const pause = async (): Promise<void> => {
      if (random.chance(0.3)) for (let turns = random.below(6); turns > 0; turns--) await turn()
    }
    return {
      append: async (record, key) => await log.append(record, key),
      head: async () => {
        const head = await log.head() // as it is at the time of the call
        await pause()
        return head
      },
      read: async (after, limit) => {
        await pause()
        const page: Page = await log.read(after, limit)
        await pause()
        return page
      },
      follow: follower => {
        const flaky = new FlakyFollower(follower, random.fork(), () => { this.losses++ })
        const stop = log.follow(flaky)
        return () => {
          flaky.isStopped = true
          stop()
        }
      },
      close: async () => { await log.close() }
    }
  }

  async close (): Promise<void> {
    await this.#memory.close()
  }
}

class FlakyFollower implements Follower {
  isStopped = false
  readonly #follower: Follower
  readonly #random: Random
  readonly #onLoss: () => void
  #position: Position | undefined
  #isBroken = false

  constructor (follower: Follower, random: Random, onLoss: () => void) {
    this.#follower = follower
    this.#random = random
    this.#onLoss = onLoss
  }

  begin (position: Position): void {
    this.#position = position
    this.#follower.begin(position)
  }

  receive (records: readonly StoredRecord[]): void {
    this.#position = { ...this.#position as Position, offset: records.at(-1)?.offset as number }
    if (!this.#isBroken && this.#random.chance(0.02)) void this.#break()
    if (!this.#isBroken) this.#follower.receive(records)
  }

  async #break (): Promise<void> {
    this.#isBroken = true
    this.#onLoss()
    for (let turns = this.#random.below(4); turns > 0; turns--) await turn()
    this.#isBroken = false
    if (!this.isStopped) this.#follower.begin(this.#position as Position)
  }
}
