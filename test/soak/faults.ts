import { setTimeout as delay } from 'node:timers/promises'
import type { ServerProcess } from '../helpers/server-process.js'
import type { Random } from '../proof/random.js'
import type { Instance } from './instance.js'
import type { Peer } from './peer.js'

/** What faults happen to. */
interface Victims {
  /** The instance that is killed and replaced. */
  readonly instance: Instance
  readonly redis: ServerProcess
  readonly load: Peer
}

/** What one of them does. It resolves with what is to be counted as a failure, if anything. */
type Fault = (victims: Victims, random: Random) => Promise<string | undefined>

const FAULTS: Readonly<Record<string, Fault>> = {
  async 'an instance killed, and started again' ({ instance }, random) {
    await instance.kill()
    await delay(500 + random.below(2_500))
    await instance.start()
    return undefined
  },
  async 'an instance drained, closed, and started anew' ({ instance }, random) {
    const exit = await instance.close(1_000 + random.below(4_000))
    await instance.start()
    return exit !== 'still there' && exit.code === 0 ? undefined : `${instance.name} did not end by itself: ${JSON.stringify(exit)}`
  },
  async 'Redis stands still for seconds' ({ redis }, random) {
    redis.pause()
    await delay(1_000 + random.below(6_000))
    redis.resume()
    return undefined
  },
  async 'Redis killed, and started again with its disk' ({ redis }, random) {
    await redis.kill()
    await delay(random.below(2_000))
    await redis.restart()
    return undefined
  },
  async 'many connections cut at once' ({ load }, random) {
    await load.ask('cut', { part: 0.1 + 0.6 * random.next() })
    return undefined
  }
}

/** One fault after the other, each as often as the others, in another order each time. */
export class FaultSchedule {
  /** How often each has happened. */
  readonly counts: Record<string, number> = Object.fromEntries(Object.keys(FAULTS).map(name => [name, 0]))
  readonly failures: string[] = []
  readonly #victims: Victims
  readonly #random: Random
  readonly #everyMs: number
  readonly #onFault: (name: string) => void

  constructor (victims: Victims, random: Random, everyMs: number, onFault: (name: string) => void) {
    this.#victims = victims
    this.#random = random
    this.#everyMs = everyMs
    this.#onFault = onFault
  }

  /** Until the time is over, but no less than each of them once. */
  async run (forMs: number): Promise<void> {
    const endMs = performance.now() + forMs
    for (let round = 0; round === 0 || performance.now() < endMs; round++) {
      for (const name of this.#order()) {
        await delay(this.#everyMs * (0.5 + this.#random.next()))
        if (round > 0 && performance.now() >= endMs) return
        this.#onFault(name)
        const failure = await FAULTS[name]?.(this.#victims, this.#random)
        if (failure !== undefined) this.failures.push(failure)
        this.counts[name] = (this.counts[name] ?? 0) + 1
      }
    }
  }

  #order (): string[] {
    return Object.keys(FAULTS).map(name => ({ name, at: this.#random.next() })).sort((a, b) => a.at - b.at).map(({ name }) => name)
  }
}
