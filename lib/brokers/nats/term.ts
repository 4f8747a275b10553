import type { ServerInfo } from '@nats-io/nats-core'
import { hash } from './names.js'

/** Characters of a life: 71 bits. */
const LIFE_LENGTH = 12

/** Characters of a term: 36 bits, among the few terms of one life. */
const TERM_LENGTH = 6

/** What a server that is not alone in keeping its events has instead of a term. */
const CONSTANT = '0'

/** A stream's life: from when it is created until it is deleted. */
export function lifeOf (stream: string, created: string): string {
  // What stands before the first underscore of an epoch is its life.
  return hash(`${stream} ${created}`).slice(0, LIFE_LENGTH).replaceAll('_', '-')
}

/**
 * The term of what is stored through a server: its process. One that is killed may come back with less than it had, and
 * then numbers other events alike; term and number together are as good as Raft's log matching.
 *
 * A cluster keeps what it has confirmed, and numbers it once; a server without JetStream does not tell whose events it
 * passes on. Both have one term for ever.
 */
export function termOf ({ server_id: id, cluster, jetstream }: ServerInfo): string {
  if (cluster !== undefined || jetstream !== true) return CONSTANT
  return hash(id).slice(0, TERM_LENGTH).replaceAll('_', '-')
}

export function toEpoch (life: string, term: string): string {
  return `${life}_${term}`
}

/**
 * The term of places before a message that says that something is missing before it, as those have who read from the
 * start when it was there already: it is not for them. No server has such a term.
 */
export function termBefore ({ term, seq }: { term: string, seq: number }): string {
  return `${term}_${seq.toString(36)}`
}

export function isBeforeLoss (term: string): boolean {
  return term.includes('_')
}

/** What an epoch is made of; something else where it is not one of ours. */
export function fromEpoch (epoch: string): { life: string, term: string } {
  const end = epoch.indexOf('_')
  return { life: epoch.slice(0, Math.max(0, end)), term: epoch.slice(end + 1) }
}
