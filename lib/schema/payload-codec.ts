import { describe } from '../describe.js'
import { FST_ERR_SSE_INVALID_EVENT } from '../errors.js'
import { withCause } from '../with-cause.js'
import type { Bundle } from './bundle.js'
import { dereference, isSchemaObject, type Schema } from './json-schema.js'
import { isRawText } from './media-type.js'
import { type CheckError, describeFailure, describePointer } from './problem.js'
import { ShapeMismatch } from './projection.js'
import { TransformFailure } from './transform.js'
import { PayloadRefusal } from './validation.js'

/** Checks and serializes the payloads of one event, and reads them again. */
export interface PayloadCodec {
  /** Raw text (a string schema with a contentMediaType other than JSON) rather than JSON. */
  readonly text: boolean
  /**
   * Encodes the Transforms of a payload, checks and serializes it. JSON has no raw line breaks.
   *
   * @throws FST_ERR_SSE_INVALID_EVENT
   */
  readonly encode: (data: unknown) => string
  /**
   * Reads what was encoded, checks it and decodes its Transforms. Another version of the app may have encoded it.
   *
   * @throws FST_ERR_SSE_INVALID_EVENT
   */
  readonly decode: (written: string) => unknown
}

/** A check as ajv compiles it, which leaves there what failed. */
export interface Check {
  (data: unknown): boolean
  errors?: CheckError[] | null
}

export interface PayloadParts {
  check: Check
  /** Encodes Transforms, or has a library check and change a payload. Undefined where nothing changes it. */
  transform: ((data: unknown) => unknown) | undefined
  /** Decodes Transforms. Undefined where the schema has none. */
  restore: ((data: unknown) => unknown) | undefined
  /** Undefined for what JSON does not have. */
  serialize: (data: unknown) => string | undefined
  /** Whether payloads are checked. Those that are not can bring up errors that repeat them. */
  isChecked: boolean
  /** Whether ajv's messages could repeat the payload. */
  isBlunt: boolean
}

/** Puts together what encodes and decodes the payloads of an event. Its errors never say what a payload holds. */
export function createCodec (event: string, { schema, names }: Bundle, parts: PayloadParts): PayloadCodec {
  const { check, transform, restore, serialize, isChecked, isBlunt } = parts
  const text = isText(schema, schema)
  const write = text ? asText : serialize

  function encode (data: unknown): string {
    try {
      if (check(data)) {
        const written = write(data)
        if (written !== undefined) return written
      }
    } catch (cause) {
      throw failure(cause, data)
    }
    throw refusal(data)
  }

  function encodeTransforms (data: unknown): string {
    let encoded: unknown
    try {
      encoded = transform!(data)
    } catch (cause) {
      throw failure(cause, data)
    }
    return encode(encoded)
  }

  function decode (written: string): unknown {
    const data = text ? written : parse(written)
    try {
      if (check(data)) return restore === undefined ? data : restore(data)
    } catch (cause) {
      if (cause instanceof PayloadRefusal) throw unreadable(cause.problem, cause.cause)
      if (cause instanceof TransformFailure) throw unreadable(...transformProblem(cause, data, 'decodes'))
      throw unreadable('the payload should be readable by its schema, but that fails', cause)
    }
    throw unreadable(describeFailure(check.errors!, data, names, isBlunt))
  }

  function parse (json: string): unknown {
    try {
      return JSON.parse(json)
    } catch {
      throw unreadable('the payload should be JSON') // the error repeats the payload
    }
  }

  function unreadable (problem: string, ...cause: [] | [cause: unknown]): Error {
    const message = `the stored event '${event}': ${problem}`
    return cause.length === 0 ? FST_ERR_SSE_INVALID_EVENT(message) : FST_ERR_SSE_INVALID_EVENT(message, ...withCause(cause[0]))
  }

  function refusal (data: unknown): Error {
    const problem = check.errors == null
      ? text ? 'the payload should be string' : `the payload should be a value that JSON has, instead got '${describe(data)}'`
      : describeFailure(check.errors, data, names, isBlunt)
    return FST_ERR_SSE_INVALID_EVENT(`event '${event}': ${problem}`)
  }

  function failure (cause: unknown, data: unknown): Error {
    if (cause instanceof PayloadRefusal) {
      const message = `event '${event}': ${cause.problem}`
      return cause.cause === undefined ? FST_ERR_SSE_INVALID_EVENT(message) : FST_ERR_SSE_INVALID_EVENT(message, ...withCause(cause.cause))
    }
    if (cause instanceof TransformFailure) {
      const [problem, thrown] = transformProblem(cause, data, 'encodes')
      return FST_ERR_SSE_INVALID_EVENT(`event '${event}': ${problem}`, ...withCause(thrown))
    }
    const problem = cause instanceof ShapeMismatch ? 'should have the shape of its schema' : 'should be representable as JSON, but that fails'
    const message = `event '${event}': the payload ${problem}`
    // The serializer's own errors repeat a value that it can't take, which it only meets where nothing was checked.
    return isChecked ? FST_ERR_SSE_INVALID_EVENT(message, ...withCause(cause)) : FST_ERR_SSE_INVALID_EVENT(message)
  }

  function transformProblem ({ pointer, cause }: TransformFailure, data: unknown, does: string): [problem: string, cause: unknown] {
    return [`${describePointer(pointer, data, names)} should be a value that its Transform ${does}, but that threw`, cause]
  }

  if (transform !== undefined) return { text, encode: encodeTransforms, decode }
  // Constructors of events without payload take no argument.
  return { text, encode: schema.type === 'null' ? data => encode(data ?? null) : encode, decode }
}

function isText (schema: Schema, root: Bundle['schema']): boolean {
  if (!isSchemaObject(schema)) return false
  const { type, contentMediaType, $ref } = schema
  if ($ref !== undefined && type === undefined) return isText(dereference(root, $ref), root)
  return type === 'string' && isRawText(contentMediaType)
}

function asText (data: unknown): string | undefined {
  return typeof data === 'string' ? data : undefined
}
