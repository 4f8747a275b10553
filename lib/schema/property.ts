/**
 * Reads a property that a schema declares: its own one, or that of a getter of its class, but not `constructor` and
 * the like, which every object has.
 */
export function read (object: object, name: string): unknown {
  if (name in Object.prototype && !Object.hasOwn(object, name)) return undefined
  return (object as Record<string, unknown>)[name]
}

/** Sets a property, also one named `__proto__`, which an assignment would take for the prototype. */
export function write (object: object, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true })
  else (object as Record<string, unknown>)[name] = value
}
