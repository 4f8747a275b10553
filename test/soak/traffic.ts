import type { Random } from '../proof/random.js'
import type { Client } from './client.js'

/** What clients do of their own accord, all together. */
export interface Deeds {
  /** How often one left and came back. */
  absences: number
  /** How often one left for good, and another came. */
  successors: number
  /** How often one did not read for a while. */
  pauses: number
  /** How often one did not read for so long that it should be ended. */
  longPauses: number
}

/** How a client behaves. */
export type Habit = 'steady' | 'churning' | 'slow' | 'stalling'

const TICK_MS = 100

/** How long those stop reading that should be ended: their queues are full before. */
const LONG_PAUSE_MS = 30_000

/** Of those who leave, how many never come back. */
const FOR_GOOD = 0.1

/** Lets clients behave as they do, at random moments. */
export class Traffic {
  readonly deeds: Deeds = { absences: 0, successors: 0, pauses: 0, longPauses: 0 }
  readonly #clients: ReadonlyMap<Habit, readonly Client[]>
  readonly #random: Random
  /** 1 as it is meant, less in shorter runs. */
  readonly #pace: number
  /** What those will do next who are away or do not read. */
  readonly #busy = new Map<Client, { timer: NodeJS.Timeout, then: () => void }>()
  #timer: NodeJS.Timeout | undefined

  constructor (clients: ReadonlyMap<Habit, readonly Client[]>, random: Random, pace: number) {
    this.#clients = clients
    this.#random = random
    this.#pace = pace
  }

  begin (): void {
    this.#timer = setInterval(() => { this.#tick() }, TICK_MS)
  }

  /** Who is away comes back, and who does not read reads. */
  calm (): void {
    clearInterval(this.#timer)
    for (const [client, { timer, then }] of this.#busy) {
      clearTimeout(timer)
      this.#busy.delete(client)
      then()
    }
  }

  /** Cuts a part of all connections. */
  cut (part: number): number {
    let cut = 0
    for (const clients of this.#clients.values()) {
      for (const client of clients) {
        if (this.#busy.has(client) || !this.#random.chance(part)) continue
        client.cut()
        cut++
      }
    }
    return cut
  }

  #tick (): void {
    this.#some('churning', 30_000, client => { this.#leave(client) })
    this.#some('slow', 20_000, client => { this.#pause(client, 1_000 + this.#random.below(9_000) * this.#pace) })
    this.#some('stalling', 15_000, client => { this.#pause(client, LONG_PAUSE_MS) })
  }

  /** Each of them does it about as often. */
  #some (habit: Habit, everyMs: number, what: (client: Client) => void): void {
    const [first, ...rest] = this.#clients.get(habit) ?? []
    if (first === undefined) return
    const all = 1 + rest.length
    for (let n = Math.floor(all * TICK_MS / (everyMs * this.#pace) + this.#random.next()); n > 0; n--) {
      const client = this.#random.pick([first, ...rest])
      if (client.isLive && !this.#busy.has(client)) what(client)
    }
  }

  #leave (client: Client): void {
    client.leave(this.#random.chance(0.5) ? 'close' : 'reset')
    if (this.#random.chance(FOR_GOOD)) {
      this.deeds.successors++
      client.forget()
    } else {
      this.deeds.absences++
    }
    this.#later(client, this.#random.below(15_000) * this.#pace, () => { client.connect() })
  }

  #pause (client: Client, forMs: number): void {
    this.deeds[forMs === LONG_PAUSE_MS ? 'longPauses' : 'pauses']++
    client.pause()
    this.#later(client, forMs, () => { client.resume() })
  }

  #later (client: Client, afterMs: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#busy.delete(client)
      then()
    }, afterMs)
    this.#busy.set(client, { timer, then })
  }
}
