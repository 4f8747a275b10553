import type { Follower, Position, StoredRecord } from '../../types/broker.js'

/** Those who follow a log that is in an engine, whose records arrive in turns of their own. */
export class EngineFollowers {
  readonly #findHead: () => Promise<Position>
  /** With where each may begin: who comes later does not begin before what is stored already. Undefined while that is asked. */
  readonly #waiting = new Map<Follower, Position | 'anywhere' | undefined>()
  readonly #begun = new Set<Follower>()
  #position: Position | undefined

  /** @param findHead Asks the engine for the end of the log. */
  constructor (findHead: () => Promise<Position>) {
    this.#findHead = findHead
  }

  get size (): number {
    return this.#waiting.size + this.#begun.size
  }

  /** What has arrived last; undefined before the first {@link begin}. */
  get position (): Position | undefined {
    return this.#position
  }

  /**
   * @param follower The first one begins with the next {@link begin}, whose position has to be found after this call.
   * @returns A function that removes the follower.
   */
  add (follower: Follower): () => void {
    // Of its own, so that one who follows twice is two.
    const own: Follower = { begin: position => { follower.begin(position) }, receive: records => { follower.receive(records) } }
    const isFirst = this.size === 0
    this.#waiting.set(own, isFirst ? 'anywhere' : undefined)
    if (!isFirst) void this.#admit(own)
    return () => {
      this.#waiting.delete(own)
      this.#begun.delete(own)
    }
  }

  /** What comes next stands right after this position, whatever came before. */
  begin (position: Position): void {
    const isOther = this.#position?.epoch !== position.epoch
    this.#position = position
    for (const follower of [...this.#begun]) if (this.#begun.has(follower)) follower.begin(position)
    this.#beginWaiting(position, isOther)
  }

  /** The next records, at least one. */
  receive (records: readonly StoredRecord[]): void {
    const position = this.#position as Position
    const { offset } = records.at(-1) as StoredRecord
    this.#position = { epoch: position.epoch, offset }
    for (const follower of [...this.#begun]) if (this.#begun.has(follower)) follower.receive(records)
    this.#beginWaiting(this.#position, false)
  }

  /** Nothing is known any more of where the log stands. */
  reset (): void {
    this.#position = undefined
  }

  async #admit (own: Follower): Promise<void> {
    let from = await this.#find()
    // Either the log has begun anew while it was asked, or nobody here has heard yet that it has: then it waits for that.
    if (from !== 'anywhere' && this.#position !== undefined && from.epoch !== this.#position.epoch) from = await this.#find()
    if (!this.#waiting.has(own)) return
    this.#waiting.set(own, from)
    if (this.#position !== undefined) this.#beginWaiting(this.#position, false)
  }

  /** Where the engine is away, one begins where the others are. */
  async #find (): Promise<Position | 'anywhere'> {
    return await this.#findHead().catch(() => 'anywhere' as const)
  }

  /** @param isOther Whether an epoch has begun: places that were found in another one are none any more. */
  #beginWaiting (position: Position, isOther: boolean): void {
    for (const [follower, from] of this.#waiting) {
      if (from === undefined) continue
      const isDue = from === 'anywhere' || (from.epoch === position.epoch ? from.offset <= position.offset : isOther)
      if (!isDue || !this.#waiting.delete(follower)) continue
      this.#begun.add(follower)
      follower.begin(this.#position as Position)
    }
  }
}
