import { isSchemaObject, mapSubschemas, type Schema, type SchemaObject, unescapePointer } from './json-schema.js'

/** A document of its own: an event's schema, or one that `app.addSchema` shares. */
export interface Resource {
  /** The $id of a shared schema; empty for the event's own. */
  readonly name: string
  readonly root: Place
  /** Every place that has an $id, in the order of the document. */
  readonly identified: Place[]
}

/** A schema and where it stands. Two places may have the same schema, as when a constant is used twice. */
export interface Place {
  readonly resource: Resource
  readonly pointer: string
  readonly schema: Schema
}

/** Finds what has an $id, down to the last definition. */
export function openResource (name: string, schema: SchemaObject): Resource {
  const identified: Place[] = []
  const resource: Resource = { name, identified, root: { get resource () { return resource }, pointer: '', schema } }
  collect(schema, '')
  return resource

  function collect (schema: SchemaObject, pointer: string): SchemaObject {
    if (typeof schema['$id'] === 'string') identified.push({ resource, pointer, schema })
    return mapSubschemas(schema, (below, at) => collect(below, pointer + at))
  }
}

/**
 * Finds what a `$ref` means where it stands. TypeBox repeats an $id wherever its schema is used, and numbers the
 * $ids of recursive schemas, so the same $id may be found many times: the nearest counts, if they differ.
 *
 * @param shared finds a schema shared by `app.addSchema`.
 * @returns undefined where nothing has that name.
 */
export function resolveRef (
  ref: string, from: Place, shared: (id: string) => Resource | undefined
): Place | undefined {
  const hash = ref.indexOf('#')
  const id = hash === -1 ? ref : ref.slice(0, hash)
  const fragment = hash === -1 ? '' : decodeURIComponent(ref.slice(hash + 1))

  const base = id === '' ? enclosing(from) : nearest(id, from) ?? shared(id)?.root
  if (base === undefined || fragment === '') return base
  if (fragment.startsWith('/')) return descend(base, fragment)
  return nearest(`#${fragment}`, base)
}

/** The schema that a fragment without $id refers into: the innermost one around it that has an $id, or the root. */
function enclosing ({ resource, pointer }: Place): Place {
  const around = resource.identified.filter(place =>
    !idOf(place).startsWith('#') && `${pointer}/`.startsWith(`${place.pointer}/`))
  return around.at(-1) ?? resource.root
}

function nearest (id: string, from: Place): Place | undefined {
  const named = from.resource.identified.filter(place => idOf(place) === id)
  const closest = Math.max(...named.map(place => commonSegments(place.pointer, from.pointer)))
  const [first, ...others] = named.filter(place => commonSegments(place.pointer, from.pointer) === closest)
  if (others.some(other => JSON.stringify(other.schema) !== JSON.stringify(first?.schema))) {
    throw new Error(`the $ref '${id}' at ${describePlace(from)} is ambiguous: different schemas have that $id`)
  }
  return first
}

function descend (base: Place, fragment: string): Place | undefined {
  let schema: unknown = base.schema
  for (const segment of fragment.slice(1).split('/').map(unescapePointer)) {
    schema = Object.getOwnPropertyDescriptor(Object(schema), segment)?.value
  }
  if (typeof schema !== 'boolean' && !isSchemaObject(schema)) return undefined
  return { resource: base.resource, pointer: base.pointer + fragment, schema }
}

/** A place as an error names it: `#/properties/at`, or `shared#/properties/at`. */
export function describePlace ({ resource, pointer }: Place): string {
  return `${resource.name}#${pointer}`
}

function idOf ({ schema }: Place): string {
  return ((schema as SchemaObject)['$id'] as string).replace(/#$/, '')
}

function commonSegments (one: string, other: string): number {
  const [a, b] = [one.split('/'), other.split('/')]
  const end = a.findIndex((segment, index) => segment !== b[index])
  return end === -1 ? a.length : end
}
