import type { Item } from './item.js'

/** Word that events which a subscriber has not got are gone. */
export class Gap implements Item {
  readonly size = 0
  readonly key = this
  readonly offset: number
  /** Reading after this offset gives all that is left. */
  readonly earliest: number

  constructor (offset: number, earliest: number) {
    this.offset = offset
    this.earliest = earliest
  }
}
