import type { Position } from '../../../types/broker.js'
import { fromEpoch } from './term.js'

/**
 * The last place of a log at which this process knows something to be stored. A server that comes back with an older
 * disk has lost it, and with it what others may not have got yet, and does not know.
 */
export class Witness {
  #known: Position | undefined
  #doubted: Position | undefined

  see (position: Position): void {
    const known = this.#known
    // A number that is not later, of whatever term, says nothing of what was lost.
    if (known === undefined || known.offset < position.offset || !isSameLife(known, position)) this.#known = position
  }

  /** The connection is lost: what is known may be gone when it is back. */
  doubt (): void {
    this.#doubted ??= this.#known
  }

  /** Of what is to be asked whether it is still there. */
  get doubted (): Position | undefined {
    return this.#doubted
  }

  /** It is still there, or can't be asked for. */
  trust (): void {
    this.#doubted = undefined
  }

  /** It is gone, and this is what says so. */
  replace (position: Position): void {
    this.#doubted = undefined
    this.#known = position
  }
}

function isSameLife (a: Position, b: Position): boolean {
  return a.epoch === b.epoch || fromEpoch(a.epoch).life === fromEpoch(b.epoch).life
}
