import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Position, StoredRecord } from '../../../types/broker.js'
import { backoffMs } from '../backoff.js'
import type { Health } from '../health.js'
import type { RedisConnection } from './connection.js'
import { type Entry, termOf, toRecord } from './entry.js'
import type { Server } from './server.js'
import { findHeads, type Place, type Store } from './store.js'
import { Unreachable } from './unreachable.js'

/** How long a read waits for the next entry, in milliseconds, and how often it is checked whether all is as it was. */
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
  /** The greatest offset that it was found to have. */
  stored: number
  /** Whether it can't be read, and would not be at the next try. */
  isRefused: boolean
}

export interface ReaderOptions {
  readonly connect: () => RedisConnection
  /** Told of what a server refuses; of its absence, the connection tells. */
  readonly health: Health
  /** The key of a stream that interrupts its wait. */
  readonly wakeKey: (reader: string) => string
  /** Interrupts its wait. */
  readonly server: Pick<Server, 'interrupt'>
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
  #foundAtMs = performance.now()
  #isClosed = false

  constructor (options: ReaderOptions) {
    this.#options = options
    this.#wakeKey = options.wakeKey(randomUUID())
  }

  /** Begins to read a log, at its end. */
  add (log: ReadLog): void {
    this.#readings.set(log, { log, place: undefined, stored: 0, isRefused: false })
    if (!this.#isRunning) {
      this.#isRunning = true
      void this.#run()
    } else if (this.#isWaiting) {
      this.#isWaiting = false
      this.#options.server.interrupt(this.#wakeKey, 2 * BLOCK_MS)
    }
  }

  delete (log: ReadLog): void {
    const reading = this.#readings.get(log)
    if (reading !== undefined) this.#options.health.forget(reading)
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

  /** Finds where new logs begin, and, now and then, whether the others are what they were. */
  async #find (connection: RedisConnection): Promise<void> {
    const nowMs = performance.now()
    const isAll = this.#isUnsure || nowMs - this.#foundAtMs >= BLOCK_MS
    if (isAll) this.#foundAtMs = nowMs
    const wanted = [...this.#readings.values()].filter(({ place, isRefused }) => isAll || (place === undefined && !isRefused))
    while (wanted.length > 0) {
      const some = wanted.splice(0, HEADS)
      const heads = await findHeads(some.map(({ log }) => log.store), async (script, keys, args) => await connection.run(script, keys, args, GRACE_MS))
      for (const [index, reading] of some.entries()) if (this.#isCurrent(reading)) this.#found(reading, heads[index] as Place | Error)
    }
    this.#isUnsure = false
  }

  #found (reading: Reading, head: Place | Error): void {
    const { health } = this.#options
    reading.isRefused = head instanceof Error
    if (head instanceof Error) {
      reading.place = undefined
      health.lost(reading, head)
      return
    }
    health.back(reading)
    reading.stored = head.offset
    // Where it is still the same, what was missed meanwhile is read next.
    if (reading.place?.epoch !== head.epoch) this.#begin(reading, head)
  }

  async #read (connection: RedisConnection): Promise<void> {
    const readings = new Map<string, Reading>()
    const ids = [this.#wokenAt]
    for (const reading of this.#readings.values()) {
      const { log, place, isRefused } = reading
      if (isRefused) continue
      if (place === undefined) return // added since
      readings.set(log.store.keys.stream, reading)
      ids.push(`${place.term}-${place.offset}`)
    }
    this.#isWaiting = true
    const command = ['XREAD', 'COUNT', String(PAGE_ENTRIES), 'BLOCK', String(BLOCK_MS), 'STREAMS', this.#wakeKey, ...readings.keys(), ...ids]
    try {
      const streams = await connection.call(command, BLOCK_MS + GRACE_MS) as Array<[key: string, entries: Entry[]]> | null
      if (streams === null) this.#isUnsure = true
      for (const [key, entries] of streams ?? []) {
        if (key === this.#wakeKey) this.#wokenAt = (entries.at(-1) as Entry)[0]
        const reading = readings.get(key)
        readings.delete(key)
        if (reading !== undefined) this.#take(reading, entries)
      }
      // What was stored, and is not there any more.
      for (const reading of readings.values()) {
        const { place, stored } = reading
        if (place !== undefined && stored > place.offset && this.#isCurrent(reading)) this.#begin(reading, { ...place, offset: stored })
      }
    } finally {
      this.#isWaiting = false
    }
    const { size } = this.#readings
    if (size >= PAUSES_FROM) await sleep(size / STREAMS_PER_MS)
  }

  #take (reading: Reading, entries: readonly Entry[]): void {
    let records: StoredRecord[] = []
    const handOn = (): void => {
      const last = records
      records = []
      if (last.length > 0 && this.#isCurrent(reading)) reading.log.receive(last)
    }
    for (const entry of entries) {
      // It may have been left since the read began, and be followed anew.
      if (reading.place === undefined || !this.#isCurrent(reading)) break
      const { place } = reading
      const record = termOf(entry) === place.term ? toRecord(entry) : undefined
      if (record === undefined) {
        // Where the term before has ended only Redis knows; an entry that is none of ours is left to who reads the history.
        reading.place = undefined
        break
      }
      if (record.offset !== place.offset + 1) {
        handOn()
        this.#begin(reading, { ...place, offset: record.offset - 1 }) // it was trimmed before it could be read
      }
      records.push(record)
      reading.place = { ...place, offset: record.offset }
    }
    handOn()
  }

  /** Nothing can be read, and could not be at the next try: who reads the history is told why. */
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
