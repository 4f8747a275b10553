import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Position, StoredRecord } from '../../../types/broker.js'
import { backoffMs } from '../backoff.js'
import type { RedisConnection } from './connection.js'
import { type Entry, offsetOf, termOf, toRecord } from './entry.js'
import type { LogKeys } from './keys.js'
import { findHeads, type Place } from './store.js'

/** How long a read waits for the next entry, in milliseconds. After a quiet one it is checked whether all is as it was. */
const BLOCK_MS = 5_000

/** A read that takes so much longer than it should has no connection any more. */
const GRACE_MS = 3_000

/** Entries of one stream that are read at a time. */
const PAGE_ENTRIES = 256

/** A log that is read live. */
export interface ReadLog {
  readonly keys: LogKeys
  begin: (position: Position) => void
  receive: (records: readonly StoredRecord[]) => void
}

export interface ReaderOptions {
  readonly connect: () => RedisConnection
  /** The key of a stream that interrupts its wait. */
  readonly wakeKey: (reader: string) => string
  /** Writes to that stream, which may go after so many milliseconds. */
  readonly interrupt: (wakeKey: string, expiresMs: number) => void
}

/**
 * Reads the streams of one shard, as many as are followed, on one connection: each read waits until any of them has an
 * entry. Where it has lost its connection, it goes on where it was, so that nothing is missed.
 */
export class Reader {
  readonly #options: ReaderOptions
  readonly #wakeKey: string
  /** Where each log is read from; undefined where that has to be found out. */
  readonly #places = new Map<ReadLog, Place | undefined>()
  #connection: RedisConnection | undefined
  #wokenAt = '0-0'
  #isRunning = false
  #isWaiting = false
  /** Whether another term, or another life, may have begun. */
  #isUnsure = false
  #isClosed = false

  constructor (options: ReaderOptions) {
    this.#options = options
    this.#wakeKey = options.wakeKey(randomUUID())
  }

  /** Begins to read a log, at its end. */
  add (log: ReadLog): void {
    this.#places.set(log, undefined)
    if (!this.#isRunning) {
      this.#isRunning = true
      void this.#run()
    } else if (this.#isWaiting) {
      this.#isWaiting = false
      this.#options.interrupt(this.#wakeKey, 2 * BLOCK_MS)
    }
  }

  delete (log: ReadLog): void {
    this.#places.delete(log)
  }

  close (): void {
    this.#isClosed = true
    this.#connection?.close()
  }

  async #run (): Promise<void> {
    const connection = this.#connection ??= this.#options.connect()
    for (let tries = 0; this.#places.size > 0 && !this.#isClosed;) {
      try {
        await connection.ready()
        if (this.#isClosed) break
        await this.#find(connection)
        await this.#read(connection)
        tries = 0
      } catch {
        // Out of reach, which the connection has told, or refused: then those who read the history are told as well.
        this.#isUnsure = true
        await sleep(backoffMs(tries++), undefined, { ref: false })
      }
    }
    this.#isRunning = false
  }

  /** Finds where new logs begin, and whether the others are what they were. */
  async #find (connection: RedisConnection): Promise<void> {
    const wanted = [...this.#places.keys()].filter(log => this.#isUnsure || this.#places.get(log) === undefined)
    if (wanted.length === 0) return
    const keys = wanted.map(({ keys }) => keys)
    const heads = await findHeads(keys, async (script, keys, args) => await connection.run(script, keys, args, GRACE_MS))
    for (const [index, log] of wanted.entries()) {
      const head = heads[index] as Place
      // Where it is still the same, what was missed meanwhile is read next.
      if (this.#places.has(log) && this.#places.get(log)?.epoch !== head.epoch) this.#begin(log, head)
    }
    this.#isUnsure = false
  }

  async #read (connection: RedisConnection): Promise<void> {
    const logs = new Map<string, ReadLog>()
    const ids = [this.#wokenAt]
    for (const [log, place] of this.#places) {
      if (place === undefined) return // added since
      logs.set(log.keys.stream, log)
      ids.push(`${place.term}-${place.offset}`)
    }
    this.#isWaiting = true
    const command = ['XREAD', 'COUNT', String(PAGE_ENTRIES), 'BLOCK', String(BLOCK_MS), 'STREAMS', this.#wakeKey, ...logs.keys(), ...ids]
    try {
      const streams = await connection.call(command, BLOCK_MS + GRACE_MS) as Array<[key: string, entries: Entry[]]> | null
      if (streams === null) this.#isUnsure = true
      for (const [key, entries] of streams ?? []) this.#take(key, logs.get(key), entries)
    } finally {
      this.#isWaiting = false
    }
  }

  #take (key: string, log: ReadLog | undefined, entries: readonly Entry[]): void {
    if (key === this.#wakeKey) this.#wokenAt = (entries.at(-1) as Entry)[0]
    // It may have been left, and followed anew, since the read began.
    let place = log && this.#places.get(log)
    if (log === undefined || place === undefined) return
    let records: StoredRecord[] = []
    for (const entry of entries) {
      if (termOf(entry) !== place.term) {
        // Where the term before has ended only Redis knows.
        this.#places.set(log, undefined)
        break
      }
      const offset = offsetOf(entry)
      if (offset !== place.offset + 1) {
        if (records.length > 0) log.receive(records)
        records = []
        place = { ...place, offset: offset - 1 }
        this.#begin(log, place) // it was trimmed before it could be read
      }
      records.push(toRecord(entry))
      place = { ...place, offset }
      this.#places.set(log, place)
    }
    if (records.length > 0) log.receive(records)
  }

  #begin (log: ReadLog, place: Place): void {
    this.#places.set(log, place)
    log.begin({ epoch: place.epoch, offset: place.offset })
  }
}
