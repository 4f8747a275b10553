import type { Topic, TopicCount } from '../../types/channel.js'
import { topicPrefix } from './topic-prefix.js'

/** Subscribers by topic. A topic that nobody subscribes to costs nothing. */
export class TopicIndex<Subscriber> {
  /** Those who take all. */
  readonly #everything = new Set<Subscriber>()
  readonly #exact = new Map<string, Set<Subscriber>>()
  readonly #prefixes = new Map<string, Set<Subscriber>>()
  /** How many prefixes have this length: a topic is looked up once for each length, however many prefixes there are. */
  readonly #lengths = new Map<number, number>()

  /** Those who take every event, whatever its topic. */
  get everything (): ReadonlySet<Subscriber> {
    return this.#everything
  }

  add (topics: readonly Topic[] | undefined, subscriber: Subscriber): void {
    if (topics === undefined) this.#everything.add(subscriber)
    for (const topic of topics ?? []) {
      if (typeof topic === 'string') put(this.#exact, topic, subscriber)
      else if (put(this.#prefixes, topic.prefix, subscriber)) this.#countLength(topic.prefix.length, 1)
    }
  }

  delete (topics: readonly Topic[] | undefined, subscriber: Subscriber): void {
    if (topics === undefined) this.#everything.delete(subscriber)
    for (const topic of topics ?? []) {
      if (typeof topic === 'string') take(this.#exact, topic, subscriber)
      else if (take(this.#prefixes, topic.prefix, subscriber)) this.#countLength(topic.prefix.length, -1)
    }
  }

  /** Calls back with each subscriber of a topic, other than those who take all; with one that names it twice, twice. */
  match (topic: string, visit: (subscriber: Subscriber) => void): void {
    this.#exact.get(topic)?.forEach(visit)
    for (const length of this.#lengths.keys()) {
      if (length <= topic.length) this.#prefixes.get(topic.slice(0, length))?.forEach(visit)
    }
  }

  /** How many get the events of a topic. */
  count (topic: string): number {
    const subscribers = new Set<Subscriber>()
    this.match(topic, subscriber => { subscribers.add(subscriber) })
    return subscribers.size + this.#everything.size
  }

  /** Topics and prefixes that are subscribed to, and how many do. */
  get counts (): TopicCount[] {
    return [
      ...Array.from(this.#exact, ([topic, { size }]) => ({ topic, subscribers: size })),
      ...Array.from(this.#prefixes, ([prefix, { size }]) => ({ topic: topicPrefix(prefix), subscribers: size }))
    ]
  }

  /** Topics and prefixes that are subscribed to. */
  get size (): number {
    return this.#exact.size + this.#prefixes.size
  }

  #countLength (length: number, change: 1 | -1): void {
    const count = (this.#lengths.get(length) ?? 0) + change
    if (count === 0) this.#lengths.delete(length)
    else this.#lengths.set(length, count)
  }
}

/** @returns Whether the key is new. */
function put<Subscriber> (sets: Map<string, Set<Subscriber>>, key: string, subscriber: Subscriber): boolean {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([subscriber]))
  else set.add(subscriber)
  return set === undefined
}

/** @returns Whether the key is gone. */
function take<Subscriber> (sets: Map<string, Set<Subscriber>>, key: string, subscriber: Subscriber): boolean {
  const set = sets.get(key)
  if (set === undefined || !set.delete(subscriber) || set.size > 0) return false
  return sets.delete(key)
}
