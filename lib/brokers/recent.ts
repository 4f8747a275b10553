import type { Page, Position, StoredRecord } from '../../types/broker.js'
import { Tail, TAIL_EVENTS } from './tail.js'

/** What is asked of the engine. */
export interface RecentSource {
  /** Whether offsets are missing between stored records: what stands before can't be put there then. Default: false. */
  readonly hasHoles?: boolean
  readonly findHead: () => Promise<Position>
  readonly readPage: (after: Position | undefined, limit: number) => Promise<Page>
}

/**
 * Reads a log that is followed, without asking its engine where what has come lately is enough: most who come back have
 * missed little or nothing.
 */
export class Recent {
  readonly #source: RecentSource
  readonly #tail = new Tail()
  #filling: Promise<void> | undefined

  constructor (source: RecentSource) {
    this.#source = source
  }

  /** What comes next stands right after this position. */
  begin (position: Position): void {
    this.#tail.begin(position)
  }

  push (records: readonly StoredRecord[]): void {
    this.#tail.push(records)
  }

  /** Nobody follows the log any more, or what has come is not what the engine has. */
  clear (): void {
    this.#tail.clear()
  }

  async read (after: Position | undefined, limit: number): Promise<Page> {
    const near = after && await this.#readNear(after, limit)
    return near ?? await this.#source.readPage(after, limit)
  }

  async #readNear (after: Position, limit: number): Promise<Page | undefined> {
    const page = this.#tail.read(after, limit) ?? await this.#readBefore(after, limit)
    if (page === undefined || page.records.length > 0) return page
    // Whether more is stored than what has arrived is asked for all of them together.
    const { epoch, offset } = await this.#source.findHead()
    return epoch === after.epoch && offset === after.offset ? page : undefined
  }

  /** Who comes back to an instance that was just started has ids from before. */
  async #readBefore (after: Position, limit: number): Promise<Page | undefined> {
    const gap = this.#source.hasHoles === true ? undefined : this.#tail.gap
    const isNear = gap !== undefined && after.epoch === gap.epoch && after.offset < gap.offset && after.offset >= gap.offset - TAIL_EVENTS
    if (!isNear && this.#filling === undefined) return undefined
    this.#filling ??= this.#fill(gap as Position).finally(() => { this.#filling = undefined })
    await this.#filling
    return this.#tail.read(after, limit)
  }

  async #fill ({ epoch, offset }: Position): Promise<void> {
    const { readPage } = this.#source
    let page = await readPage({ epoch, offset: Math.max(0, offset - TAIL_EVENTS) }, TAIL_EVENTS)
    if (page.lost && page.epoch === epoch && page.earliest < offset) page = await readPage({ epoch, offset: page.earliest }, TAIL_EVENTS)
    this.#tail.fill(epoch, page.epoch === epoch ? page.records.filter(record => record.offset <= offset) : [])
  }
}
