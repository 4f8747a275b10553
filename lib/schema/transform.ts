import { TransformKind } from '@sinclair/typebox'
import { type Convert, decodeFirst, encodeFirst } from './alternatives.js'
import type { Bundle } from './bundle.js'
import { dereference, escapePointer, isSchemaObject, mapSubschemas, type Schema, type SchemaObject } from './json-schema.js'
import { read, write } from './property.js'

/** Tells whether a value satisfies the schema that a reference of the bundle names. */
export type Matches = (reference: string) => (value: unknown) => boolean

/** Towards the wire, or back from it. */
type Direction = 'Encode' | 'Decode'

/** A Transform's Encode or Decode threw. */
export class TransformFailure {
  readonly pointer: string
  readonly cause: unknown

  constructor (pointer: string, cause: unknown) {
    this.pointer = pointer
    this.cause = cause
  }
}

/**
 * Compiles what encodes the Transforms of a payload, a `Date` becomes a string, or what decodes them again. The value
 * that it is given is left alone.
 *
 * TypeBox's own `TransformEncode` and `TransformDecode` do not serve here: in unions they ask TypeBox's check, which
 * knows no formats, and the first gives up as soon as the Encode of one alternative throws.
 *
 * @returns undefined where the schema has no Transforms. Otherwise a function, which may throw TransformFailure.
 */
export function compileTransforms ({ schema: root }: Bundle, matches: Matches, direction: Direction): Convert | undefined {
  const references = new Map<string, Convert>()
  return compile(root)

  function compile (schema: Schema | undefined): Convert | undefined {
    if (!isSchemaObject(schema) || !hasTransform(schema, root)) return undefined
    const { $ref, allOf = [], anyOf, oneOf } = schema
    const own = (schema as { [TransformKind]?: Record<Direction, Convert> })[TransformKind]
    return chain([
      own && guard(own[direction]),
      $ref === undefined ? undefined : compileReference($ref),
      compileObject(schema),
      compileArray(schema),
      ...allOf.map(compile),
      anyOf && compileUnion(anyOf),
      oneOf && compileUnion(oneOf)
    ])
  }

  /** Puts together what encodes one value from the outside in; it is decoded from the inside out. */
  function chain (conversions: Array<Convert | undefined>): Convert | undefined {
    const steps = inOrder(conversions.filter(step => step !== undefined))
    return steps.length < 2 ? steps[0] : value => steps.reduce((converted, step) => step(converted), value)
  }

  function inOrder<Step> (steps: Step[]): Step[] {
    return direction === 'Encode' ? steps : steps.reverse()
  }

  function compileReference (reference: string): Convert {
    const known = references.get(reference)
    if (known !== undefined) return known
    const late: { convert?: Convert | undefined } = {}
    const convert: Convert = value => late.convert === undefined ? value : late.convert(value)
    references.set(reference, convert) // before its schema is compiled, which may be recursive
    late.convert = compile(dereference(root, reference))
    return convert
  }

  function compileObject ({ properties = {}, patternProperties = {}, additionalProperties }: SchemaObject): Convert | undefined {
    const patterns = Object.entries(patternProperties).map(([pattern, schema]) => ({ pattern: new RegExp(pattern, 'u'), convert: compile(schema) }))
    const fitting = (name: string): typeof patterns => patterns.filter(({ pattern }) => pattern.test(name))
    const declared = Object.entries(properties).map(([name, schema]) => ({
      name, convert: chain([compile(schema), ...fitting(name).map(({ convert }) => convert)])
    }))
    const others = compile(additionalProperties)
    const isOpen = others !== undefined || patterns.some(({ convert }) => convert !== undefined)
    if (!isOpen && declared.every(({ convert }) => convert === undefined)) return undefined

    return value => {
      if (!isSchemaObject(value) || typeof value['toJSON'] === 'function') return value
      const converted = { ...value }
      // All that is declared, since the spread does not copy what a class's getters say.
      for (const { name, convert } of declared) put(converted, name, read(value, name), convert)
      if (isOpen) convertOthers(converted)
      return converted
    }

    function convertOthers (converted: SchemaObject): void {
      for (const name of Object.keys(converted)) {
        if (Object.hasOwn(properties, name)) continue
        const found = inOrder(fitting(name))
        for (const { convert } of found) put(converted, name, converted[name], convert)
        if (found.length === 0) put(converted, name, converted[name], others)
      }
    }
  }

  function compileArray ({ items, additionalItems }: SchemaObject): Convert | undefined {
    const tuple = Array.isArray(items) ? items.map(compile) : []
    const rest = compile(Array.isArray(items) ? additionalItems : items)
    if (tuple.every(convert => convert === undefined) && rest === undefined) return undefined

    return value => Array.isArray(value)
      ? value.map((item, index) => inside(String(index), item, index < tuple.length ? tuple[index] : rest))
      : value
  }

  function compileUnion (schemas: Schema[]): Convert {
    const alternatives = schemas.filter(isSchemaObject).map(({ $ref }) => ({
      fits: matches($ref!), convert: compileReference($ref!)
    }))
    return direction === 'Encode' ? encodeFirst(alternatives) : decodeFirst(alternatives)
  }
}

function hasTransform (schema: Schema, root: Bundle['schema'], seen = new Set<Schema>()): boolean {
  if (!isSchemaObject(schema) || seen.has(schema)) return false
  seen.add(schema)
  if (TransformKind in schema) return true
  if (schema.$ref !== undefined && hasTransform(dereference(root, schema.$ref), root, seen)) return true
  let found = false
  mapSubschemas({ ...schema, definitions: {} }, below => {
    found ||= hasTransform(below, root, seen)
    return below
  })
  return found
}

function put (object: object, name: string, value: unknown, convert: Convert | undefined): void {
  if (value !== undefined) write(object, name, inside(name, value, convert))
}

function inside (segment: string, value: unknown, convert: Convert | undefined): unknown {
  if (convert === undefined) return value
  try {
    return convert(value)
  } catch (error) {
    if (!(error instanceof TransformFailure)) throw error
    throw new TransformFailure(`/${escapePointer(segment)}${error.pointer}`, error.cause)
  }
}

function guard (convert: Convert): Convert {
  return value => {
    try {
      return convert(value)
    } catch (cause) {
      throw new TransformFailure('', cause)
    }
  }
}
