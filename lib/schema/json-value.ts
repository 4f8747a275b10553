import { describe } from '../describe.js'
import { escapePointer } from './json-schema.js'

/** A part of a value that JSON does not have. */
export interface ForeignPart {
  readonly pointer: string
  readonly kind: string
}

/**
 * Finds what `JSON.stringify` would turn into something else in silence, or fail at: a `Date`, a `Map`, a `bigint`.
 * A property that is undefined is one that is not there. Circles are left to `JSON.stringify`.
 */
export function findForeign (value: unknown): ForeignPart | undefined {
  const places = new Map<object, string>()
  const found = look(value, '')
  if (found !== undefined) return found
  for (const [container, pointer] of places) { // a Map also iterates over what is added on the way
    for (const [name, part] of Object.entries(container)) {
      const foreign = part === undefined && !Array.isArray(container) ? undefined : look(part, `${pointer}/${escapePointer(name)}`)
      if (foreign !== undefined) return foreign
    }
  }
  return undefined

  function look (part: unknown, pointer: string): ForeignPart | undefined {
    if (isContainer(part)) {
      if (!places.has(part)) places.set(part, pointer)
    } else if (!isPrimitive(part)) return { pointer, kind: typeof part === 'bigint' ? 'bigint' : describe(part) }
    return undefined
  }
}

function isContainer (value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false
  return Array.isArray(value) || Object.prototype.toString.call(value) === '[object Object]'
}

function isPrimitive (value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}
