import type { NewRecord } from '../../../types/broker.js'

const LINE_FEED = 0x0a
const LONE_SURROGATE = /\p{Surrogate}/u

/** What a message says, without its place. */
export interface Content {
  /** Undefined where the message is not one of ours. */
  readonly term: string | undefined
  /** Undefined where it is no record: what a log of latest values begins with, the word of a loss, or not one of ours. */
  readonly record: NewRecord | undefined
  /** Whether it says that something is missing before it. */
  readonly isLoss?: true
}

/**
 * Writes a record as one line of JSON, `[term, event, retry, topic, key, tombstone, data, trace]` up to the last of them
 * that there is, and then its data as it is: only data that UTF-8 can't represent is in the line instead.
 */
export function encodeRecord (term: string, { event, data, retry, topic, key, tombstone, trace }: NewRecord): Buffer {
  const isInLine = LONE_SURROGATE.test(data)
  const fields: unknown[] = [term, event, retry, topic, key, tombstone, isInLine ? data : undefined, trace]
  while (fields.at(-1) === undefined) fields.pop()
  return Buffer.from(`${JSON.stringify(fields)}\n${isInLine ? '' : data}`)
}

/** The first message of a log that retains the latest. */
export function encodeStart (term: string): Buffer {
  return Buffer.from(`${JSON.stringify([term])}\n`)
}

/** What says that something is missing before it. */
export function encodeLoss (term: string): Buffer {
  return Buffer.from(`${JSON.stringify([term, null])}\n`)
}

export function decode (payload: Uint8Array): Content {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const end = bytes.indexOf(LINE_FEED)
  const fields = parse(bytes.toString('utf8', 0, Math.max(0, end)))
  if (fields === undefined) return { term: undefined, record: undefined }
  const [term, event, retry, topic, key, tombstone, inLine, trace] = fields
  if (event === undefined) return { term: term as string, record: undefined }
  if (event === null) return { term: term as string, record: undefined, isLoss: true }
  const record = {
    event,
    data: inLine ?? bytes.toString('utf8', end + 1),
    retry: retry ?? undefined,
    topic: topic ?? undefined,
    key: key ?? undefined,
    tombstone: tombstone ?? undefined,
    trace
  }
  return { term: term as string, record: record as NewRecord }
}

/** Somebody else may publish to the subject, by mistake. */
function parse (line: string): unknown[] | undefined {
  try {
    const fields: unknown = JSON.parse(line)
    return Array.isArray(fields) && typeof fields[0] === 'string' ? fields : undefined
  } catch {
    return undefined
  }
}
