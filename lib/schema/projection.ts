import { isDeepStrictEqual } from 'node:util'
import { type Bundle, constantsOf, speaksOfArrays, speaksOfObjects, typesOf } from './bundle.js'
import { dereference, isSchemaObject, type Schema, type SchemaObject } from './json-schema.js'
import { merge, WHOLE } from './merge.js'
import { read, write } from './property.js'
import type { Matches } from './transform.js'

/** Copies the declared part of an object or array. */
type Project = (value: object) => unknown

/**
 * V8 moves the properties of a growing object every few ones: 1,000 take 15 times as long each as ten. From so many on, a
 * hash table, which an object without prototype is from the start, is faster, also to write (Node 20).
 */
const MANY_PROPERTIES = 200

/** A payload does not have the shape of its schema. It can't happen where payloads are checked before. */
export class ShapeMismatch extends Error {
  constructor () {
    super('the payload has another shape than its schema')
  }
}

/**
 * Compiles what copies the declared part of a payload, for schemas that fast-json-stringify does not serve: of a union
 * it takes the first alternative that fits, where another may declare more, and for a function in `Type.Any()` it
 * writes invalid JSON. Declared is what any schema declares that applies to the value: all parts of an intersection,
 * all alternatives of a union that fit. A schema that constrains nothing declares everything, unless an intersection
 * says more.
 *
 * @param checked Whether payloads are known to satisfy the schema.
 * @returns undefined where the schema declares everything. Otherwise a function, which may throw ShapeMismatch.
 */
export function compileProjection (
  { schema: root }: Bundle, matches: Matches, checked: boolean
): ((value: unknown) => unknown) | undefined {
  const references = new Map<string, Project>()
  const project = compile(root)
  return project && (value => apply(project, value))

  /** Undefined for a schema that says nothing about objects and arrays. */
  function compile (schema: Schema | undefined): Project | undefined {
    if (!isSchemaObject(schema)) return undefined
    const { $ref, allOf = [], anyOf, oneOf, dependencies = {} } = schema
    return all([
      compileOwn(schema),
      $ref === undefined ? undefined : compileReference($ref),
      ...allOf.map(compile),
      anyOf && compileUnion(anyOf),
      oneOf && compileUnion(oneOf),
      compileCondition(schema),
      ...Object.entries(dependencies).map(([name, below]) => compileDependency(name, below))
    ])
  }

  function compileOwn (schema: SchemaObject): Project | undefined {
    const constants = constantsOf(schema)
    if (constants !== undefined) {
      return value => checked || constants.some(constant => isDeepStrictEqual(constant, value)) ? WHOLE : mismatch()
    }
    const otherwise = typesOf(schema) === undefined ? undefined : mismatch
    const objects = speaksOfObjects(schema) ? compileObject(schema) : otherwise
    const arrays = speaksOfArrays(schema) ? compileArray(schema) : otherwise
    if (objects === undefined && arrays === undefined) return undefined
    return value => {
      const project = Array.isArray(value) ? arrays : objects
      return project === undefined ? WHOLE : project(value)
    }
  }

  function compileReference (reference: string): Project {
    const known = references.get(reference)
    if (known !== undefined) return known
    const late: { project?: Project | undefined } = {}
    const project: Project = value => late.project === undefined ? WHOLE : late.project(value)
    references.set(reference, project) // before its schema is compiled, which may be recursive
    late.project = compile(dereference(root, reference))
    return project
  }

  function compileObject ({ properties = {}, patternProperties = {}, additionalProperties = false }: SchemaObject): Project {
    const declared = Object.entries(properties).map(([name, schema]) => ({
      name, isEverywhere: name in Object.prototype, project: compile(schema)
    }))
    const patterns = Object.entries(patternProperties).map(([pattern, schema]) => ({ pattern: new RegExp(pattern, 'u'), project: compile(schema) }))
    const others = compile(additionalProperties)
    const isOpen = patterns.length > 0 || additionalProperties !== false
    const isWide = declared.length > MANY_PROPERTIES

    return source => {
      const copy = (isWide ? Object.create(null) : {}) as Record<string, unknown>
      for (const { name, isEverywhere, project } of declared) {
        const value = isEverywhere ? read(source, name) : (source as Record<string, unknown>)[name]
        if (value !== undefined) copy[name] = apply(project, value)
      }
      if (isOpen) copyOthers(source, copy)
      return copy
    }

    function copyOthers (source: object, copy: object): void {
      for (const [name, value] of Object.entries(source)) {
        const parts = patterns.filter(({ pattern }) => pattern.test(name)).map(({ project }) => apply(project, value))
        if (Object.hasOwn(properties, name)) parts.push(read(copy, name))
        else if (parts.length === 0 && additionalProperties !== false) parts.push(apply(others, value))
        if (parts.length > 0) write(copy, name, merge(value, parts))
      }
    }
  }

  function compileArray ({ items, additionalItems }: SchemaObject): Project {
    const tuple = Array.isArray(items) ? items.map(compile) : []
    const rest = compile(Array.isArray(items) ? additionalItems : items)
    return value => {
      const items = value as unknown[]
      const copy: unknown[] = []
      for (let index = 0; index < items.length; index++) {
        copy.push(apply(index < tuple.length ? tuple[index] : rest, items[index]))
      }
      return copy
    }
  }

  function compileUnion (schemas: Schema[]): Project | undefined {
    if (schemas.includes(true)) return undefined
    const alternatives = schemas.filter(isSchemaObject).map(schema => ({ kinds: kindsOf(schema, root), $ref: schema.$ref! }))
      .filter(({ kinds }) => kinds.has('array') || kinds.has('object'))
      .map(({ kinds, $ref }) => ({ kinds, project: compileReference($ref), fits: matches($ref) }))
    return value => {
      const kind = Array.isArray(value) ? 'array' : 'object'
      let fitting = alternatives.filter(({ kinds }) => kinds.has(kind))
      if (!checked || fitting.length > 1) fitting = fitting.filter(({ fits }) => fits(value))
      if (fitting.length === 0) mismatch()
      const parts = fitting.map(({ project }) => project(value))
      return parts.includes(WHOLE) ? WHOLE : merge(value, parts)
    }
  }

  function compileCondition ({ if: condition, then, else: otherwise }: SchemaObject): Project | undefined {
    if (condition === undefined) return undefined
    const fits = isSchemaObject(condition) ? matches(condition.$ref!) : () => condition
    const yes = all([compile(condition), compile(then)])
    const no = compile(otherwise)
    return value => (fits(value) ? yes : no)?.(value) ?? WHOLE
  }

  function compileDependency (name: string, schema: Schema | string[]): Project | undefined {
    const project = Array.isArray(schema) ? undefined : compile(schema)
    return project && (value => read(value, name) === undefined ? WHOLE : project(value))
  }
}

function apply (project: Project | undefined, value: unknown): unknown {
  if (project === undefined || typeof value !== 'object' || value === null) return value
  const projected = project(value)
  return projected === WHOLE ? value : projected
}

/** Merges what several schemas declare of the same value. One that says nothing leaves it to the others. */
function all (projects: Array<Project | undefined>): Project | undefined {
  const [first, ...others] = projects.filter(project => project !== undefined)
  if (first === undefined || others.length === 0) return first
  return value => merge(value, [first, ...others].map(project => project(value)).filter(part => part !== WHOLE))
}

/** Which of the two, objects or arrays, a schema may allow. */
function kindsOf (schema: Schema, root: Bundle['schema']): Set<string> {
  const unknown = new Set(['array', 'object'])
  if (!isSchemaObject(schema)) return unknown
  const types = typesOf(schema) ?? constantsOf(schema)?.map(constant => Array.isArray(constant) ? 'array' : typeof constant)
  if (types !== undefined) return new Set(types)
  return schema.$ref === undefined ? unknown : kindsOf(dereference(root, schema.$ref), root)
}

function mismatch (): never {
  throw new ShapeMismatch()
}
