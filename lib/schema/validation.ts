import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Explain } from './explanation.js'
import { escapePointer } from './json-schema.js'
import { findForeign } from './json-value.js'
import { describePointer } from './problem.js'

/** A payload was refused by the library of its schema, or is nothing that can be sent. */
export class PayloadRefusal {
  readonly problem: string
  /** What was thrown, if anything was. */
  readonly cause: unknown

  constructor (problem: string, cause?: unknown) {
    this.problem = problem
    this.cause = cause
  }
}

export interface ValidationContext {
  /** Words that a message may show, since they stand in the schema. */
  readonly words: ReadonlySet<string>
  readonly explain: Explain
  /** Whether the JSON Schema says all about every part of what is sent, so that no part of it need be looked for. */
  readonly isClosed: boolean
  /** Whether the schema takes nothing but null, by the JSON Schema of its input; undefined where there is none. */
  readonly takesOnlyNull: () => boolean | undefined
}

/**
 * What checks a payload by a Standard Schema, and gives what the schema makes of it. It may throw PayloadRefusal.
 *
 * The messages of the libraries are not shown: they may repeat the payload, as Valibot's and ArkType's do, or be written
 * by the user.
 */
export function compileValidation (
  { '~standard': standard }: StandardSchemaV1, { words, explain, isClosed, takesOnlyNull }: ValidationContext
): (data: unknown) => unknown {
  let isEmpty: boolean | undefined

  return data => {
    // Constructors of events without payload take no argument.
    const given = data === undefined && (isEmpty ??= takesOnlyNull() ?? isNullRatherThanUndefined()) ? null : data
    const result = validate(given)
    if (result.issues !== undefined) throw new PayloadRefusal(explain(given) ?? describeIssue(result.issues[0], given))
    const { value } = result
    const foreign = isClosed ? undefined : findForeign(value)
    if (foreign !== undefined) {
      throw new PayloadRefusal(`${describePointer(foreign.pointer, value, words)} should be a value that JSON has, instead got '${foreign.kind}'`)
    }
    return value
  }

  function validate (data: unknown): StandardSchemaV1.Result<unknown> {
    let result: ReturnType<typeof standard.validate>
    try {
      result = standard.validate(data)
    } catch (cause) {
      throw new PayloadRefusal('the payload should be a value that its schema takes, but that threw', cause)
    }
    if (!('then' in result)) return result
    result.then(undefined, () => {}) // its outcome is of no interest any more
    // Zod gives a promise also where a function of the user's threw.
    throw new PayloadRefusal("the payload should be checked at once, but its schema is asynchronous, or has thrown: events can't wait for a promise")
  }

  /** All that a schema tells that has no JSON Schema. */
  function isNullRatherThanUndefined (): boolean {
    return isTaken(null) && !isTaken(undefined)
  }

  function isTaken (data: unknown): boolean {
    try {
      return validate(data).issues === undefined
    } catch {
      return false // whatever it is that throws, the payload itself meets it too
    }
  }

  function describeIssue (issue: StandardSchemaV1.Issue | undefined, data: unknown): string {
    const pointer = Array.from(issue?.path ?? [], segment => `/${escapePointer(String(typeof segment === 'object' ? segment.key : segment))}`).join('')
    // Not in the standard, but Valibot has it, from its schema.
    const { expected } = (issue ?? {}) as { expected?: unknown }
    const isShown = typeof expected === 'string' && words.has(expected)
    return `${describePointer(pointer, data, words)} should be ${isShown ? expected : 'what its schema takes'}`
  }
}
