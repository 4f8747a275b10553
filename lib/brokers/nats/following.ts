import type { Msg } from '@nats-io/nats-core'
import type { Follower, Page, Position, StoredRecord } from '../../../types/broker.js'
import { backoffMs } from '../backoff.js'
import { EngineFollowers } from '../engine-followers.js'
import type { Recent } from '../recent.js'
import type { Link } from './link.js'
import { toStored } from './found.js'
import { decode } from './payload.js'
import type { Delivered } from './pull.js'
import { fromEpoch, toEpoch } from './term.js'
import { Away, Gone } from './trouble.js'
import type { Witness } from './witness.js'

/** Records that are read after a time without connection; who has missed more begins again. */
const MAX_MISSED = 4_096

const PAGE = 256

/** What a log is followed with. */
export interface Source {
  readonly link: Link
  /** The subject that its records are handed on as. */
  readonly subject: string
  /** What reads what has come. */
  readonly recent: Pick<Recent, 'begin' | 'push' | 'clear'>
  readonly witness: Witness
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
  readonly #followers: EngineFollowers
  /** What was handed on last. */
  #at: Position | undefined
  /** What came while it was not certain what stands before it. */
  #parked: Delivered[] = []
  #isCertain = false
  #isRunning = false
  /** Whether the end is to be asked for. */
  #isAsked = false
  /** Counts the times that all have left. */
  #generation = 0
  #unsubscribe: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #isQuiet = true

  constructor (source: Source) {
    this.#source = source
    this.#followers = new EngineFollowers(source.head)
  }

  add (follower: Follower): () => void {
    const remove = this.#followers.add(follower)
    if (this.#followers.size === 1) this.#begin()
    let isFollowing = true
    return () => {
      if (!isFollowing) return
      isFollowing = false
      remove()
      if (this.#followers.size === 0) this.#end()
    }
  }

  /** The connection is lost: what comes next is to be told apart from what came before. */
  onLost (): void {
    this.#isCertain = false
    this.#parked = []
  }

  /** Asks for the end, and goes on from there. */
  check (): void {
    if (this.#followers.size === 0) return
    this.#isCertain = false
    this.#isAsked = true
    if (!this.#isRunning) void this.#run()
  }

  #begin (): void {
    const { link, subject, quietMs } = this.#source
    this.#unsubscribe = link.subscribe(subject, message => { this.#onMessage(message) })
    this.#timer = setInterval(() => {
      if (this.#isQuiet) this.check()
      this.#isQuiet = true
    }, quietMs).unref()
    this.check()
  }

  #end (): void {
    this.#generation++
    this.#unsubscribe?.()
    clearInterval(this.#timer)
    this.#at = undefined
    this.onLost()
    this.#followers.reset()
    this.#source.recent.clear()
    this.#source.link.health.forget(this)
  }

  #onMessage ({ headers, data }: Msg): void {
    const message = { seq: Number(headers?.get('Nats-Sequence')), ...decode(data) }
    this.#isQuiet = false
    if (this.#isCertain && this.#take(message)) return
    // What is dropped here is found missing, and read.
    if (this.#parked.length === MAX_MISSED) this.#parked = []
    this.#parked.push(message)
    if (this.#isCertain) this.check()
  }

  /** @returns Whether it is the next one. */
  #take (message: Delivered): boolean {
    const { epoch, offset } = this.#at as Position
    const { life, term } = fromEpoch(epoch)
    if (message.seq !== offset + 1) return false
    const own = toEpoch(life, message.term ?? term)
    if (message.record === undefined) {
      // Where it is the word of a loss, those who are behind it go back, and meet it.
      this.#beginAt({ epoch: own, offset: message.seq })
      return true
    }
    if (own !== epoch) this.#beginAt({ epoch: own, offset })
    this.#hand([toStored(message)])
    return true
  }

  #beginAt (position: Position): void {
    this.#at = position
    this.#source.recent.begin(position)
    this.#followers.begin(position)
  }

  #hand (records: readonly StoredRecord[]): void {
    const { recent, witness } = this.#source
    for (const record of records) {
      const { epoch, offset } = this.#at as Position
      // What is kept has no holes; a log of latest values has, where it is read.
      if (record.offset > offset + 1) recent.begin({ epoch, offset: record.offset - 1 })
      recent.push([record])
      this.#at = { epoch, offset: record.offset }
    }
    witness.see(this.#at as Position)
    this.#followers.receive(records)
  }

  async #run (): Promise<void> {
    const { link, quietMs } = this.#source
    this.#isRunning = true
    for (let tries = 0; this.#isAsked && this.#followers.size > 0;) {
      this.#isAsked = false
      try {
        await this.#catchUp()
        tries = 0
        link.health.back(this)
        if (!this.#isAsked) this.#goOn()
      } catch (error) {
        if (error instanceof Gone) break
        this.#isAsked = true
        link.health.lost(this, error)
        await link.pause(error instanceof Away ? backoffMs(tries++) : quietMs)
      }
    }
    this.#isRunning = false
  }

  /** Goes on to the end that there is now. */
  async #catchUp (): Promise<void> {
    const { head, read } = this.#source
    const generation = this.#generation
    const end = await head()
    if (this.#generation !== generation) return
    if (this.#at === undefined || !isNear(this.#at, end)) {
      this.#restart(end)
      return
    }
    for (let at = this.#at; at.epoch !== end.epoch || at.offset < end.offset; at = this.#at) {
      const page = await read(at, PAGE)
      if (this.#generation !== generation) return
      const through = { epoch: page.epoch, offset: page.through }
      if (page.lost) {
        this.#restart(through)
        return
      }
      if (page.epoch !== at.epoch) this.#beginAt({ epoch: page.epoch, offset: at.offset })
      else if (page.through === at.offset) throw new Away('the end is not there yet')
      if (page.records.length > 0) this.#hand(page.records)
      if (page.through > this.#at.offset) this.#beginAt(through)
    }
  }

  /** Begins at the end. What came before that may be of another life: it is not taken for what comes next. */
  #restart (end: Position): void {
    if (this.#at !== undefined) {
      this.#parked = []
      this.#isAsked = true
    }
    this.#source.witness.see(end)
    this.#beginAt(end)
  }

  #goOn (): void {
    const parked = this.#parked
    this.#parked = []
    this.#isCertain = true
    for (const message of parked) {
      if (message.seq <= (this.#at as Position).offset || this.#take(message)) continue
      this.#isCertain = false
      this.#isAsked = true
      return
    }
  }
}

/** Whether what was missed in between may be read. */
function isNear (at: Position, end: Position): boolean {
  return fromEpoch(at.epoch).life === fromEpoch(end.epoch).life && at.offset <= end.offset && end.offset - at.offset <= MAX_MISSED
}
