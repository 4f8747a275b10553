import { Definitions } from '../schema/definitions.js'
import { isSchemaObject, mapSubschemas, type Schema, type SchemaObject } from '../schema/json-schema.js'
import { describePlace, openResource, type Place, resolveRef, type Resource } from '../schema/reference.js'

/**
 * Copies a schema, with all that it refers to, into one document without $ids.
 *
 * An interpreter of JSON Schema refuses an $id that occurs twice, and TypeBox repeats one wherever its schema is used. What
 * the interpreter does not know, but the server's validator does, is said otherwise: `nullable`, and keywords beside a `$ref`.
 *
 * @param shared finds a schema outside by its $id
 * @throws Error that names the `$ref` that nothing answers
 */
export function embedReferences (schema: object, shared: (id: string) => Resource | undefined): SchemaObject {
  const definitions = new Definitions(copy)
  const root = copy(openResource('', schema as SchemaObject).root) as SchemaObject
  return { ...root, definitions: definitions.schemas }

  function copy (place: Place): Schema {
    const { schema, resource, pointer } = place
    if (!isSchemaObject(schema)) return schema
    const { $id, $defs, definitions: _definitions, nullable, $ref, ...keywords } = schema
    const copied = mapSubschemas(keywords, (below, at) => copy({ resource, pointer: pointer + at, schema: below }))
    if (nullable === true && copied.type !== undefined) copied.type = [copied.type, 'null'].flat()
    if ($ref === undefined) return copied
    const reference = { $ref: definitions.refer(target($ref, place)) }
    return Object.keys(copied).length === 0 ? reference : { allOf: [copied, reference] }
  }

  function target (ref: string, from: Place): Place {
    const found = resolveRef(ref, from, shared)
    if (found === undefined) throw new Error(`${describePlace(from)} has the $ref '${ref}', which is neither in it nor among those that are shared`)
    return found
  }
}
