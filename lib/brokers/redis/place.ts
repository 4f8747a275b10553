import type { Position } from '../../../types/broker.js'
import { randomName } from '../epoch.js'

/** Characters of a life: among a million logs, one in 400 worlds has two of the same. */
const LIFE_LENGTH = 8

const TERM_RADIX = 36

/** The name of a log's life, for whoever opens it first. */
export function newLife (): string {
  return randomName(LIFE_LENGTH)
}

/** The epoch of a term: its life, and the term in base 36, since it is sent with every event. */
export function toEpoch (life: string, term: number): string {
  return `${life}_${term.toString(TERM_RADIX)}`
}

export function lifeOf ({ epoch }: Position): string {
  return epoch.slice(0, LIFE_LENGTH)
}

/** Reads `life term head` as a script has written it. */
export function parsePlace (place: string): Position & { readonly term: number } {
  const [life = '', term = '', head = ''] = place.split(' ')
  return { epoch: toEpoch(life, Number(term)), offset: Number(head), term: Number(term) }
}

/** What a script takes for a position. What can't be one is passed on as one that no log has. */
export function formatPosition ({ epoch, offset }: Position): [life: string, term: string, offset: string] {
  const [life = '', term = ''] = epoch.split('_')
  const number = parseInt(term, TERM_RADIX)
  const isKnown = life !== '' && Number.isSafeInteger(number) && number >= 0 && Number.isSafeInteger(offset) && toEpoch(life, number) === epoch
  return isKnown ? [life, String(number), String(offset)] : ['-', '0', '0']
}
