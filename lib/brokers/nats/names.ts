import { createHash } from 'node:crypto'

/** 132 bits: no two texts in the world have the same. */
const HASH_LENGTH = 22

const MAX_READABLE = 40

/** What a log is called in NATS. */
export interface Names {
  readonly stream: string
  /** What its records are published to begins with this. */
  readonly log: string
  /** What the server hands them on as, once they are stored, begins with this. */
  readonly live: string
}

/**
 * Names a log. Those of different logs differ, whatever their names are made of; the readable part is for people who
 * look at the server. A history and the latest values of the same name are not the same log.
 */
export function namesOf (prefix: string, name: string, isLatest: boolean): Names {
  const readable = name.replace(/[^\w-]+/g, '-').slice(0, MAX_READABLE)
  const id = `${readable}-${hash(`${isLatest ? 'latest' : 'history'} ${prefix} ${name}`)}`
  return { stream: `${prefix}-${id}`, log: `${prefix}.log.${id}`, live: `${prefix}.live.${id}` }
}

/** The subject of a record. The latest values have one for each key. */
export function subjectOf ({ log }: Names, key?: string): string {
  return key === undefined ? `${log}.event` : `${log}.key-${hash(key)}`
}

/** Stands for a text where not any text may stand. */
export function hash (text: string): string {
  return createHash('sha256').update(toUtf8(text)).digest('base64url').slice(0, HASH_LENGTH)
}

/** Lone surrogates would all be the same in UTF-8. */
function toUtf8 (text: string): string {
  return JSON.stringify(text)
}
