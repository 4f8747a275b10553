import type { Position } from '../../types/broker.js'

// Characters that need no escaping in a URL, and that no epoch has.
const OFFSET = '.'
const NEXT = '~'

/** Digits of the largest safe integer. */
const MAX_DIGITS = 16

/**
 * Makes the id that stands for these positions, one for each log that a stream reads.
 *
 * @example
 * formatId([{ epoch: 'k3f9', offset: 7 }, { epoch: 'n2pq', offset: 40 }]) // 'k3f9.7~n2pq.40'
 */
export function formatId (positions: readonly Position[]): string {
  return positions.map(({ epoch, offset }) => `${epoch}${OFFSET}${offset}`).join(NEXT)
}

/** Makes one id of several: each of them is about other logs. */
export function joinIds (ids: readonly string[]): string {
  return ids.join(NEXT)
}

/**
 * Finds the position in one log. An id that says nothing about it, because it is another channel's, another life's of
 * this one, or was never an id of ours, gives undefined.
 */
export function positionIn (id: string, epoch: string): Position | undefined {
  const prefix = epoch + OFFSET
  const part = id.split(NEXT).find(part => part.startsWith(prefix))
  const digits = part?.slice(prefix.length) ?? ''
  if (!/^\d+$/.test(digits) || digits.length > MAX_DIGITS) return undefined
  const offset = Number(digits)
  return Number.isSafeInteger(offset) ? { epoch, offset } : undefined
}
