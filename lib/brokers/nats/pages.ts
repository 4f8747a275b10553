import type { Page, Position } from '../../../types/broker.js'
import { Found, type Place } from './found.js'
import type { Link } from './link.js'
import { Pull } from './pull.js'
import type { Ends, Stream } from './stream.js'
import { fromEpoch, isBeforeLoss, termBefore } from './term.js'
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
    if (place === undefined || isBeforeLoss(place.term)) {
      const loss = isComplete ? found.lastLoss : await stream.lastLoss()
      if (place === undefined || (loss !== undefined && place.term === termBefore(loss))) found.passed = loss
    }
    let from = place === undefined ? 0 : found.after(place, false)
    if (from === undefined && after?.epoch === (await stream.head()).position.epoch) from = found.after(place as Place, true)
    const page = from === undefined ? undefined : found.page(life, place, from, limit, isComplete)
    return page ?? await lost(stream)
  } finally {
    pull.close()
  }
}

function placeOf ({ epoch, offset }: Position, life: string): Place | 'nowhere' {
  const found = fromEpoch(epoch)
  if (found.life !== life || !Number.isSafeInteger(offset) || offset < 0) return 'nowhere'
  return { term: found.term, seq: offset }
}

async function lost (stream: Stream): Promise<Page> {
  // First, so that it is not after the end.
  const loss = await stream.lastLoss()
  const { position, earliest } = await stream.head()
  return { epoch: position.epoch, lost: true, records: [], through: position.offset, earliest: Math.max(earliest, loss?.seq ?? 0) }
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
