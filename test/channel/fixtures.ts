import { createSecretKey } from 'node:crypto'
import fastify from 'fastify'
import { SignedIds } from '../../lib/channel/signed-ids.js'
import { Message, type MessageCodec } from '../../lib/channel/message.js'
import type { Follower, Log, NewRecord, Page, Position, StoredRecord } from '../../types/broker.js'
import { record } from '../brokers/records.js'

/** The schema of the events that {@link codec} decodes. */
export const SCHEMA = { type: 'number' }

/** Encodes as the brokers' records are: the data is a number. */
export const codec: MessageCodec = {
  frameOf: ({ event, data }) => `event: ${event}\ndata: ${data}\n\n`,
  decode: ({ event, data }) => data === 'unreadable' ? undefined : { event, data: Number(data) },
  schemaOf: () => SCHEMA
}

/** A message of the channel whose epoch is `e`. */
export function message (offset: number, fields: Partial<StoredRecord> = {}): Message {
  return new Message(record(offset, fields), codec, 'e')
}

/** A message that is part of a snapshot. */
export function part (data: number): Message {
  return new Message({ offset: 0, event: 'note', data: `${data}` }, codec, undefined)
}

export const at = (offset: number, epoch = 'e'): Position => ({ epoch, offset })

export const SILENT = fastify({ logger: false }).log

/** A logger that keeps what it is given, with its level. */
export function memoLogger (): { log: typeof SILENT, lines: Array<{ level: string, fields: Record<string, unknown>, text: string }> } {
  const lines: Array<{ level: string, fields: Record<string, unknown>, text: string }> = []
  const write = (level: string) => (fields: Record<string, unknown>, text: string) => { lines.push({ level, fields, text }) }
  const log = { error: write('error'), warn: write('warn'), debug: write('debug'), child: () => log } as unknown as typeof SILENT
  return { log, lines }
}

/** A log as naive as can be, whose past and whose mistakes a test decides. */
export class FakeLog implements Log {
  epoch = 'e'
  /** Offsets up to here are gone. */
  earliest = 0
  /** Records in a page, at most. */
  pageLimit = Infinity
  /** What head() and read() reject with. */
  failure: Error | undefined
  /** What was read, in order. */
  readonly reads: Array<Position | undefined> = []
  readonly followers = new Set<Follower>()
  readonly #begun = new WeakSet<Follower>()
  /** Whether it begins by itself, soon; otherwise {@link begin} does it. */
  beginsSoon = true
  closed = 0
  /** Awaited by read(). */
  gate: Promise<void> | undefined
  #records: StoredRecord[] = []
  #end = 0

  /** Stores records, and hands them on unless nobody is to hear of it. */
  publish (count: number, fields: Partial<StoredRecord> = {}, isHeard = true): void {
    for (let i = 0; i < count; i++) {
      const stored = record(++this.#end, fields)
      this.#records.push(stored)
      if (isHeard) for (const follower of this.followers) if (this.#begun.has(follower)) follower.receive([stored])
    }
  }

  /** The end of the log, to those who follow it: what was published and not heard has been missed. */
  begin (): void {
    for (const follower of this.followers) {
      this.#begun.add(follower)
      follower.begin(at(this.#end, this.epoch))
    }
  }

  /** Forgets everything, and begins anew. */
  restart (epoch: string): void {
    this.epoch = epoch
    this.#records = []
    this.#end = this.earliest = 0
    this.begin()
  }

  async append (_record: NewRecord): Promise<Position> {
    this.publish(1, _record)
    return at(this.#end, this.epoch)
  }

  async head (): Promise<Position> {
    if (this.failure !== undefined) throw this.failure
    return at(this.#end, this.epoch)
  }

  async read (after: Position | undefined, limit: number): Promise<Page> {
    this.reads.push(after)
    await this.gate
    if (this.failure !== undefined) throw this.failure
    const { epoch, earliest } = this
    const end = this.#end
    if (after !== undefined && (after.epoch !== epoch || after.offset < earliest || after.offset > end)) {
      return { epoch, earliest, lost: true, records: [], through: end }
    }
    const rest = this.#records.filter(({ offset }) => offset > Math.max(after?.offset ?? 0, earliest))
    const records = rest.slice(0, Math.min(limit, this.pageLimit))
    return { epoch, earliest, lost: false, records, through: records.length < rest.length ? records.at(-1)?.offset ?? 0 : end }
  }

  follow (follower: Follower): () => void {
    this.followers.add(follower)
    queueMicrotask(() => {
      if (!this.beginsSoon || !this.followers.has(follower)) return
      this.#begun.add(follower)
      follower.begin(at(this.#end, this.epoch))
    })
    return () => {
      this.followers.delete(follower)
      this.#begun.delete(follower)
    }
  }

  async close (): Promise<void> {
    this.closed++
    this.followers.clear()
  }
}

/** Lets everything happen that needs no timer: pages of history are read in turns of the event loop. */
export async function settled (turns = 6): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise(setImmediate)
}

/** A secret for the option `signIds`. */
export const SECRET = 'a secret of a test, 32 bytes long at least'

/** The ids of one scope of a channel that signs them. */
export const signedIds = (scope = 'Ann') => new SignedIds({ channel: 'notes', secrets: [createSecretKey(Buffer.from(SECRET))] }).in(scope)
