import { TransformKind } from '@sinclair/typebox'
import { Definitions } from './definitions.js'
import { isSchemaObject, mapSubschemas, type Schema, type SchemaObject } from './json-schema.js'
import { describePlace, openResource, type Place, resolveRef, type Resource } from './reference.js'
import { refinementsOf, transformName, transformOf, typeBoxKind } from './typebox.js'

/** The keyword on every schema of an object; see {@link bundle}. */
export const PLAIN_KEYWORD = 'x-plain-object'

/** The keyword for the conditions of `Type.Refine()`, which are functions. */
export const REFINE_KEYWORD = 'x-refinements'

/** An event's schema that needs nothing from outside. */
export interface Bundle {
  /** Its references are `#` and `#/definitions/…`; Transforms are under `TransformKind`. */
  readonly schema: SchemaObject & { readonly definitions: Record<string, Schema> }
  /** All property names it declares. */
  readonly names: ReadonlySet<string>
}

export interface Surroundings {
  sharedSchemas: Record<string, unknown>
  isKeyword: (name: string) => boolean
  isFormat: (name: string) => boolean
}

const JSON_TYPES = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'])
const NO_CONSTRAINTS = new Set(['Any', 'Unknown', 'Unsafe'])
const ANNOTATIONS = /^(?:title|description|default|examples?|deprecated|readOnly|writeOnly|externalDocs|xml|discriminator|\$comment|x-.*)$/
const OPENAPI_ONLY = /^(?:example|externalDocs|xml|discriminator|x-.*)$/
const OBJECT_KEYWORDS = ['properties', 'patternProperties', 'additionalProperties', 'required', 'minProperties', 'maxProperties', 'propertyNames', 'dependencies']
const ARRAY_KEYWORDS = ['items', 'additionalItems', 'contains', 'minItems', 'maxItems', 'uniqueItems']

const ADVICE: Record<string, string> = {
  Date: 'use {Transform} over a string',
  bigint: 'use {Transform} over a string',
  Uint8Array: 'use {Transform} over a string',
  RegExp: 'use Type.String({ pattern })',
  undefined: 'use Type.Optional',
  void: 'use Type.Null'
}

/**
 * Copies an event's schema, with all that it refers to, into one document without $ids.
 *
 * ajv can't do with TypeBox's $ids: it refuses one that occurs twice, and keeps them for the whole instance, so that
 * the schemas of two streams would get mixed up. Definitions that nothing refers to are left out, the alternatives of
 * a union become definitions of their own, so that each can be checked alone, and objects get PLAIN_KEYWORD, since a
 * serializer would call a `toJSON` whose result nobody has checked.
 *
 * @throws Error that names the place in the schema.
 */
export function bundle (schema: object, { sharedSchemas, isKeyword, isFormat }: Surroundings): Bundle {
  const definitions = new Definitions(copy)
  const names = new Set<string>()
  const opened = new Map<string, Resource>()

  const root = copy(openResource('', schema as SchemaObject).root) as SchemaObject
  return { schema: { ...root, definitions: definitions.schemas }, names }

  function copy (place: Place): Schema {
    const schema = place.schema
    if (!isSchemaObject(schema)) return schema
    checkNode(schema, place)
    for (const name of [...Object.keys(schema.properties ?? {}), ...schema.required ?? []]) names.add(name)

    const keywords = Object.fromEntries(Object.entries(schema).filter(([key]) => isKept(key)))
    const copied = mapSubschemas(keywords, (below, at) => {
      const inner = { resource: place.resource, pointer: place.pointer + at, schema: below }
      return /^\/(?:anyOf|oneOf|if)(?:\/|$)/.test(at) ? define(inner, below) : copy(inner)
    })
    if (schema.$ref !== undefined) copied.$ref = definitions.refer(target(schema.$ref, place))
    Object.assign(copied, marksOf(schema))
    // A literal needs no type, and 'should be "circle"' says more than 'should be string'.
    const typeOfLiteral: string = typeof copied.const
    if (copied.type === typeOfLiteral) delete copied.type
    if (speaksOfObjects(copied)) copied[PLAIN_KEYWORD] = true
    return copied
  }

  function isKept (key: string): boolean {
    return !['$id', '$defs', 'definitions'].includes(key) && (!OPENAPI_ONLY.test(key) || isKeyword(key))
  }

  function define (place: Place, schema: SchemaObject): Schema {
    const isMarked = Reflect.ownKeys(marksOf(schema)).length > 0
    const isReference = schema.$ref !== undefined && !isMarked && Object.keys(schema).filter(isKept).length === 1
    return isReference ? copy(place) : { $ref: definitions.refer(place) }
  }

  function target (ref: string, from: Place): Place {
    const seen = new Set<Schema>()
    let place: Place | undefined = from
    while (place !== undefined && isSchemaObject(place.schema) && place.schema.$ref !== undefined) {
      if (seen.has(place.schema)) throw problem(from, `refers to itself by the $ref '${ref}'`)
      seen.add(place.schema)
      place = resolveRef(place.schema.$ref, place, shared)
    }
    const found = resolveRef(ref, from, shared)
    if (place === undefined || found === undefined) {
      throw problem(from, `has the $ref '${ref}', which can't be resolved; share that schema by addSchema(), or embed it`)
    }
    return found
  }

  function shared (id: string): Resource | undefined {
    const schema = sharedSchemas[id] ?? sharedSchemas[`${id}#`]
    if (!isSchemaObject(schema)) return undefined
    if (!opened.has(id)) opened.set(id, openResource(id, schema))
    return opened.get(id)
  }

  function checkNode (schema: SchemaObject, place: Place): void {
    for (const type of typesOf(schema) ?? []) {
      if (!JSON_TYPES.has(type)) throw problem(place, `has the type '${type}', which JSON does not have; ${(ADVICE[type] ?? 'leave it out').replace('{Transform}', transformName(schema))}`)
    }
    const kind = typeBoxKind(schema)
    if (kind !== undefined && !NO_CONSTRAINTS.has(kind) && Object.keys(schema).every(key => key === '$id' || ANNOTATIONS.test(key))) {
      throw problem(place, `is of TypeBox's kind '${kind}', which can't be checked as JSON Schema`)
    }
    const format = schema['format']
    if (typeof format === 'string' && !isFormat(format)) {
      throw problem(place, `has the format '${format}', which is unknown; add it to the server's ajv option`)
    }
    if (schema['$async'] === true) throw problem(place, "is asynchronous ($async), but events can't wait for their check")
    for (const name of Object.keys(schema.properties ?? {})) {
      if (name === '__proto__' || /\p{Surrogate}/u.test(name)) {
        throw problem(place, `declares the property ${JSON.stringify(name)}, which can't be checked`)
      }
    }
  }
}

/** What a schema holds beside its keywords. */
function marksOf (schema: SchemaObject): object {
  const transform = transformOf(schema)
  const refinements = refinementsOf(schema)
  return { ...transform && { [TransformKind]: transform }, ...refinements && { [REFINE_KEYWORD]: refinements } }
}

/** The types that a schema names, if it names any. */
export function typesOf ({ type, nullable }: SchemaObject): string[] | undefined {
  if (type === undefined) return undefined
  const types = Array.isArray(type) ? type : [type]
  return nullable === true ? [...types, 'null'] : types
}

/** The values that a schema names, if it allows no others. With ajv's `$data` there may be none to name. */
export function constantsOf (schema: SchemaObject): unknown[] | undefined {
  if ('const' in schema) return [schema.const]
  return Array.isArray(schema.enum) ? schema.enum : undefined
}

/** Whether a schema says what an object should look like. */
export function speaksOfObjects (schema: SchemaObject): boolean {
  return typesOf(schema)?.includes('object') ?? OBJECT_KEYWORDS.some(keyword => keyword in schema)
}

/** Whether a schema says what an array should look like. */
export function speaksOfArrays (schema: SchemaObject): boolean {
  return typesOf(schema)?.includes('array') ?? ARRAY_KEYWORDS.some(keyword => keyword in schema)
}

function problem (place: Place, text: string): Error {
  return new Error(`${describePlace(place)} ${text}`)
}
