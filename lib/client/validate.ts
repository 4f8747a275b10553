import { type Schema, Validator } from '@cfworker/json-schema'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ReceivedEvent } from '../../types/client.js'
import type { EventSchema } from '../../types/event.js'
import type { SchemaObject } from '../schema/json-schema.js'
import { openResource, type Resource } from '../schema/reference.js'
import { embedReferences } from './embed-references.js'
import { EventStreamError } from './event-stream-error.js'

/** Returns what is wrong with a payload, if anything. */
type Check = (data: unknown) => string | undefined | Promise<string | undefined>

/**
 * Makes the option `validate` of schemas: for clients that do not trust the server, or may be older than it. It checks the
 * events that have a schema here, as they arrive, and changes nothing. A schema of TypeBox is read as the JSON Schema that
 * it is, by an interpreter: no code is made of it, so that it works under a strict content security policy.
 *
 * @param schemas by event name. A Standard Schema (Zod, Valibot, ArkType) should describe what is on the wire.
 * @param shared what their `$ref`s refer to by `$id`
 * @throws EventStreamError FST_ERR_SSE_CLIENT_OPTION
 * @example
 * const Price = Type.Object({ symbol: Type.String(), value: Type.Number() })
 * connect<typeof prices>('/prices', { validate: validator({ price: Price }) })
 */
export function validator (
  schemas: Readonly<Record<string, EventSchema>>, shared: readonly object[] = []
): (event: ReceivedEvent) => Promise<void> {
  const resources = new Map(shared.map(openShared))
  const checks = new Map(Object.entries(schemas).map(([name, schema]) => [name, compile(name, schema, id => resources.get(id))]))
  return async ({ event, data }) => {
    const problem = await checks.get(event)?.(data)
    if (problem !== undefined) throw new TypeError(`event '${event}': ${problem}`)
  }
}

function openShared (schema: object): [id: string, Resource] {
  const { $id } = schema as SchemaObject
  if (typeof $id !== 'string') throw new EventStreamError('OPTION', 'a shared schema should have an $id, by which the others refer to it')
  const id = $id.replace(/#$/, '')
  return [id, openResource(id, schema as SchemaObject)]
}

function compile (name: string, schema: unknown, shared: (id: string) => Resource | undefined): Check {
  if (isStandard(schema)) {
    return async data => {
      const { issues } = await schema['~standard'].validate(data)
      return issues?.map(({ path = [], message }) => `${path.map(part => `/${keyOf(part)}`).join('')} ${message}`).join('; ')
    }
  }
  if (typeof schema !== 'object' || schema === null) {
    throw new EventStreamError('OPTION', `the schema of '${name}' should be one of TypeBox, a JSON Schema or a Standard Schema, instead got '${String(schema)}'`)
  }
  const json = new Validator(selfContained(name, schema, shared) as Schema, '7')
  return data => {
    const { valid, errors } = json.validate(data)
    // The last one is about the innermost place.
    return valid ? undefined : errors.slice(-1).map(({ instanceLocation, error }) => `${instanceLocation.slice(1)} ${error}`).join()
  }
}

function selfContained (name: string, schema: object, shared: (id: string) => Resource | undefined): SchemaObject {
  try {
    return embedReferences(schema, shared)
  } catch (cause) {
    throw new EventStreamError('OPTION', `the schema of '${name}' can't be used: ${(cause as Error).message}`, cause)
  }
}

function isStandard (schema: unknown): schema is StandardSchemaV1 {
  return (typeof schema === 'object' || typeof schema === 'function') && schema !== null && '~standard' in schema
}

function keyOf (part: PropertyKey | StandardSchemaV1.PathSegment): string {
  return String(typeof part === 'object' ? part.key : part)
}
