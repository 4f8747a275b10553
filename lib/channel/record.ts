import type { NewRecord } from '../../types/broker.js'
import type { PublishOptions } from '../../types/channel.js'
import { describe } from '../describe.js'
import { FST_ERR_SSE_PUBLISH_INVALID } from '../errors.js'
import type { EncodedEvent } from '../schema/codec.js'
import type { ResolvedChannelOptions } from './channel-options.js'
import { isTopic } from './subscribe-options.js'

/** The channel that an event is published to. */
export interface RecordChannel {
  readonly name: string
  readonly key: ResolvedChannelOptions['key']
  readonly encode: (event: unknown) => EncodedEvent
}

const KNOWN = new Set(['topic', 'key', 'tombstone', 'idempotencyKey'])

/**
 * Checks and encodes what is published.
 *
 * @throws FST_ERR_SSE_PUBLISH_INVALID, and what the codec throws.
 */
export function toRecord (event: unknown, options: PublishOptions, { name, key: keyOf, encode }: RecordChannel): NewRecord {
  if (typeof options !== 'object' || options === null) throw invalid(name, 'the options should be an object', options)
  for (const option of Object.keys(options)) {
    if (!KNOWN.has(option)) throw FST_ERR_SSE_PUBLISH_INVALID(name, `the options are ${[...KNOWN].join(', ')}, instead got '${option}'`)
  }
  const { topic, key, tombstone, idempotencyKey } = options
  checkText(name, 'topic', topic)
  checkText(name, 'key', key)
  checkText(name, 'idempotencyKey', idempotencyKey)
  if (tombstone !== undefined && typeof tombstone !== 'boolean') throw invalid(name, 'tombstone should be a boolean', tombstone)
  if (keyOf === undefined && (key !== undefined || tombstone !== undefined)) {
    throw FST_ERR_SSE_PUBLISH_INVALID(name, "key and tombstone are for channels that retain the latest ('retain' and 'key' of its options)")
  }
  if ((event as { id?: unknown } | null | undefined)?.id !== undefined) {
    throw FST_ERR_SSE_PUBLISH_INVALID(name, 'the event should have no id: the channel gives it one, which says where it stands')
  }
  const parts = encode(event)
  if (keyOf === undefined) return { ...parts, topic }
  const ownKey = key ?? keyOf(event as never)
  if (!isTopic(ownKey)) throw FST_ERR_SSE_PUBLISH_INVALID(name, `the channel's key() should return a non-empty string, instead got '${describe(ownKey)}'`)
  return { ...parts, topic, key: ownKey, tombstone: tombstone === true }
}

function checkText (channel: string, option: string, value: unknown): void {
  if (value !== undefined && !isTopic(value)) throw invalid(channel, `${option} should be a non-empty string`, value)
}

function invalid (channel: string, expected: string, received: unknown): Error {
  return FST_ERR_SSE_PUBLISH_INVALID(channel, `${expected}, instead got '${typeof received === 'string' ? received : describe(received)}'`)
}
