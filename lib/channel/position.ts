import type { Position } from '../../types/broker.js'

// Characters that need no escaping in a URL, and that no epoch has.
const OFFSET = '.'
const NEXT = '~'

/** What stands before it is the same in all epochs of one life of a log. */
const EPOCH = '_'

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
 *
 * @param epoch Any epoch of the log's present life. The position may be of another one.
 */
export function positionIn (id: string, epoch: string): Position | undefined {
  const life = lifeOf(epoch)
  for (const part of id.split(NEXT)) {
    const [epoch = '', digits = '', ...rest] = part.split(OFFSET)
    if (lifeOf(epoch) === life) return rest.length === 0 ? toPosition(epoch, digits) : undefined
  }
  return undefined
}

function lifeOf (epoch: string): string {
  const end = epoch.indexOf(EPOCH)
  return end === -1 ? epoch : epoch.slice(0, end)
}

function toPosition (epoch: string, digits: string): Position | undefined {
  if (!/^\d+$/.test(digits) || digits.length > MAX_DIGITS) return undefined
  const offset = Number(digits)
  return Number.isSafeInteger(offset) ? { epoch, offset } : undefined
}
