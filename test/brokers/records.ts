import type { StoredRecord } from '../../types/broker.js'

/** A stored record, whose data says its offset. */
export function record (offset: number, fields: Partial<StoredRecord> = {}): StoredRecord {
  return { offset, event: 'note', data: `${offset}`, ...fields }
}

export function offsetsOf (records: readonly StoredRecord[]): number[] {
  return records.map(({ offset }) => offset)
}
