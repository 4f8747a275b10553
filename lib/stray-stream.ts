import { STREAM_KEYWORD } from './schema/event-stream.js'

/**
 * Whether a schema is or holds an event stream where none can be. A copy counts as well: to copy a stream, as
 * `Type.Optional()` and a spread do, is to lose its events.
 */
export function holdsStream (schema: unknown, seen = new Set<unknown>()): boolean {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return false
  seen.add(schema)
  return (schema as Record<string, unknown>)[STREAM_KEYWORD] === true ||
    Object.values(schema).some(part => holdsStream(part, seen))
}
