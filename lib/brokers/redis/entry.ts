import type { NewRecord, StoredRecord } from '../../../types/broker.js'

/**
 * Writes what stands beside the data of a record: the event's name, and the rest only where there is any, since most
 * have none.
 */
export function encodeFacts ({ event, retry, topic, key, tombstone, trace }: NewRecord): string {
  const isPlain = retry === undefined && topic === undefined && key === undefined && tombstone !== true && trace === undefined
  return JSON.stringify(isPlain ? event : { event, retry, topic, key, tombstone: tombstone === true ? true : undefined, trace })
}

/** All with the same properties in the same order: engines are faster with one shape. */
export function decodeRecord (offset: number, facts: string, data: string): StoredRecord {
  const decoded = JSON.parse(facts) as string | NewRecord
  const { event, retry, topic, key, tombstone, trace } = typeof decoded === 'string' ? { event: decoded } as NewRecord : decoded
  return { offset, event, data, retry, topic, key, tombstone, trace, cache: undefined }
}

/** Names and values, in turns. */
const FIELDS = 4

/** An entry of a stream, as it is read: its id is `term-offset`. */
export type Entry = readonly [id: string, fields: readonly string[]]

export function termOf ([id]: Entry): number {
  return Number(id.slice(0, id.indexOf('-')))
}

/** Undefined where it is none of ours. */
export function toRecord ([id, fields]: Entry): StoredRecord | undefined {
  if (fields.length !== FIELDS) return undefined
  const [, facts, , data] = fields as [string, string, string, string]
  return decodeRecord(Number(id.slice(id.indexOf('-') + 1)), facts, data)
}
