import { createHash } from 'node:crypto'

/**
 * Where a log is kept: its facts, its stream, the marks by which that is trimmed; for one that retains the latest, their
 * values and two orders of their keys. The braces make all keys of a shard stand in one slot of a Redis Cluster.
 */
export class LogKeys {
  readonly #base: string
  readonly #name: string
  /** All that belong to the log itself, in the order in which the scripts expect them. */
  readonly all: readonly string[]
  readonly stream: string

  /**
   * @param prefix What stands before each key. @param shard The shard of the channel. @param name Its name, any text.
   * @param isLatest Whether it retains the latest: a history of the same name is another log.
   */
  constructor (prefix: string, shard: number, name: string, isLatest: boolean) {
    this.#base = `${shardBase(prefix, shard)}:${isLatest ? 'latest' : 'history'}`
    // With its length, so that nothing which follows can be taken for a part of it.
    this.#name = `${name.length}:${name}`
    this.all = ['facts', 'stream', 'marks', 'values', 'order', 'gone'].map(part => this.#key(part))
    this.stream = this.#key('stream')
  }

  /** Where the outcome of a sender's last batch stands. */
  sent (sender: string): string {
    return `${this.#key('sent')}:${sender}`
  }

  /** Where the offset of an idempotency key stands. */
  idempotency (key: string): string {
    return `${this.#key('used')}:${key}`
  }

  #key (part: string): string {
    return `${this.#base}:${part}:${this.#name}`
  }
}

/** Which shard a channel is in: the same in every process that has as many. */
export function shardOf (name: string, shards: number): number {
  return createHash('sha1').update(name).digest().readUInt32BE() % shards
}

/** A stream that interrupts one reader's wait. */
export function wakeKey (prefix: string, shard: number, reader: string): string {
  return `${shardBase(prefix, shard)}:wake:${reader}`
}

function shardBase (prefix: string, shard: number): string {
  return `${prefix}:{${prefix}:${shard}}`
}
