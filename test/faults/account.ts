import { type Place, placeOf, show } from './place.js'
import type { Truth } from './truth.js'

/** What a client got. */
export type Got =
  | { event: 'tick', id: string, n: number }
  | { event: 'stream-position', id: string }
  | { event: 'stream-gap', id: string, requested: string, earliest: string }

/**
 * What one client has got, held against what became of the channel: every event is the very next one of the log, and where
 * it is not, the client was told of a gap, which it is only where something is gone. Throws at the first that is not so.
 */
export class Account {
  events = 0
  gaps = 0
  #at: Place | undefined
  /** Epochs that have lost something at their end, of which it was told. */
  readonly #toldOf = new Set<string>()
  #trail: string[] = []

  take (got: Got, truth: Truth): void {
    this.#trail = [...this.#trail.slice(-11), JSON.stringify(got)]
    const place = placeOf(got.id)
    const at = this.#at
    if (got.event === 'stream-gap') {
      this.gaps++
      if (at === undefined) this.#fail('tells who begins of a gap')
      this.#gap(at, got, place, truth)
    } else if (at !== undefined) {
      this.#follow(at, place, got.event === 'tick', truth)
    }
    if (got.event === 'tick') {
      this.events++
      if (!truth.isLost(place) && !truth.has(got.n, place.offset)) this.#fail('is not what the log has there')
    }
    this.#at = place
  }

  /** What comes without a gap stands right after what was there. */
  #follow (at: Place, place: Place, isEvent: boolean, truth: Truth): void {
    const isLost = truth.isLost(place)
    if (truth.isLost(at) && (!isLost || place.epoch !== at.epoch)) this.#fail(`follows on ${show(at)}, which is lost, without a gap`)
    if (place.offset < at.offset) this.#fail(`goes back behind ${show(at)}`)
    if (isEvent && place.offset === at.offset) this.#fail(`is no further than ${show(at)}`)
    const next = isLost ? truth.nextTold({ epoch: place.epoch, offset: at.offset }) : truth.log.next(at.offset)
    if (next !== undefined && (isEvent ? next < place.offset : next <= place.offset)) this.#fail(`passes over ${next}, after ${show(at)}`)
    const gone = this.#nextLost(at, truth)
    if (gone !== undefined && place.epoch !== at.epoch) this.#fail(`says nothing of ${at.epoch}.${gone}, which came after ${show(at)} and is lost`)
  }

  #gap (at: Place, { requested, earliest }: Extract<Got, { event: 'stream-gap' }>, place: Place, truth: Truth): void {
    if (requested !== show(at)) this.#fail(`should say that ${show(at)} was requested`)
    const { offset: from } = placeOf(earliest)
    if (from > place.offset) this.#fail('names an earliest place after its own')
    if (truth.isLost(at) || this.#nextLost(at, truth) !== undefined) {
      this.#toldOf.add(at.epoch)
      return
    }
    if (truth.log.count(at.offset, from) === 0) this.#fail('tells of a gap where nothing is gone')
    const kept = truth.log.count(from, place.offset)
    if (kept < truth.maxEvents) this.#fail(`says that ${kept} events are left, where ${truth.maxEvents} should be kept`)
  }

  /** The first event after a place that is lost without a word. */
  #nextLost (at: Place, truth: Truth): number | undefined {
    return this.#toldOf.has(at.epoch) ? undefined : truth.nextLost(at)
  }

  #fail (problem: string): never {
    throw new Error(`the last of these ${problem}:\n${this.#trail.join('\n')}`)
  }
}
