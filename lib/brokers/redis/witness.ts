import type { Position } from '../../../types/broker.js'
import { formatPosition, newLife } from './place.js'

/**
 * The last record that this process knows to be stored in a log. Redis is told with each question: a server that has
 * lost it, and with it what others may not have got yet, would not know.
 */
export class Witness {
  #position: Position | undefined

  see (position: Position): void {
    const isLater = this.#position?.epoch !== position.epoch || this.#position.offset < position.offset
    if (isLater) this.#position = position
  }

  /** What each script takes to open the log: its life where it is new, and the life, term and offset of this record. */
  get opening (): string[] {
    return [newLife(), ...formatPosition(this.#position ?? { epoch: '', offset: 0 })]
  }
}
