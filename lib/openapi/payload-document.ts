import { isSchemaObject, mapSubschemas, type Schema, type SchemaObject } from '../schema/json-schema.js'
import { isRawText } from '../schema/media-type.js'
import { openResource, type Place, resolveRef, type Resource } from '../schema/reference.js'
import type { Components } from './components.js'
import { toDialect } from './dialect.js'
import type { Form } from './form.js'

/** What is written anew. */
const STRUCTURE = new Set(['$ref', '$id', '$schema', '$defs', 'definitions'])

/** Where the schemas of payloads are written to. */
export interface Surroundings {
  readonly form: Form
  /** Schemas shared by `app.addSchema`, by $id: swagger makes components of them. */
  readonly sharedSchemas: Record<string, unknown>
  /** The names of the document's other components. */
  readonly components: Components
  /** Collects those components, by $id. */
  readonly definitions: Map<string, Schema>
}

/** A payload's schema as a document has it. */
export interface PayloadDocument {
  readonly schema: Schema
  /** Raw text rather than JSON. */
  readonly isText: boolean
}

/**
 * Copies a payload's schema for a document. What has an $id or is referred to becomes a component of its own, so that
 * recursive schemas can be written, and what two events share is written once.
 *
 * @param event Names what has no name.
 */
export function documentPayload (schema: SchemaObject, event: string, surroundings: Surroundings): PayloadDocument {
  const { form, sharedSchemas, components, definitions } = surroundings
  const opened = new Map<string, Resource>()
  const { root } = openResource('', schema)
  const text = textAt(root)
  if (text !== undefined) return { schema: copyHere(text), isText: true }
  let ofRoot: SchemaObject | undefined
  const copied = copy(root)
  return { schema: ofRoot ?? copied, isText: false }

  function copy (place: Place): Schema {
    const id = nameOf(place.schema)
    return id === undefined ? copyHere(place) : define(place, id)
  }

  function copyHere ({ resource, pointer, schema }: Place): Schema {
    if (!isSchemaObject(schema)) return schema
    const keywords = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !STRUCTURE.has(keyword)))
    const copied = toDialect(mapSubschemas(keywords, (below, at) => copy({ resource, pointer: pointer + at, schema: below })), form)
    if (schema.$ref === undefined) return copied
    const reference = refer(schema.$ref, { resource, pointer, schema })
    // Swagger drops what stands beside a $ref.
    return Object.keys(copied).length === 0 ? reference : { ...copied, allOf: [reference, ...copied.allOf ?? []] }
  }

  function refer (ref: string, from: Place): Schema {
    const target = resolveRef(ref, from, shared)
    if (target === undefined) return {} // who can check such a payload knows more of it than a document can
    const { resource, pointer, schema } = target
    if (resource.name !== '') return { $ref: `${resource.name}#${pointer}` }
    return define(target, nameOf(schema) ?? (pointer.split('/').at(-1) || event))
  }

  function define (place: Place, wanted: string): SchemaObject {
    if (JSON.stringify(sharedSchemas[wanted]) === JSON.stringify(place.schema)) return { $ref: `${wanted}#` }
    const name = components.name(place, wanted.replace(/[^\w.:/-]/g, '-'), sharedSchemas)
    if (!definitions.has(name)) {
      definitions.set(name, true) // before it is copied, which may be recursive
      const copied = copyHere(place)
      // Swagger would give it the new name as a title.
      const title = name !== wanted && { title: wanted }
      definitions.set(name, { $id: name, ...title, ...isSchemaObject(copied) ? copied : copied ? {} : { not: {} } })
    }
    const reference = { $ref: `${name}#` }
    if (place.pointer === '') ofRoot = reference
    return reference
  }

  /** The string that is written as it is, if the payload is one. */
  function textAt (place: Place | undefined): Place | undefined {
    if (place === undefined || !isSchemaObject(place.schema)) return undefined
    const { $ref, type, contentMediaType } = place.schema
    if ($ref !== undefined && type === undefined) return textAt(resolveRef($ref, place, shared))
    return type === 'string' && isRawText(contentMediaType) ? place : undefined
  }

  function shared (id: string): Resource | undefined {
    const schema = sharedSchemas[id] ?? sharedSchemas[`${id}#`]
    if (!isSchemaObject(schema)) return undefined
    if (!opened.has(id)) opened.set(id, openResource(id, schema))
    return opened.get(id)
  }
}

/** The $id of a schema, but for one that only names a place in another. */
function nameOf (schema: Schema): string | undefined {
  const id = isSchemaObject(schema) ? schema['$id'] : undefined
  return typeof id === 'string' && /^[^#]+#?$/.test(id) ? id.replace('#', '') : undefined
}
