import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { EventSchema } from '../../types/event.js'
import { describe } from '../describe.js'
import { typeBoxKind } from './typebox.js'

/** Whether a schema is of a library that keeps the Standard Schema, such as Zod, Valibot or ArkType. All others are JSON Schema. */
export function isStandardSchema (schema: EventSchema): schema is StandardSchemaV1 {
  return '~standard' in schema
}

/**
 * What is wrong with a value that should be the schema of a payload, for the end of a sentence. Instances of classes that
 * nothing marks as a schema are refused, since they would pass for a JSON Schema that allows everything.
 *
 * @see https://standardschema.dev
 */
export function schemaFault (value: unknown): string | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return `instead got '${describe(value)}'`
  const { '~standard': standard } = value as { '~standard'?: Partial<StandardSchemaV1.Props> | null }
  if (standard !== undefined) {
    return standard?.version === 1 && typeof standard.validate === 'function' ? undefined : 'instead got one of another version of Standard Schema than 1'
  }
  return typeBoxKind(value) !== undefined || isPlain(value) ? undefined : `instead got '${describe(value)}'`
}

function isPlain (value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
