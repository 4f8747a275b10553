import type { Position } from '../../types/broker.js'

// Characters that need no escaping in a URL, and that no epoch has.
const OFFSET = '.'
const NEXT = '~'

/** What stands before it is the same in all epochs of one life of a log. */
const EPOCH = '_'

/** Digits of the largest safe integer. */
const MAX_DIGITS = 16

const MAX_EPOCH_LENGTH = 32

/** Characters of an id about one log, at most. */
export const MAX_ID_LENGTH = MAX_EPOCH_LENGTH + OFFSET.length + MAX_DIGITS

/** What an id says about one log. */
export interface Place {
  readonly position: Position
  /** The position as it stands in the id. */
  readonly text: string
  /** What comes after it, where the id is a signed one. */
  readonly signature: string | undefined
}

/**
 * Makes the id that stands for these positions, one for each log that a stream reads.
 *
 * @example
 * formatId([{ epoch: 'k3f9', offset: 7 }, { epoch: 'n2pq', offset: 40 }]) // 'k3f9.7~n2pq.40'
 */
export function formatId (positions: readonly Position[]): string {
  return joinIds(positions.map(({ epoch, offset }) => `${epoch}${OFFSET}${offset}`))
}

/** Makes one id of several: each of them is about other logs. */
export function joinIds (ids: readonly string[]): string {
  return ids.join(NEXT)
}

/** Makes the id that says a place, and proves that it was given. */
export function signedId (place: string, signature: string): string {
  return `${place}${OFFSET}${signature}`
}

/**
 * Finds the position in one log. An id that says nothing about it, because it is another channel's, another life's of
 * this one, or was never an id of ours, gives undefined.
 *
 * @param epoch Any epoch of the log's present life. The position may be of another one.
 */
export function positionIn (id: string, epoch: string): Position | undefined {
  for (const part of id.split(NEXT)) {
    if (!isSameLife(part.split(OFFSET, 1)[0] as string, epoch)) continue
    const place = toPlace(part)
    return place?.signature === undefined ? place?.position : undefined
  }
  return undefined
}

/** All that an id says, one for each log; what is none is left out. */
export function placesIn (id: string): Place[] {
  return id.split(NEXT).flatMap(part => toPlace(part) ?? [])
}

/** Whether two epochs are of the same life of a log. */
export function isSameLife (one: string, other: string): boolean {
  return lifeOf(one) === lifeOf(other)
}

function lifeOf (epoch: string): string {
  const end = epoch.indexOf(EPOCH)
  return end === -1 ? epoch : epoch.slice(0, end)
}

function toPlace (part: string): Place | undefined {
  const [epoch = '', digits = '', signature, ...rest] = part.split(OFFSET)
  if (rest.length > 0 || !/^\d+$/.test(digits) || digits.length > MAX_DIGITS) return undefined
  const offset = Number(digits)
  return Number.isSafeInteger(offset) ? { position: { epoch, offset }, text: `${epoch}${OFFSET}${digits}`, signature } : undefined
}
