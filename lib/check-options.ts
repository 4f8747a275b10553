import { describe } from './describe.js'
import { FST_ERR_SSE_OPTION_INVALID } from './errors.js'
import { MAX_TIMER_MS } from './max-timer-ms.js'

/** Says what a value should be, or undefined where it is right. */
export type Check = (value: unknown) => string | undefined

/**
 * Checks an object of options.
 *
 * @param what Names them in errors, such as `option`.
 * @throws FST_ERR_SSE_OPTION_INVALID for an unknown one, and for one whose value its check refuses.
 */
export function checkOptions (what: string, options: object, checks: Record<string, Check>, ignored?: ReadonlySet<string>): void {
  if (typeof options !== 'object' || options === null) {
    throw FST_ERR_SSE_OPTION_INVALID(`${what}s`, 'an object', describe(options))
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || ignored?.has(name) === true) continue
    if (!Object.hasOwn(checks, name)) {
      throw FST_ERR_SSE_OPTION_INVALID(`${what} ${name}`, `one of ${Object.keys(checks).join(', ')}`, name)
    }
    const expected = checks[name]?.(value)
    if (expected !== undefined) {
      throw FST_ERR_SSE_OPTION_INVALID(`${what} ${name}`, expected, typeof value === 'string' ? value : describe(value))
    }
  }
}

/** An option that is given as undefined is not given. */
export function defined<T extends object> (options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

export function positive (value: unknown): string | undefined {
  return typeof value === 'number' && value > 0 ? undefined : 'a number above 0, or Infinity'
}

export function notNegative (value: unknown): string | undefined {
  return typeof value === 'number' && value >= 0 ? undefined : 'a number, 0 or more, or Infinity'
}

export function wholeNumber (value: unknown): string | undefined {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TIMER_MS ? undefined : `a whole number from 0 to ${MAX_TIMER_MS}`
}

export function isFunction (value: unknown): string | undefined {
  return typeof value === 'function' ? undefined : 'a function'
}

export function isBoolean (value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'a boolean'
}

export function isObject (value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? undefined : 'an object'
}
