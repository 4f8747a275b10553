import type { StandardSchemaV1 } from '@standard-schema/spec'
import { describe } from '../describe.js'
import { mapSubschemas, type SchemaObject } from './json-schema.js'
import { DROPPING, FOREIGN_KEYWORD, UNTOLD_KEYWORD } from './library-options.js'
import { standardJsonSchema } from './standard-json-schema.js'

const SPEAKING = [
  '$ref', 'type', 'const', 'enum', 'properties', 'patternProperties', 'additionalProperties', 'items', 'allOf', 'anyOf', 'oneOf', FOREIGN_KEYWORD
]

/** Any definition, for {@link place}. */
const DEFINITION = '#/definitions/*'

/**
 * The JSON Schema of what a library makes of a payload, by which is dropped what the schema does not declare. Undefined
 * where the library gives none, and drops that itself.
 *
 * ArkType keeps what is not declared, and nothing is known of other libraries. A morph without a declared result, such as
 * `type({ name: 'string' }).pipe(user => ({ ...user, at: 1 }))`, leaves its part of the JSON Schema open, and all that
 * the payload brings along would get through.
 *
 * @throws Error that names the place in the schema.
 */
export function outputSchema (schema: StandardSchemaV1): SchemaObject | undefined {
  const { vendor } = schema['~standard']
  let failure = ''
  const output = standardJsonSchema(schema, 'output', cause => { failure = `; it said '${cause instanceof Error ? cause.message : describe(cause)}'` })
  if (DROPPING.has(vendor)) return output
  if (output === undefined) {
    throw new Error(`# needs a JSON Schema, by which to drop what it does not declare, and '${vendor}' gives none by '~standard'.jsonSchema (ArkType does from 2.1.28 on)${failure}`)
  }
  refuseOpen(output, standardJsonSchema(schema, 'input'))
  return output
}

/**
 * Refuses a part that is open where objects or arrays come in, which may bring along what nobody has declared.
 *
 * @param input Where it is not known, anything may come in anywhere, as by a reference.
 */
function refuseOpen (output: SchemaObject, input: SchemaObject = { $ref: '#' }): void {
  const holders = new Set<string>()
  const references: string[] = []
  visit(input, '#', (part, pointer) => {
    const { type, $ref } = part
    if (isOpen(part, input) || ($ref === undefined && type !== 'object' && type !== 'array')) return
    holders.add(place(pointer))
    if ($ref !== undefined) references.push(`${place(pointer)}/`)
  })

  visit(output, '#', (part, pointer) => {
    if (UNTOLD_KEYWORD in part) {
      throw new Error(`${pointer} is ${String(part[UNTOLD_KEYWORD])}, of which JSON Schema can't say what it declares; declare it in another way`)
    }
    const open = isOpen(part, output) ? pointer : part.type === 'array' && part.items === undefined ? `${pointer}/items` : undefined
    if (open !== undefined && isFilled(place(open))) {
      throw new Error(`${open} is open, though what comes in there is not, and may bring along what nobody has declared; say what is made of it, as by ArkType's .to() after .pipe()`)
    }
  })

  function isFilled (open: string): boolean {
    if (open === DEFINITION) return false // it is looked at where it is referred to
    if (holders.has(open)) return true
    return !open.startsWith(DEFINITION) && references.some(reference => open.startsWith(reference))
  }
}

function visit (schema: SchemaObject, pointer: string, look: (part: SchemaObject, pointer: string) => void): SchemaObject {
  look(schema, pointer)
  return mapSubschemas(schema, (below, at) => visit(below, pointer + at, look))
}

/** Whether a schema says nothing. ArkType has a definition also for that. */
function isOpen (schema: SchemaObject, root: SchemaObject): boolean {
  const name = schema.$ref?.replace(/^#\/(?:definitions|\$defs)\//, '')
  const { definitions, $defs } = root as { definitions?: Record<string, object>, $defs?: Record<string, object> }
  const meant = name === undefined ? schema : { ...definitions, ...$defs }[name] ?? schema
  return !SPEAKING.some(keyword => keyword in meant)
}

/**
 * A place in the payload, whichever alternative it is of: the two sides may order these differently. They name their
 * definitions differently too.
 */
function place (pointer: string): string {
  return pointer.replace(/\/(?:allOf|anyOf|oneOf)\/\d+/g, '').replace(/^#\/(?:definitions|\$defs)\/[^/]+/, DEFINITION)
}
