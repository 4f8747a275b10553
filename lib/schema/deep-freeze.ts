/**
 * Freezes a value that many will share, as deep as it is made of plain objects and arrays. Instances of classes, such as
 * a `Date`, are left as they are: freezing them would not keep them from changing, or would break them.
 */
export function deepFreeze<Value> (value: Value): Value {
  const found = new Set<unknown>([value])
  for (const one of found) { // a Set also iterates over what is added on the way
    if (!isPlain(one)) continue
    for (const below of Object.values(Object.freeze(one))) {
      if (typeof below === 'object') found.add(below)
    }
  }
  return value
}

function isPlain (value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
