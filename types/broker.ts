import type { FastifyBaseLogger } from 'fastify'

/**
 * What stores the events of channels and hands them to all instances of an app: in memory by default, Redis or NATS for
 * many instances. Whoever writes another one runs the conformance suite of this package's repository against it.
 */
export interface Broker {
  /** Opens the log of a channel. Called once per name and app; several apps that open the same name share one log. */
  open: (options: LogOptions) => Log
  /**
   * Frees what the broker holds, such as connections. Every app that was given the broker closes it, after its logs; what
   * another app has open then goes on, and the rest is freed with the last of it.
   */
  close: () => Promise<void>
}

/** A log that is to be opened. */
export interface LogOptions {
  /** The channel's name. */
  readonly name: string
  readonly retention: Retention
  /** How long an idempotency key is remembered after its first use, in milliseconds. */
  readonly idempotencyWindowMs: number
  /** The log of the app. */
  readonly log: FastifyBaseLogger
}

/** What a log keeps for those who come later. */
export type Retention = HistoryRetention | LatestRetention

/** The newest records, up to whichever limit is met first. A limit may be `Infinity`, and `maxEvents` 0. */
export interface HistoryRetention {
  readonly latest?: false
  readonly maxEvents: number
  /** Bytes of the records' data. */
  readonly maxBytes: number
  readonly maxAgeMs: number
}

/**
 * The newest record of each key; every record has one. A record that was replaced is lost to nobody. A tombstone is
 * retained for those who resume before it, and not given to those who read from the start. Whatever `maxKeys` drops is
 * lost to those before it.
 */
export interface LatestRetention {
  readonly latest: true
  /** Beyond which the key that was not updated for longest is dropped. Tombstones count, and are dropped first. */
  readonly maxKeys: number
}

/**
 * A place in a log, after a record. Offsets are safe integers that grow with every record; 0 is before the first.
 *
 * An epoch is a span of a log's life in which no record was lost or numbered anew: after each time that this may have
 * happened, such as a restart of the engine, there is another one. At most 32 characters of `A-Z a-z 0-9 _ -`. What
 * stands before the first `_` is the same in all epochs of one life of a log, and as good as unique in the world, since
 * positions of several logs are told apart by it.
 */
export interface Position {
  readonly epoch: string
  readonly offset: number
}

/** What is stored of an event. */
export interface NewRecord {
  /** The event's name. */
  readonly event: string
  /** Its payload as it is written: JSON, or raw text. */
  readonly data: string
  /** Its `retry` field, in milliseconds. */
  readonly retry?: number | undefined
  readonly topic?: string | undefined
  /** What a later record with the same key replaces, in a log that retains the latest. */
  readonly key?: string | undefined
  /** Whether the key is deleted by this record. */
  readonly tombstone?: boolean | undefined
  /** Whose doing it is, for those who trace. A broker that does not keep it takes nothing else away. */
  readonly trace?: string | undefined
}

/** A record of a log. */
export interface StoredRecord extends NewRecord {
  readonly offset: number
  /**
   * Left to the channel, which keeps the encoded frame here. A broker that holds records in memory gives the same object
   * to all who read it, so that its frame is made once.
   */
  cache?: unknown
}

/**
 * The log of one channel. While its engine is out of reach, `head` and `read` keep trying for some seconds and then
 * reject with FST_ERR_SSE_BROKER_UNAVAILABLE, after which the channel asks again; what is followed goes on by itself when
 * the engine is back.
 */
export interface Log {
  /**
   * Stores a record at the end: taking the offset, storing and handing on are one step, in one order for everybody, and
   * in the order of the calls of one caller. An idempotency key whose first use is within the window stores nothing, and
   * resolves with where the first one stands.
   *
   * Never waits for ever: FST_ERR_SSE_BROKER_UNAVAILABLE says that nothing was stored, FST_ERR_SSE_PUBLISH_UNCERTAIN that
   * nobody knows.
   */
  append: (record: NewRecord, idempotencyKey?: string) => Promise<Position>
  /** The end of the log at the time of the call: not before anything whose `append` has resolved, wherever that was. */
  head: () => Promise<Position>
  /**
   * Reads records in order.
   *
   * @param after Undefined reads from the earliest record that is retained.
   * @param limit The most records to give, at least 1. A log that retains the latest may give more.
   */
  read: (after: Position | undefined, limit: number) => Promise<Page>
  /**
   * Hands on records as they come, from now on. Nothing is read from an engine for a log that nobody follows.
   *
   * @returns A function that stops it: the follower is not called again, not even to begin. Idempotent.
   */
  follow: (follower: Follower) => () => void
  /**
   * Called once, when the channel closes. Followers are not called again; whatever is called after it fails with
   * FST_ERR_SSE_CHANNEL_CLOSED. The records stay where the engine keeps them: who opens the log again finds them, or
   * another epoch.
   */
  close: () => Promise<void>
}

/** What was read of a log. */
export interface Page {
  readonly epoch: string
  /**
   * Whether what stood after the position is not all there any more: records were dropped, or the position is beyond the
   * end, or of an epoch that is not this log's or ended before it. Then there are no records.
   */
  readonly lost: boolean
  readonly records: readonly StoredRecord[]
  /** Up to here there is nothing else: the last record's offset, or the end of the log. Where it was lost, the end. */
  readonly through: number
  /**
   * The first offset after which nothing is lost. Reading after it gives all that is retained; in a log that retains the
   * latest, all but older values, which are read from the start.
   */
  readonly earliest: number
}

/** Who is handed the records of a log. A broker calls it synchronously, and never before `follow` has returned. It doesn't throw. */
export interface Follower {
  /** The next records stand right after this position. Called first, and whenever records may have been missed. */
  begin: (position: Position) => void
  /** In order, at least one at a time. */
  receive: (records: readonly StoredRecord[]) => void
}
