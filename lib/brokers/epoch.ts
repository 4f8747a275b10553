import { randomInt } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** 71 bits: among four billion logs, one in 250 000 worlds has two of the same epoch. */
const LENGTH = 12

/** The epoch of a new log. It is sent with every event, so that it is short. */
export function newEpoch (): string {
  return randomName(LENGTH)
}

/** Random letters and digits, some 6 bits each. */
export function randomName (length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}
