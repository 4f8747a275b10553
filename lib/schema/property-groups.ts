import type { Bundle } from './bundle.js'
import { mapSubschemas, type Schema, type SchemaObject } from './json-schema.js'

export const GROUP_SIZE = 100

/**
 * Has ajv check the properties of a wide object by groups, each a definition. Unless ajv collects all errors, it nests the
 * check of each property in that of the one before, and 3,000 are too deep for the stack. As one function they are
 * also too large for V8 to optimize: check and serialization of 1,000 properties take 2.4 times as long.
 *
 * What fails first stays the same: the object as a whole, then its properties in their order.
 *
 * @example
 * groupProperties({ type: 'object', required, properties: { a, b, … }, definitions: {} })
 * // {
 * //   allOf: [{ type: 'object', required, properties: { a: true, b: true, … } }, { $ref: '#/definitions/group-1' }, …],
 * //   definitions: { 'group-1': { type: 'object', properties: { a, b, … } }, … }
 * // }
 */
export function groupProperties (root: Bundle['schema']): Bundle['schema'] {
  const groups: Record<string, Schema> = {}
  const grouped = copy(root) as Bundle['schema']
  return { ...grouped, definitions: { ...grouped.definitions, ...groups } }

  function copy (schema: SchemaObject): SchemaObject {
    const copied = mapSubschemas(schema, copy)
    const properties = Object.entries(copied.properties ?? {})
    if (properties.length <= GROUP_SIZE) return copied

    const ofDocument = pick(copied, ['$schema', 'definitions'])
    const whole = pick(copied, Object.keys(copied).filter(keyword => !(keyword in ofDocument)))
    const references: SchemaObject[] = []
    for (let start = 0; start < properties.length; start += GROUP_SIZE) {
      references.push(define({
        ...pick(copied, ['type', 'nullable']),
        properties: Object.fromEntries(properties.slice(start, start + GROUP_SIZE))
      }))
    }
    // additionalProperties and others look at the names beside them.
    const names = Object.fromEntries(properties.map(([name]) => [name, true]))
    return { ...ofDocument, allOf: [{ ...whole, properties: names }, ...references] }
  }

  function define (group: SchemaObject): SchemaObject {
    const name = `group-${Object.keys(groups).length + 1}`
    groups[name] = group
    return { $ref: `#/definitions/${name}` }
  }
}

function pick (schema: SchemaObject, keywords: string[]): SchemaObject {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => keywords.includes(keyword)))
}
