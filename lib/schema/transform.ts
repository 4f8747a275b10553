import { TransformKind } from '@sinclair/typebox'
import type { Bundle } from './bundle.js'
import { dereference, escapePointer, isSchemaObject, mapSubschemas, type Schema, type SchemaObject } from './json-schema.js'
import { read, write } from './property.js'

/** Tells whether a value satisfies the schema that a reference of the bundle names. */
export type Matches = (reference: string) => (value: unknown) => boolean

type Encode = (value: unknown) => unknown

/** A Transform's Encode threw. */
export class TransformFailure {
  readonly pointer: string
  readonly cause: unknown

  constructor (pointer: string, cause: unknown) {
    this.pointer = pointer
    this.cause = cause
  }
}

/**
 * Compiles what encodes the Transforms of a payload: a `Date` becomes a string. The payload itself is left alone.
 *
 * TypeBox's own `TransformEncode` does not serve here: in unions it asks TypeBox's check, which knows no formats, and
 * it gives up as soon as the Encode of one alternative throws.
 *
 * @returns undefined where the schema has no Transforms. Otherwise a function, which may throw TransformFailure.
 */
export function compileTransforms ({ schema: root }: Bundle, matches: Matches): Encode | undefined {
  const references = new Map<string, Encode>()
  return compile(root)

  function compile (schema: Schema | undefined): Encode | undefined {
    if (!isSchemaObject(schema) || !hasTransform(schema, root)) return undefined
    const { $ref, allOf = [], anyOf, oneOf } = schema
    const own = (schema as { [TransformKind]?: { Encode: Encode } })[TransformKind]
    const steps = [
      own && guard(own.Encode),
      $ref === undefined ? undefined : compileReference($ref),
      compileObject(schema),
      compileArray(schema),
      ...allOf.map(compile),
      anyOf && compileUnion(anyOf),
      oneOf && compileUnion(oneOf)
    ].filter(step => step !== undefined)
    return steps.length === 1 ? steps[0] : value => steps.reduce((encoded, step) => step(encoded), value)
  }

  function compileReference (reference: string): Encode {
    const known = references.get(reference)
    if (known !== undefined) return known
    const late: { encode?: Encode | undefined } = {}
    const encode: Encode = value => late.encode === undefined ? value : late.encode(value)
    references.set(reference, encode) // before its schema is compiled, which may be recursive
    late.encode = compile(dereference(root, reference))
    return encode
  }

  function compileObject ({ properties = {}, patternProperties = {}, additionalProperties }: SchemaObject): Encode | undefined {
    const declared = Object.entries(properties).map(([name, schema]) => ({ name, encode: compile(schema) }))
    const patterns = Object.entries(patternProperties).map(([pattern, schema]) => ({ pattern: new RegExp(pattern, 'u'), encode: compile(schema) }))
    const others = compile(additionalProperties)
    const isOpen = others !== undefined || patterns.some(({ encode }) => encode !== undefined)
    if (!isOpen && declared.every(({ encode }) => encode === undefined)) return undefined

    return value => {
      if (!isSchemaObject(value) || typeof value['toJSON'] === 'function') return value
      const encoded = { ...value }
      // All that is declared, since the spread does not copy what a class's getters say.
      for (const { name, encode } of declared) put(encoded, name, read(value, name), encode)
      if (isOpen) encodeOthers(encoded)
      return encoded
    }

    function encodeOthers (encoded: SchemaObject): void {
      for (const name of Object.keys(encoded)) {
        const fitting = patterns.filter(({ pattern }) => pattern.test(name))
        for (const { encode } of fitting) put(encoded, name, encoded[name], encode)
        if (fitting.length === 0 && !Object.hasOwn(properties, name)) put(encoded, name, encoded[name], others)
      }
    }
  }

  function compileArray ({ items, additionalItems }: SchemaObject): Encode | undefined {
    const tuple = Array.isArray(items) ? items.map(compile) : []
    const rest = compile(Array.isArray(items) ? additionalItems : items)
    if (tuple.every(encode => encode === undefined) && rest === undefined) return undefined

    return value => Array.isArray(value)
      ? value.map((item, index) => inside(String(index), item, index < tuple.length ? tuple[index] : rest))
      : value
  }

  /**
   * Takes the first alternative that the encoded value satisfies. Those that the value satisfies as it is come first:
   * an Encode that takes anything, such as `String`, should not take what another alternative means.
   */
  function compileUnion (schemas: Schema[]): Encode {
    const alternatives = schemas.filter(isSchemaObject).map(({ $ref }) => ({
      fits: matches($ref!), encode: compileReference($ref!)
    }))
    return value => {
      let failure: unknown
      for (const { fits, encode } of [...alternatives.filter(({ fits }) => fits(value)), ...alternatives]) {
        try {
          const encoded = encode(value)
          if (fits(encoded)) return encoded
        } catch (error) {
          failure ??= error
        }
      }
      if (failure !== undefined) throw failure
      return value
    }
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

function put (object: object, name: string, value: unknown, encode: Encode | undefined): void {
  if (value !== undefined) write(object, name, inside(name, value, encode))
}

function inside (segment: string, value: unknown, encode: Encode | undefined): unknown {
  if (encode === undefined) return value
  try {
    return encode(value)
  } catch (error) {
    if (!(error instanceof TransformFailure)) throw error
    throw new TransformFailure(`/${escapePointer(segment)}${error.pointer}`, error.cause)
  }
}

function guard (encode: Encode): Encode {
  return value => {
    try {
      return encode(value)
    } catch (cause) {
      throw new TransformFailure('', cause)
    }
  }
}
