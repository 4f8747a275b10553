import type { Page, Position, StoredRecord } from '../../../types/broker.js'
import type { Link } from './link.js'
import { type Delivered, Pull } from './pull.js'
import type { Ends, Head, Stream } from './stream.js'
import { fromEpoch, toEpoch } from './term.js'
import { Away } from './trouble.js'

/** How long a replica may take to have what the leader has stored, and how often it is asked. */
const LAG_MS = 50
const LAG_TRIES = 3

/** Reads a page of a log from its stream. Rejects with Away where it may be tried again. */
export async function readPage (link: Link, stream: Stream, after: Position | undefined, limit: number): Promise<Page> {
  const life = await stream.ready()
  const place = after === undefined ? undefined : placeOf(after, life)
  if (place === 'nowhere') return await lost(stream)

  // The message before is read too, since it says whether the place is one of this log.
  const pull = await Pull.open(link, stream, Math.max(1, place?.seq ?? 1))
  try {
    // Only now: it is the same stream as before, and so was what is read of it.
    const ends = await stream.ends(life)
    if (place !== undefined && place.seq > ends.last) return await lost(stream)
    const isComplete = await collect(pull, link, stream, ends, limit + 1)
    const found = new Found(stream, pull.messages, ends)
    let from = place === undefined ? 0 : found.after(place, false)
    if (from === undefined) {
      const head = await stream.head()
      from = after?.epoch === head.position.epoch ? found.after(place as Place, true) : undefined
      if (from === undefined) return lostAt(head)
    }
    return found.page(life, place, from, limit, isComplete)
  } finally {
    pull.close()
  }
}

interface Place {
  readonly term: string
  readonly seq: number
}

function placeOf ({ epoch, offset }: Position, life: string): Place | 'nowhere' {
  const found = fromEpoch(epoch)
  if (found.life !== life || !Number.isSafeInteger(offset) || offset < 0) return 'nowhere'
  return { term: found.term, seq: offset }
}

async function lost (stream: Stream): Promise<Page> {
  return lostAt(await stream.head())
}

function lostAt ({ position, earliest }: Head): Page {
  return { epoch: position.epoch, lost: true, records: [], through: position.offset, earliest }
}

/** @returns Whether there is nothing else up to the end. */
async function collect (pull: Pull, link: Link, stream: Stream, { last, isEmpty }: Ends, count: number): Promise<boolean> {
  const reached = (): number => pull.messages.at(-1)?.seq ?? 0
  let lag = 0
  while (pull.messages.length < count) {
    const got = await pull.more(count - pull.messages.length)
    if (reached() >= last || isEmpty) return true
    if (pull.isLarge) break
    if (got > 0) continue
    // A replica of the stream that is behind, or the last message was deleted by hand.
    if (!await stream.has(last)) return true
    if (lag++ === LAG_TRIES) throw new Away('a replica is behind')
    await link.pause(LAG_MS)
  }
  return false
}

/** What was found in a stream. */
class Found {
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
    const hasTerm = isOfHead || seq === 0 || (isThere && first.term === term) || next?.term === term
    const isWhole = next === undefined || this.#follows(next.seq, seq)
    if (!hasTerm || !isWhole) return undefined
    return isThere ? 1 : 0
  }

  page (life: string, place: Place | undefined, from: number, limit: number, isComplete: boolean): Page {
    const records: StoredRecord[] = []
    // Who reads from the start has seen no value that could be deleted.
    const isValuesOnly = this.#stream.isLatest && place === undefined
    let term = place?.seq === 0 ? undefined : place?.term
    let through = place?.seq
    let index = from
    for (; index < this.#messages.length && records.length < limit; index++) {
      const message = this.#messages[index] as Delivered
      if (through !== undefined && !this.#follows(message.seq, through)) break
      if (message.term !== undefined && message.term !== term) {
        // A page is of one term.
        if (records.length > 0) break
        term = message.term
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

  /** Whether nothing was lost in between. In a log of latest values, what is missing was replaced, as long as nothing was dropped. */
  #follows (seq: number, before: number): boolean {
    return seq === before + 1 || (this.#stream.isLatest && before >= this.#ends.earliest)
  }
}

/** All with the same properties in the same order: engines are faster with one shape. */
export function toStored ({ seq, record }: Delivered): StoredRecord {
  const { event, data, retry, topic, key, tombstone } = record as NonNullable<Delivered['record']>
  return { offset: seq, event, data, retry, topic, key, tombstone, cache: undefined }
}
