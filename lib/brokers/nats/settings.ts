import type { LogOptions } from '../../../types/broker.js'
import type { Names } from './names.js'

/** What the server adds to a record's data and subject at most, with an event name and a topic of usual length, without a trace. */
const MESSAGE_OVERHEAD_BYTES = 150

/** Records that `maxBytes` gets room for beside their data. */
const SMALL_RECORDS = 1_000

/** What a log keeps at least for those who have lost the connection for a moment. */
const MIN_MESSAGES = 256

/** The least that a server takes for a time. */
const MIN_MS = 100

const NANOSECONDS = 1_000_000

/** Beyond it, a time in nanoseconds is too large for the server: 292 years. */
const MAX_MS = 9e12

/** Where and how streams are stored. */
export interface Placement {
  readonly replicas: number
  readonly storage: 'file' | 'memory'
}

/** The part of a stream's settings that its channel decides. */
export interface Limits {
  readonly max_msgs: number
  readonly max_bytes: number
  readonly max_age: number
  readonly max_msgs_per_subject: number
  readonly duplicate_window: number
  readonly num_replicas: number
}

/** What JetStream calls the limits of a log. -1 and an age of 0 are none. */
export function limitsOf ({ retention, idempotencyWindowMs }: LogOptions, { replicas }: Placement): Limits {
  const age = retention.latest === true ? Infinity : retention.maxAgeMs
  const limits = retention.latest === true
    // One more for the message that it begins with.
    ? { max_msgs: orNone(retention.maxKeys + 1), max_bytes: -1, max_msgs_per_subject: 1 }
    : {
        max_msgs: orNone(Math.max(retention.maxEvents, MIN_MESSAGES)),
        max_bytes: orNone(retention.maxBytes + MESSAGE_OVERHEAD_BYTES * Math.min(retention.maxEvents, SMALL_RECORDS)),
        max_msgs_per_subject: -1
      }
  return {
    ...limits,
    max_age: age > MAX_MS ? 0 : toNanoseconds(age),
    // The server refuses one that is longer than its messages live.
    duplicate_window: toNanoseconds(Math.min(idempotencyWindowMs, age)),
    num_replicas: replicas
  }
}

/** All that a new stream is made with. */
export function settingsOf (names: Names, limits: Limits, { storage }: Placement, channel: string): object {
  return {
    name: names.stream,
    description: `fastify-typed-sse: channel ${JSON.stringify(channel).slice(0, 1_000)}`,
    subjects: [`${names.log}.>`],
    retention: 'limits',
    discard: 'old',
    storage,
    max_consumers: -1,
    max_msg_size: -1,
    republish: { src: `${names.log}.>`, dest: `${names.live}.>` },
    ...limits
  }
}

function orNone (limit: number): number {
  return limit < Number.MAX_SAFE_INTEGER ? Math.ceil(limit) : -1
}

function toNanoseconds (ms: number): number {
  return Math.ceil(Math.max(ms, MIN_MS)) * NANOSECONDS
}
