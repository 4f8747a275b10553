import { randomUUID } from 'node:crypto'
import fastify from 'fastify'
import type { Test } from 'tap'
import type { Broker, HistoryRetention, Log, LogOptions, NewRecord, Position, Retention, StoredRecord } from '../../../types/broker.js'

/** What a broker is tried with. */
export interface Subject {
  readonly broker: Broker
  /** Another connection to the same store; the same broker where there is but one process. */
  readonly second: Broker
  readonly stop: () => Promise<void>
}

export interface ConformanceOptions {
  /** Makes brokers with connections of their own, for the whole suite and for tests that close them. */
  readonly create: () => Promise<Subject>
  /** Whether limits hold to the record. Otherwise an engine may retain more, up to 1 000 events. Default: true. */
  readonly exactLimits?: boolean
  /** Whether all who read or follow get the same objects. Default: false. */
  readonly sharesRecords?: boolean
}

/** The log of an app that says nothing. */
export const SILENT = fastify({ logger: false }).log

/** Everything that a test stores. */
export const EVERYTHING: HistoryRetention = { maxEvents: 100_000, maxBytes: Infinity, maxAgeMs: Infinity }

/** Opens logs of names that nobody else uses, since engines remember, and closes them after the test. */
export class Harness {
  readonly exactLimits: boolean
  readonly sharesRecords: boolean
  readonly create: ConformanceOptions['create']
  readonly #subject: Subject
  readonly #open = new Set<Log>()

  constructor (subject: Subject, { create, exactLimits = true, sharesRecords = false }: ConformanceOptions) {
    this.#subject = subject
    this.create = create
    this.exactLimits = exactLimits
    this.sharesRecords = sharesRecords
  }

  /** One log, opened once. */
  log (t: Test, retention: Retention = EVERYTHING, options: Partial<LogOptions> = {}): Log {
    return this.open(t, this.#subject.broker, { retention, ...options })
  }

  /** One log, opened over both connections. */
  logs (t: Test, retention: Retention = EVERYTHING, options: Partial<LogOptions> = {}): [Log, Log] {
    const { broker, second } = this.#subject
    const shared = { name: uniqueName(), retention, ...options }
    return [this.open(t, broker, shared), this.open(t, second, shared)]
  }

  open (t: Test, broker: Broker, options: Partial<LogOptions>): Log {
    const log = broker.open({ name: uniqueName(), retention: EVERYTHING, idempotencyWindowMs: 60_000, log: SILENT, ...options })
    this.#open.add(log)
    t.teardown(async () => await this.close(log))
    return log
  }

  /** Before the end of the test, which would close it again. */
  async close (log: Log): Promise<void> {
    if (this.#open.delete(log)) await log.close()
  }
}

export function uniqueName (label = 'conformance'): string {
  return `${label} ${randomUUID()}`
}

export function note (data: string, fields: Partial<NewRecord> = {}): NewRecord {
  return { event: 'note', data, ...fields }
}

/** One after the other, without waiting in between. */
export async function appendAll (log: Log, data: readonly string[]): Promise<Position[]> {
  return await Promise.all(data.map(data => log.append(note(data))))
}

/** Data that tells records apart: `prefix 0`, `prefix 1` and so on. */
export function numbered (count: number, prefix = 'note'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix} ${index}`)
}

/** All pages up to the end that the log had when this was called. */
export async function readAll (log: Log, after?: Position, limit = 1_000): Promise<StoredRecord[]> {
  const { offset: end } = await log.head()
  const records: StoredRecord[] = []
  for (let from = after; ;) {
    const page = await log.read(from, limit)
    if (page.lost) throw new Error(`lost after ${JSON.stringify(from)}`)
    records.push(...page.records)
    if (page.through >= end) return records
    if (from !== undefined && page.through <= from.offset) throw new Error(`nothing after ${from.offset} of ${end}`)
    from = { epoch: page.epoch, offset: page.through }
  }
}

export const dataOf = (records: readonly StoredRecord[]): string[] => records.map(({ data }) => data)

/** Waits by asking again, where a broker tells nobody. Fails after 10 s. */
export async function eventually (condition: () => Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = performance.now() + 10_000
  while (!await condition()) {
    if (performance.now() > giveUpAt) throw new Error(`did not happen in 10 s: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
