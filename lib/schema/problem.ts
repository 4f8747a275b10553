import type { TSchema } from '@sinclair/typebox'

/** One failure as ajv reports it. */
export interface CheckError {
  keyword: string
  instancePath: string
  message?: string | undefined
  params: Record<string, unknown>
}

/** What an event's payload fails to be, without a word of the payload itself. */
export function describeFailure (errors: readonly CheckError[]): string {
  const error = errors.at(-1)
  if (error === undefined) return 'should match its schema'
  const message = (error.message ?? 'must match its schema').replace(/^must/, 'should')
  return error.instancePath === '' ? message : `${error.instancePath} ${message}`
}

/** Whether a payload of this schema is written as it is: a string that says it is of another type than JSON. */
export function isText (schema: TSchema): boolean {
  if (schema['type'] !== 'string' || typeof schema['contentMediaType'] !== 'string') return false
  const type = schema['contentMediaType'].split(';')[0]!.trim().toLowerCase()
  return type !== 'application/json' && !type.endsWith('+json')
}
