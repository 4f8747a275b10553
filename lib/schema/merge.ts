import { write } from './property.js'

/** Stands for a value of which no schema says what is declared: all of it is. */
export const WHOLE = Symbol('whole')

/** Merges parts of a value, which may be the value itself. Neither is changed. */
export function merge (value: unknown, parts: unknown[]): unknown {
  return parts.length === 0 ? WHOLE : parts.reduce((one, other) => mergeTwo(value, one, other))
}

function mergeTwo (value: unknown, one: unknown, other: unknown): unknown {
  if (one === value || typeof value !== 'object') return one
  if (other === value) return other
  if (Array.isArray(value)) return value.map((item, index) => mergeTwo(item, (one as unknown[])[index], (other as unknown[])[index]))

  const merged = { ...one as object }
  for (const [name, part] of Object.entries(other as object)) {
    const isInBoth = Object.hasOwn(merged, name)
    write(merged, name, isInBoth ? mergeTwo((value as Record<string, unknown>)[name], (merged as Record<string, unknown>)[name], part) : part)
  }
  return merged
}
