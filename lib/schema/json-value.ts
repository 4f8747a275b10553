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
 *
 * @param within The objects and arrays around the value.
 */
export function findForeign (value: unknown, within: object[] = []): ForeignPart | undefined {
  if (isPrimitive(value)) return undefined
  if (!isContainer(value)) return { pointer: '', kind: typeof value === 'bigint' ? 'bigint' : describe(value) }
  if (within.includes(value)) return undefined
  within.push(value)
  for (const name of Object.keys(value)) {
    const part = (value as Record<string, unknown>)[name]
    if (part === undefined && !Array.isArray(value)) continue
    const found = findForeign(part, within)
    // Put together on the way back, since most values have no such part.
    if (found !== undefined) return { ...found, pointer: `/${escapePointer(name)}${found.pointer}` }
  }
  within.pop()
  return undefined
}

function isPrimitive (value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || value === null || Number.isFinite(value)
}

function isContainer (value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false
  return Array.isArray(value) || Object.prototype.toString.call(value) === '[object Object]'
}
