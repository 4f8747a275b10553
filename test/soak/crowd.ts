import { setTimeout as delay } from 'node:timers/promises'
import { Random } from '../proof/random.js'
import { Client, type Meetings } from './client.js'
import { noTotals, type Totals } from './ledger.js'
import { bulkTopics, topicName, TOPICS, TOPICS_EACH } from './topics.js'
import { type Deeds, type Habit, Traffic } from './traffic.js'

export interface CrowdSetup {
  readonly ports: readonly [number, ...number[]]
  readonly seed: number
  /** How many clients have which habit. */
  readonly sizes: Readonly<Record<Habit, number>>
  readonly pace: number
}

/** What clients have got, met and done. */
export interface CrowdAccount extends Totals, Meetings, Deeds {
  readonly clients: number
  readonly live: number
  /** Those who have got nothing at all. */
  readonly blank: number
}

/** Clients that connect at a time, at first. */
const AT_A_TIME = 100

/** How often it is looked whether somebody has something by now. */
const LOOK_EVERY_MS = 20

/** All clients of a run. */
export class Crowd {
  readonly #clients: readonly Client[]
  readonly #totals = noTotals()
  readonly #meetings: Meetings = { connections: 0, refusedConnections: 0, finalAnswers: 0 }
  readonly #traffic: Traffic

  constructor ({ ports, seed, sizes, pace }: CrowdSetup) {
    const random = new Random(seed)
    const byHabit = new Map(Object.entries(sizes).map(([habit, size]): [Habit, Client[]] => {
      return [habit as Habit, Array.from({ length: size }, () => new Client({
        // The first instance is the one that lasts: others could be killed before they see that somebody does not read.
        ...habit === 'stalling' ? { path: '/bulk', topics: bulkTopics, ports: [ports[0]] } : { ...some(random), ports },
        random: random.fork(),
        totals: this.#totals,
        meetings: this.#meetings
      }))]
    }))
    this.#clients = [...byHabit.values()].flat()
    this.#traffic = new Traffic(byHabit, random.fork(), pace)
  }

  /** @throws Where some are not connected in time. */
  async connect (withinMs: number): Promise<void> {
    const deadlineMs = performance.now() + withinMs
    for (let i = 0; i < this.#clients.length; i += AT_A_TIME) {
      const some = this.#clients.slice(i, i + AT_A_TIME)
      for (const client of some) client.connect()
      while (!some.every(({ isLive }) => isLive)) {
        if (performance.now() > deadlineMs) throw new Error(`${some.filter(({ isLive }) => !isLive).length} of ${some.length} clients are not connected after ${withinMs} ms`)
        await delay(LOOK_EVERY_MS)
      }
    }
  }

  begin (): void {
    this.#traffic.begin()
  }

  calm (): void {
    this.#traffic.calm()
  }

  cut (part: number): number {
    return this.#traffic.cut(part)
  }

  get live (): number {
    return this.#clients.filter(({ isLive }) => isLive).length
  }

  /** How many have not read these events after that time. */
  async late (last: Readonly<Record<string, number>>, withinMs: number): Promise<number> {
    const deadlineMs = performance.now() + withinMs
    let late = this.#clients.filter(client => !client.has(last))
    while (late.length > 0 && performance.now() < deadlineMs) {
      await delay(LOOK_EVERY_MS)
      late = late.filter(client => !client.has(last))
    }
    return late.length
  }

  leave (): void {
    for (const [i, client] of this.#clients.entries()) client.leave(i % 2 === 0 ? 'close' : 'reset')
  }

  account (): CrowdAccount {
    const blank = this.#clients.filter(({ isBlank }) => isBlank).length
    return { ...this.#totals, ...this.#meetings, ...this.#traffic.deeds, clients: this.#clients.length, live: this.live, blank }
  }
}

/** The path of those who read some topics, and these. */
function some (random: Random): { path: string, topics: string[] } {
  const topics = new Set<string>()
  while (topics.size < TOPICS_EACH) topics.add(topicName(random.below(TOPICS)))
  return { path: `/ticks/${[...topics].join(',')}`, topics: [...topics] }
}
