import type { ConnectOptions } from '../../types/client.js'
import { EventStreamError } from './event-stream-error.js'

/** Options with every default in place. */
export interface CheckedOptions extends Omit<ConnectOptions, 'text' | 'final'> {
  readonly url: string
  readonly method: string
  readonly reconnect: boolean
  readonly text: ReadonlySet<string>
  readonly final: ReadonlySet<string>
  readonly maxRetries: number
  readonly retryMs: number
  readonly maxRetryMs: number
  readonly staleAfterMs: number
  readonly maxEventLength: number
}

/** @throws EventStreamError FST_ERR_SSE_CLIENT_OPTION, for what would otherwise fail with every attempt. */
export function checkOptions (url: string | URL, options: ConnectOptions): CheckedOptions {
  const {
    method = 'GET', text = [], final = [], maxRetries = Infinity, retryMs = 2_000, maxRetryMs = 30_000, staleAfterMs = 45_000,
    maxEventLength = 16 * 1024 * 1024
  } = options
  const isGet = method === 'GET'
  for (const [name, value] of Object.entries({ maxRetries, retryMs, maxRetryMs, staleAfterMs, maxEventLength })) {
    if (typeof value !== 'number' || !(value >= 0)) throw wrong(name, 'a non-negative number', value)
  }
  for (const [name, value] of Object.entries({ text, final })) {
    if (!Array.isArray(value)) throw wrong(name, 'an array of event names', value)
  }
  if (isGet && options.body !== undefined) throw wrong('body', 'left out, or sent by another method than GET', 'a body')
  return {
    ...options,
    url: resolve(url),
    method,
    reconnect: options.reconnect ?? isGet,
    text: new Set(text),
    final: new Set(final),
    maxRetries,
    retryMs,
    maxRetryMs,
    staleAfterMs,
    maxEventLength
  }
}

function resolve (url: string | URL): string {
  const { location } = globalThis as { location?: { href: string } }
  let resolved: URL
  try {
    resolved = new URL(url, location?.href)
  } catch {
    throw wrong('url', location === undefined ? 'an absolute URL' : 'an URL', url)
  }
  if (resolved.username !== '' || resolved.password !== '') throw wrong('url', 'an URL without credentials; send them in a header', resolved.host)
  return resolved.href
}

function wrong (name: string, expected: string, received: unknown): EventStreamError {
  return new EventStreamError('FST_ERR_SSE_CLIENT_OPTION', `${name} should be ${expected}, instead got '${String(received)}'`)
}
