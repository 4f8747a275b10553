import type { Msg } from '@nats-io/nats-core'
import type { FastifyBaseLogger } from 'fastify'
import type { Follower, Page, Position } from '../../../types/broker.js'
import type { Tail } from '../tail.js'
import { Audience } from './audience.js'
import type { Link } from './link.js'
import { toStored } from './pages.js'
import { decode } from './payload.js'
import { delayMs } from './persist.js'
import type { Delivered } from './pull.js'
import { fromEpoch, toEpoch } from './term.js'

/** Records that are read after a time without connection; who has missed more begins again. */
const MAX_MISSED = 4_096

const PAGE = 256

/** What a log is followed with. */
export interface Source {
  readonly link: Link
  /** The subject that its records are handed on as. */
  readonly subject: string
  readonly tail: Tail
  readonly channel: string
  readonly log: FastifyBaseLogger
  /** How long it may be quiet before it is asked whether something was missed. */
  readonly quietMs: number
  readonly head: () => Promise<Position>
  readonly read: (after: Position, limit: number) => Promise<Page>
}

/**
 * Follows a log, once for all. The server hands on what it has stored, with its number, to all who listen; whoever sees
 * that a number is missing, was away, or has heard nothing for a time, asks for the end and reads what was missed.
 */
export class Following {
  readonly #source: Source
  readonly #audience = new Audience()
  /** What was handed on last. */
  #at: Position | undefined
  /** What came while it was not certain what stands before it. */
  #parked: Delivered[] = []
  #isCertain = false
  #isRunning = false
  #isWanted = false
  #unsubscribe: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #isQuiet = true
  #hasFailed = false

  constructor (source: Source) {
    this.#source = source
  }

  get size (): number {
    return this.#audience.size
  }

  add (follower: Follower): () => void {
    const remove = this.#audience.add(follower)
    this.#listen()
    this.check()
    return () => {
      if (remove() && this.#audience.size === 0) this.#end()
    }
  }

  /** Nothing is taken in until it is certain again what stands before it. */
  doubt (): void {
    this.#isCertain = false
  }

  /** Asks for the end, and goes on from there. */
  check (): void {
    this.doubt()
    this.#isWanted = true
    if (!this.#isRunning && this.#audience.size > 0) void this.#run()
  }

  #listen (): void {
    if (this.#unsubscribe !== undefined) return
    const { link, subject, quietMs } = this.#source
    this.#unsubscribe = link.subscribe(subject, message => { this.#onMessage(message) })
    this.#timer = setInterval(() => {
      if (this.#isQuiet) this.check()
      this.#isQuiet = true
    }, quietMs).unref()
  }

  #end (): void {
    this.#unsubscribe?.()
    clearInterval(this.#timer)
    this.#unsubscribe = this.#timer = this.#at = undefined
    this.#parked = []
    this.#isCertain = false
    this.#source.tail.clear()
    this.#source.link.wake()
  }

  #onMessage ({ headers, data }: Msg): void {
    const message = { seq: Number(headers?.get('Nats-Sequence')), ...decode(data) }
    this.#isQuiet = false
    if (this.#isCertain && this.#take(message)) return
    this.#parked.push(message)
    if (this.#isCertain) this.check()
  }

  /** @returns Whether it is the next one. */
  #take (message: Delivered): boolean {
    const { epoch, offset } = this.#at as Position
    const { life, term } = fromEpoch(epoch)
    if (message.seq !== offset + 1) return false
    if (message.term !== undefined && message.term !== term) this.#begin({ epoch: toEpoch(life, message.term), offset })
    this.#hand(message)
    return true
  }

  #hand (message: Delivered): void {
    const { epoch } = this.#at as Position
    this.#at = { epoch, offset: message.seq }
    if (message.record === undefined) {
      // Offsets of a tail have no holes.
      this.#source.tail.begin(this.#at)
      return
    }
    const record = toStored(message)
    this.#source.tail.push([record])
    this.#audience.receive(record)
  }

  #begin (position: Position): void {
    this.#at = position
    this.#source.tail.begin(position)
    this.#audience.begin(position)
  }

  async #run (): Promise<void> {
    this.#isRunning = true
    for (let tries = 0; this.#isWanted && this.#audience.size > 0;) {
      this.#isWanted = false
      const newcomers = this.#audience.newcomers()
      try {
        await this.#catchUp()
        tries = 0
        if (this.#at !== undefined) this.#audience.admit(newcomers, this.#at)
        this.#recover()
      } catch (error) {
        this.#isWanted = true
        this.#fail(error)
        await this.#source.link.pause(delayMs(tries++))
      }
    }
    this.#isRunning = false
  }

  /** Goes on to an end that was asked for. */
  async #catchUp (): Promise<void> {
    const { head, read } = this.#source
    const end = await head()
    if (this.#audience.size === 0) return
    if (this.#at === undefined || !isNear(this.#at, end)) {
      this.#begin(end)
    }
    while (this.#at.epoch !== end.epoch || this.#at.offset < end.offset) {
      const page = await read(this.#at, PAGE)
      if (this.#audience.size === 0) return
      if (page.lost) {
        this.#begin({ epoch: page.epoch, offset: page.through })
        break
      }
      if (page.epoch !== this.#at.epoch) this.#begin({ epoch: page.epoch, offset: this.#at.offset })
      // TODO
    }
  }

  #recover (): void {}
  #fail (_error: unknown): void {}
}
