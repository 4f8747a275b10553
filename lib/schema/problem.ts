import { PLAIN_KEYWORD, REFINE_KEYWORD } from './bundle.js'
import { unescapePointer } from './json-schema.js'

/** One failure as ajv reports it. */
export interface CheckError {
  keyword: string
  instancePath: string
  params: Record<string, unknown>
  message?: string | undefined
  propertyName?: string | undefined
}

/** Keywords whose messages repeat the schema, and nothing of the payload. */
const TELLING = new Set([
  'type', 'required', 'format', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum',
  'exclusiveMaximum', 'multipleOf', 'minItems', 'maxItems', 'uniqueItems', 'contains', 'additionalItems',
  'minProperties', 'maxProperties', 'dependencies', 'anyOf', 'oneOf', 'if'
])
const MAX_ALTERNATIVES = 4

/**
 * Says what a payload fails to be, without a word of it: neither a value, nor a property name that the schema does not
 * declare (a `*` stands for it).
 *
 * @param names All property names that the schema declares.
 * @param isBlunt Whether messages could repeat the payload, as they do with ajv's `$data`.
 * @example
 * describeFailure(check.errors, data, names, false) // '/value should be number'
 */
export function describeFailure (
  errors: readonly CheckError[], data: unknown, names: ReadonlySet<string>, isBlunt: boolean
): string {
  const texts = mostTelling(errors.flatMap(unwrap)).map(error => {
    const place = describePointer(error.instancePath, data, names)
    return `${error.propertyName === undefined ? place : `each property name of ${place}`} ${expectation(error, isBlunt)}`
  })
  const different = [...new Set(texts)]
  const shown = different.slice(0, MAX_ALTERNATIVES)
  return shown.join(', or ') + (shown.length < different.length ? ', or match another alternative' : '')
}

/** A JSON pointer into the payload, as a message shows it. */
export function describePointer (pointer: string, data: unknown, names: ReadonlySet<string>): string {
  if (pointer === '') return 'the payload'
  let value = data
  return pointer.split('/').slice(1).map(segment => {
    const name = unescapePointer(segment)
    const isShown = Array.isArray(value) || names.has(name)
    value = value == null ? undefined : Object.getOwnPropertyDescriptor(value, name)?.value // calls no getter
    return `/${isShown ? segment : '*'}`
  }).join('')
}

/** ajv-errors replaces failures by messages of the user's, which may hold values, and keeps the failures inside. */
function unwrap (error: CheckError): CheckError | CheckError[] {
  return error.keyword === 'errorMessage' ? error.params['errors'] as CheckError[] : error
}

/**
 * Of the failures of a union's alternatives, those that got furthest: deepest in the payload, and not at a property
 * whose literal tells alternatives apart.
 */
function mostTelling (errors: readonly CheckError[]): readonly CheckError[] {
  const last = errors.at(-1)!
  if (!['anyOf', 'oneOf', 'if', 'propertyNames'].includes(last.keyword)) return [last]
  const causes = errors.filter(({ keyword }) => !['anyOf', 'oneOf', 'if', 'propertyNames'].includes(keyword))
  const depth = Math.max(...causes.map(depthOf))
  const deepest = causes.filter(error => depthOf(error) === depth)
  const beyondLiterals = deepest.filter(error => depth === depthOf(last) || (error.keyword !== 'const' && error.keyword !== 'enum'))
  return [beyondLiterals, deepest, [last]].find(found => found.length > 0)!
}

function depthOf ({ instancePath }: CheckError): number {
  return instancePath.split('/').length
}

function expectation ({ keyword, params, message }: CheckError, isBlunt: boolean): string {
  if (keyword === PLAIN_KEYWORD) return 'should be a plain object: this one has a toJSON method, so send what that returns'
  if (keyword === REFINE_KEYWORD) return 'should be what its Refine takes'
  if (keyword === 'additionalProperties') return 'should not have properties that its schema does not declare'
  if (keyword === 'discriminator') return `should have the tag of an alternative in '${String(params['tag'])}'`
  if (!isBlunt) {
    if (keyword === 'const') return `should be ${JSON.stringify(params['allowedValue'])}`
    if (keyword === 'enum') return `should be one of ${(params['allowedValues'] as unknown[]).map(value => JSON.stringify(value)).join(', ')}`
    if (keyword === 'not' || keyword === 'false schema') return 'should not be what its schema excludes'
    if (TELLING.has(keyword)) return message!.replace(/^must/, 'should').replace(' NOT ', ' not ')
  }
  return `should pass the keyword '${keyword}'`
}
