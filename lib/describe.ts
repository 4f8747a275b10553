/**
 * Names a value's kind for an error message, never its content: payloads may hold secrets. Strings given as options
 * are the exception, and are shown by their callers.
 */
export function describe (value: unknown): string {
  try {
    return kindOf(value)
  } catch {
    // A proxy or a getter that throws, or a function whose name is no string: whoever is told what is wrong still should be.
    return typeof value
  }
}

function kindOf (value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'object') return constructorName(value) ?? Object.prototype.toString.call(value).slice('[object '.length, -1)
  if (typeof value === 'function') return value.name === '' ? 'function' : `function ${value.name}`
  return typeof value === 'string' || typeof value === 'symbol' ? typeof value : String(value)
}

/** Generators, for one, have a constructor without a name. */
function constructorName ({ constructor }: object): string | undefined {
  if (typeof constructor !== 'function') return undefined
  const name: unknown = constructor.name // which may be anything, where it was defined anew
  return typeof name === 'string' && name !== '' ? name : undefined
}
