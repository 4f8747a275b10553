import type { Position } from '../../../types/broker.js'
import type { Stream } from './stream.js'
import { toEpoch } from './term.js'

/** How the server confirms a message. */
export interface PubAck {
  readonly seq: number
  /** Whether its id was used before: then the number is that of the first one. */
  readonly duplicate?: boolean
}

/** Finds out where in a log stands what was stored. */
export class Places {
  readonly #stream: Stream
  #last = 0

  constructor (stream: Stream) {
    this.#stream = stream
  }

  /** At once where that is certain: a promise takes turns. */
  find ({ seq, duplicate = false }: PubAck, life: string, term: string): Position | Promise<Position> {
    if (duplicate) return this.#findFirst(seq, life, term)
    const isNewLife = seq <= this.#last
    this.#last = seq
    if (isNewLife) return this.#findInNewLife(seq, term)
    const position = { epoch: toEpoch(life, term), offset: seq }
    this.#stream.witness.see(position)
    return position
  }

  /** It may have been stored in another term. */
  async #findFirst (seq: number, life: string, term: string): Promise<Position> {
    const found = await this.#stream.termAt(seq).catch(() => term)
    return { epoch: toEpoch(life, found ?? term), offset: seq }
  }

  /** Numbers that begin again are those of another stream, which somebody has made in the meantime. */
  async #findInNewLife (seq: number, term: string): Promise<Position> {
    this.#stream.forget()
    const life = await this.#stream.ready().catch(() => '')
    return { epoch: toEpoch(life, term), offset: seq }
  }
}
