import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { SchemaObject } from './json-schema.js'
import { constraintsOf } from './shape.js'
import { standardJsonSchema } from './standard-json-schema.js'

/** Says what a payload fails to be, without a word of it. Undefined where nothing is known but that it fails. */
export type Explain = (data: unknown) => string | undefined

/**
 * Explains why a Standard Schema refuses a payload by the JSON Schema of its input, since the library's own words might
 * repeat the payload.
 *
 * @param compile Compiles what explains by a JSON Schema. Called with the first payload that is refused: for most schemas
 * there never is one.
 */
export function compileExplanation (schema: StandardSchemaV1, compile: (input: SchemaObject) => Explain): Explain {
  let explain: Explain | undefined
  return data => (explain ??= compileLate())(data)

  function compileLate (): Explain {
    const input = standardJsonSchema(schema, 'input')
    try {
      if (input !== undefined) return compile(constraintsOf(input))
    } catch {
      // A pattern that only that library can read, for one. The payload is refused in any case.
    }
    return () => undefined
  }
}
