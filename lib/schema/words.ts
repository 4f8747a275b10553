/** A schema has some hundred parts; nobody should wait for one that has a database within. */
const MAX_PARTS = 10_000

/**
 * All words that stand in a schema: property names and strings, as deep as it goes. A message may show these, whatever
 * library made the schema, since no payload has brought them in.
 */
export function wordsOf (schema: object): ReadonlySet<string> {
  const words = new Set<string>()
  const parts = new Set<object>([schema])
  for (const part of parts) { // a Set also iterates over what is added on the way
    if (parts.size > MAX_PARTS) break
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(part))) { // calls no getter
      words.add(name)
      if (typeof value === 'string') words.add(value)
      else if (typeof value === 'object' && value !== null) parts.add(value)
    }
  }
  return words
}
