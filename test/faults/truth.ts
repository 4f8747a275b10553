import { Offsets } from './offsets.js'
import { lifeOf, type Place, show } from './place.js'

/** Word of where an event stands: an acknowledgement of its publisher, or a client that has got it. */
export interface Told { readonly n: number, readonly place: Place }

/**
 * What became of a channel, from its log as somebody new reads it after a fault and from what others were told before.
 * What was dropped since, for there was too much, is known from those who were told of it.
 */
export class Truth {
  /** Events that the engine must keep for those who come back. */
  readonly maxEvents: number
  /** Of all events of the channel's present life, what is or was in its log for good. */
  readonly log: Offsets
  readonly #life: string
  readonly #byOffset: ReadonlyMap<number, number>
  readonly #told = new Map<string, Offsets>()
  readonly #lost = new Map<string, Offsets>()
  /** Events that somebody was told of, and that are gone. */
  readonly lost: readonly Told[]

  /**
   * @param surviving The log from the earliest event that is retained, in the order in which it was read. Not empty.
   * @throws Where that can't be: something stored twice, two events at one place, or disorder.
   */
  constructor (surviving: readonly Told[], told: readonly Told[], maxEvents: number) {
    const first = surviving[0] as Told
    const last = surviving.at(-1) as Told
    this.maxEvents = maxEvents
    this.#life = lifeOf(first.place.epoch)
    this.#byOffset = this.#read(surviving)
    const retained = new Set(this.#byOffset.keys())
    // What was published after all this is not there yet.
    const past = told.filter(({ place: { epoch, offset } }) => epoch !== last.place.epoch || offset <= last.place.offset)
    const byOffset = new Map(this.#byOffset)
    for (const { n, place: { epoch, offset } } of past) {
      if (lifeOf(epoch) === this.#life && offset < first.place.offset && !retained.has(offset)) byOffset.set(offset, n)
    }
    this.#byOffset = byOffset
    this.#checkOnce()
    this.log = new Offsets(byOffset.keys())
    this.lost = past.filter(({ n, place: { epoch, offset } }) => lifeOf(epoch) !== this.#life || byOffset.get(offset) !== n)
    this.#checkPlaces(past)
    for (const [epoch, told] of byEpoch(past)) this.#told.set(epoch, told)
    for (const [epoch, told] of byEpoch(this.lost)) this.#lost.set(epoch, told)
  }

  has (n: number, offset: number): boolean {
    return this.#byOffset.get(offset) === n
  }

  /** The events, in the order of the log. */
  get events (): number[] {
    return [...this.#byOffset].sort(([a], [b]) => a - b).map(([, n]) => n)
  }

  /** Whether something up to this place was lost, so that it is no place of the log any more. */
  isLost ({ epoch, offset }: Place): boolean {
    return lifeOf(epoch) !== this.#life || (this.#lost.get(epoch)?.count(0, offset) ?? 0) > 0
  }

  /** The first event after this place that was lost. */
  nextLost ({ epoch, offset }: Place): number | undefined {
    return this.#lost.get(epoch)?.next(offset)
  }

  /** The first event after an offset that somebody was told of in this epoch, whatever became of it. */
  nextTold ({ epoch, offset }: Place): number | undefined {
    return this.#told.get(epoch)?.next(offset)
  }

  #read (surviving: readonly Told[]): Map<number, number> {
    const read = new Map<number, number>()
    let before = 0
    for (const { n, place } of surviving) {
      if (place.offset <= before) throw new Error(`the log has ${n} at ${show(place)}, after ${before}`)
      read.set(before = place.offset, n)
    }
    return read
  }

  #checkOnce (): void {
    const offsets = new Map<number, number>()
    for (const [offset, n] of this.#byOffset) {
      const other = offsets.get(n)
      if (other !== undefined) throw new Error(`the log has ${n} twice, at ${other} and ${offset}`)
      offsets.set(n, offset)
    }
  }

  /** An epoch has one event at one place. */
  #checkPlaces (told: readonly Told[]): void {
    const there = new Map<string, number>()
    for (const { n, place } of told) {
      const other = there.get(show(place)) ?? n
      if (other !== n) throw new Error(`${show(place)} stands for ${other} and for ${n}`)
      there.set(show(place), n)
    }
  }
}

function byEpoch (told: readonly Told[]): Array<[string, Offsets]> {
  const offsets = new Map<string, Set<number>>()
  for (const { place: { epoch, offset } } of told) {
    const those = offsets.get(epoch) ?? new Set()
    offsets.set(epoch, those.add(offset))
  }
  return [...offsets].map(([epoch, those]) => [epoch, new Offsets(those)])
}
