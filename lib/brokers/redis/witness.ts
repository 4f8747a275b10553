import type { Position } from '../../../types/broker.js'
import { formatPosition, lifeOf, newLife } from './place.js'

/**
 * The last record that this process knows to be stored in a log. Redis is told with each question: a server that has
 * lost it, and with it what others may not have got yet, would not know.
 */
export class Witness {
  #position: Position | undefined
  #newLife = newLife()

  see (position: Position): void {
    // Taken: should the log be made anew, that is another life.
    if (lifeOf(position) === this.#newLife) this.#newLife = newLife()
    const isLater = this.#position?.epoch !== position.epoch || this.#position.offset < position.offset
    if (isLater) this.#position = position
  }

  /** What each script takes to open the log: its life where it is new, and the life, term and offset of this record. */
  get opening (): string[] {
    return [this.#newLife, ...formatPosition(this.#position ?? { epoch: '', offset: 0 })]
  }
}
