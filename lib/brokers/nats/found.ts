import type { Page, StoredRecord } from '../../../types/broker.js'
import type { Loss } from './losses.js'
import type { Delivered } from './pull.js'
import type { Ends, Stream } from './stream.js'
import { termBefore, toEpoch } from './term.js'

/** A position of this life of a log. */
export interface Place {
  readonly term: string
  readonly seq: number
}

/** What was found in a stream. */
export class Found {
  /** The last word of a loss, where it and those before it are not for who reads. */
  passed: Loss | undefined
  readonly #stream: Stream
  readonly #messages: readonly Delivered[]
  readonly #ends: Ends

  constructor (stream: Stream, messages: readonly Delivered[], ends: Ends) {
    this.#stream = stream
    this.#messages = messages
    this.#ends = ends
  }

  /**
   * Where the messages after a place begin; undefined where the place is not one of this log, or what stood after it is
   * not all there. It is one of this log when the message there is of its term, or a later one: a server that has stored
   * this one had all before it. Before the first message, all terms are the same.
   *
   * @param isOfHead Whether the last message is of its term.
   */
  after ({ term, seq }: Place, isOfHead: boolean): number | undefined {
    const [first, second] = this.#messages
    if (first === undefined) {
      return this.#ends.isEmpty && seq === this.#ends.last && (seq === 0 || term === this.#stream.term) ? 0 : undefined
    }
    const isThere = first.seq === seq
    const next = isThere ? second : first
    const hasTerm = isOfHead || seq === 0 || this.passed !== undefined || (isThere && first.term === term) || next?.term === term
    const isWhole = next === undefined || this.#follows(next.seq, seq)
    if (!hasTerm || !isWhole) return undefined
    return isThere ? 1 : 0
  }

  /** The last word of a loss, where all up to the end was found. */
  get lastLoss (): Loss | undefined {
    return this.#messages.findLast(({ isLoss }) => isLoss) as Loss | undefined
  }

  /** @returns undefined where something is missing at once. */
  page (life: string, place: Place | undefined, from: number, limit: number, isComplete: boolean): Page | undefined {
    const records: StoredRecord[] = []
    // Who reads from the start has seen no value that could be deleted.
    const isValuesOnly = this.#stream.isLatest && place === undefined
    let term = place?.seq === 0 ? undefined : place?.term
    let through = place?.seq
    let index = from
    for (; index < this.#messages.length && records.length < limit; index++) {
      const message = this.#messages[index] as Delivered
      if (through !== undefined && !this.#follows(message.seq, through)) break
      // The records of a page have no holes, but for replaced values.
      if (message.record === undefined && records.length > 0) break
      if (message.isLoss === true && place !== undefined && message.seq > (this.passed?.seq ?? 0)) return undefined
      const own = this.#termOf(message)
      if (own !== undefined && own !== term) {
        // A page is of one term.
        if (records.length > 0) break
        term = own
      }
      through = message.seq
      if (message.record === undefined || (isValuesOnly && message.record.tombstone === true)) continue
      records.push(toStored(message))
    }
    const isEnd = isComplete && index === this.#messages.length
    return {
      epoch: toEpoch(life, term ?? this.#stream.term),
      lost: false,
      records,
      through: Math.max(through ?? 0, isEnd ? this.#ends.last : 0),
      earliest: this.#ends.earliest
    }
  }

  #termOf ({ seq, term }: Delivered): string | undefined {
    return this.passed !== undefined && seq < this.passed.seq ? termBefore(this.passed) : term
  }

  /** Whether nothing was lost in between. In a log of latest values, what is missing was replaced, as long as nothing was dropped. */
  #follows (seq: number, before: number): boolean {
    return seq === before + 1 || (this.#stream.isLatest && before >= this.#ends.earliest)
  }
}

/** All with the same properties in the same order: engines are faster with one shape. */
export function toStored ({ seq, record }: Delivered): StoredRecord {
  const { event, data, retry, topic, key, tombstone, trace } = record as NonNullable<Delivered['record']>
  return { offset: seq, event, data, retry, topic, key, tombstone, trace, cache: undefined }
}
