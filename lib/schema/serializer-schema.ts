import { type Bundle, constantsOf, typesOf } from './bundle.js'
import { dereference, isSchemaObject, type Schema, type SchemaObject } from './json-schema.js'

/** What a schema allows: primitive types, and at most one kind of object or array. */
interface Shape {
  primitives: string[]
  container?: SchemaObject
}

/** References are inlined, which could make a schema grow without end by what is referred to more than once. */
const MAX_COPIES = 1_000

/** Keywords that make several schemas speak of one value; `$ref`, `anyOf` and `oneOf` do so only beside others. */
const COMBINING = ['allOf', 'if', 'dependencies', 'patternProperties']
const SHAPING = ['type', 'const', 'enum', 'properties', 'additionalProperties', 'items', '$ref', 'anyOf', 'oneOf']

/**
 * Finds the schema by which fast-json-stringify writes an event, if it writes it right: objects, arrays and
 * primitives, unions where the type of a value tells its schema. Formats are left out, since it converts values by
 * them, and so are defaults, which it would add.
 *
 * @returns undefined for all else; see compileProjection.
 */
export function serializerSchema ({ schema: root }: Bundle): SchemaObject | undefined {
  const path: Schema[] = []
  const met = new Set<Schema>()
  let copies = 0
  return write(convert(root))

  function convert (schema: Schema | undefined): Shape | undefined {
    if (!isSchemaObject(schema) || path.includes(schema)) return undefined
    if (met.has(schema) && ++copies > MAX_COPIES) return undefined
    met.add(schema)
    path.push(schema)
    const shape = convertObject(schema)
    path.pop()
    return shape
  }

  function convertObject (schema: SchemaObject): Shape | undefined {
    if (COMBINING.some(keyword => keyword in schema)) return undefined
    const { $ref, anyOf, oneOf } = schema
    const alternatives = $ref === undefined ? anyOf ?? oneOf : [dereference(root, $ref)]
    if (alternatives !== undefined) {
      return SHAPING.filter(keyword => keyword in schema).length === 1 ? unite(alternatives.map(convert)) : undefined
    }
    const constants = constantsOf(schema)
    return constants === undefined ? convertTypes(schema) : unite(constants.map(shapeOfConstant))
  }

  function convertTypes (schema: SchemaObject): Shape | undefined {
    const shapes = typesOf(schema)?.map(type => {
      if (type === 'object') return shapeOf(convertProperties(schema))
      if (type === 'array') return shapeOf(convertItems(schema))
      return { primitives: [type] }
    })
    return shapes && unite(shapes)
  }

  function convertProperties ({ properties = {}, required = [], additionalProperties = false }: SchemaObject): SchemaObject | undefined {
    const converted = Object.entries(properties).map(([name, schema]) => [name, write(convert(schema))] as const)
    // Every object has a `constructor`: fast-json-stringify would write it.
    if (converted.some(([name, schema]) => schema === undefined || name in Object.prototype)) return undefined
    const others = additionalProperties !== false && write(convert(additionalProperties))
    if (others === undefined) return undefined
    return {
      type: 'object',
      properties: Object.fromEntries(converted) as Record<string, SchemaObject>,
      required: required.filter(name => Object.hasOwn(properties, name)),
      additionalProperties: others
    }
  }

  function convertItems ({ items }: SchemaObject): SchemaObject | undefined {
    const converted = Array.isArray(items) ? undefined : write(convert(items))
    return converted && { type: 'array', items: converted }
  }
}

function unite (shapes: Array<Shape | undefined>): Shape | undefined {
  const containers = shapes.filter(shape => shape?.container !== undefined)
  if (shapes.includes(undefined) || containers.length > 1) return undefined
  return { ...containers[0], primitives: [...new Set(shapes.flatMap(shape => shape!.primitives))] }
}

function write (shape: Shape | undefined): SchemaObject | undefined {
  if (shape === undefined) return undefined
  const nullable = shape.primitives.includes('null')
  const [first, ...others] = shape.primitives.filter(type => type !== 'null')
  if (shape.container !== undefined) return first === undefined ? { ...shape.container, nullable } : undefined
  if (first === undefined) return { type: 'null' }
  return { type: others.length === 0 ? first : [first, ...others], nullable }
}

function shapeOf (container: SchemaObject | undefined): Shape | undefined {
  return container && { primitives: [], container }
}

function shapeOfConstant (value: unknown): Shape | undefined {
  if (value === null) return { primitives: ['null'] }
  return typeof value === 'object' ? undefined : { primitives: [typeof value] }
}
