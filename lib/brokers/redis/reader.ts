import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Position, StoredRecord } from '../../../types/broker.js'
import { backoffMs } from '../backoff.js'
import type { Health } from '../health.js'
import type { RedisConnection } from './connection.js'
import { type Entry, offsetOf, termOf, toRecord } from './entry.js'
import { findHeads, type Place, type Store } from './store.js'
import { Unreachable } from './unreachable.js'

/** How long a read waits for the next entry, in milliseconds. After a quiet one it is checked whether all is as it was. */
const BLOCK_MS = 5_000

/** A read that takes so much longer than it should has no connection any more. */
const GRACE_MS = 3_000

/** Entries of one stream that are read at a time. */
const PAGE_ENTRIES = 256

/**
 * A read names all streams, some 0.4 µs of CPU for each, here and in Redis. From hundreds on, entries gather for a
 * moment first, a millisecond for a thousand streams: that took a third off both (`npm run bench -- --workload cluster-nodes`).
 */
const PAUSES_FROM = 300
const STREAMS_PER_MS = 1_000

/** Logs that are found with one script, which holds up everybody else: about a millisecond. */
const HEADS = 100

/** A log that is read live. */
export interface ReadLog {
  readonly store: Pick<Store, 'keys' | 'opening'>
  begin: (position: Position) => void
  receive: (records: readonly StoredRecord[]) => void
}

/** A log since it was added. */
interface Reading {
  readonly log: ReadLog
  /** Where it is read from; undefined where that has to be found out. */
  place: Place | undefined
}

export interface ReaderOptions {
  readonly connect: () => RedisConnection
  /** Told of what a server refuses; of its absence, the connection tells. */
  readonly health: Health
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
  readonly #readings = new Map<ReadLog, Reading>()
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
    this.#readings.set(log, { log, place: undefined })
    if (!this.#isRunning) {
      this.#isRunning = true
      void this.#run()
    } else if (this.#isWaiting) {
      this.#isWaiting = false
      this.#options.interrupt(this.#wakeKey, 2 * BLOCK_MS)
    }
  }

  delete (log: ReadLog): void {
    this.#readings.delete(log)
  }

  close (): void {
    this.#isClosed = true
    this.#options.health.forget(this)
    this.#connection?.close()
  }

  async #run (): Promise<void> {
    const connection = this.#connection ??= this.#options.connect()
    for (let tries = 0; this.#readings.size > 0 && !this.#isClosed;) {
      try {
        await connection.ready()
        if (this.#isClosed) break
        await this.#find(connection)
        await this.#read(connection)
        tries = 0
        this.#options.health.back(this)
      } catch (error) {
        this.#isUnsure = true
        if (!(error instanceof Unreachable)) this.#skip(error)
        await sleep(backoffMs(tries++), undefined, { ref: false })
      }
    }
    this.#isRunning = false
  }

  /** Finds where new logs begin, and whether the others are what they were. */
  async #find (connection: RedisConnection): Promise<void> {
    const wanted = [...this.#readings.values()].filter(({ place }) => this.#isUnsure || place === undefined)
    while (wanted.length > 0) {
      const some = wanted.splice(0, HEADS)
      const heads = await findHeads(some.map(({ log }) => log.store), async (script, keys, args) => await connection.run(script, keys, args, GRACE_MS))
      for (const [index, reading] of some.entries()) {
        const head = heads[index] as Place
        // Where it is still the same, what was missed meanwhile is read next.
        if (this.#isCurrent(reading) && reading.place?.epoch !== head.epoch) this.#begin(reading, head)
      }
    }
    this.#isUnsure = false
  }

  async #read (connection: RedisConnection): Promise<void> {
    const readings = new Map<string, Reading>()
    const ids = [this.#wokenAt]
    for (const reading of this.#readings.values()) {
      const { log, place } = reading
      if (place === undefined) return // added since
      readings.set(log.store.keys.stream, reading)
      ids.push(`${place.term}-${place.offset}`)
    }
    this.#isWaiting = true
    const command = ['XREAD', 'COUNT', String(PAGE_ENTRIES), 'BLOCK', String(BLOCK_MS), 'STREAMS', this.#wakeKey, ...readings.keys(), ...ids]
    try {
      const streams = await connection.call(command, BLOCK_MS + GRACE_MS) as Array<[key: string, entries: Entry[]]> | null
      if (streams === null) this.#isUnsure = true
      for (const [key, entries] of streams ?? []) this.#take(key, readings.get(key), entries)
    } finally {
      this.#isWaiting = false
    }
    if (readings.size >= PAUSES_FROM) await sleep(readings.size / STREAMS_PER_MS)
  }

  #take (key: string, reading: Reading | undefined, entries: readonly Entry[]): void {
    if (key === this.#wakeKey) this.#wokenAt = (entries.at(-1) as Entry)[0]
    let records: StoredRecord[] = []
    const handOn = (): void => {
      const last = records
      records = []
      if (last.length > 0 && reading !== undefined && this.#isCurrent(reading)) reading.log.receive(last)
    }
    for (const entry of entries) {
      // It may have been left since the read began, and be followed anew.
      if (reading?.place === undefined || !this.#isCurrent(reading)) break
      const { place } = reading
      if (termOf(entry) !== place.term) {
        reading.place = undefined // where the term before has ended, only Redis knows
        break
      }
      const offset = offsetOf(entry)
      if (offset !== place.offset + 1) {
        handOn()
        this.#begin(reading, { ...place, offset: offset - 1 }) // it was trimmed before it could be read
      }
      records.push(toRecord(entry))
      reading.place = { ...place, offset }
    }
    handOn()
  }

  /** It can't be read, and would not be at the next try: who reads the history of it is told why. */
  #skip (error: unknown): void {
    this.#options.health.lost(this, error)
    for (const reading of this.#readings.values()) reading.place = undefined
  }

  #isCurrent (reading: Reading): boolean {
    return this.#readings.get(reading.log) === reading
  }

  #begin (reading: Reading, place: Place): void {
    reading.place = place
    reading.log.begin({ epoch: place.epoch, offset: place.offset })
  }
}
