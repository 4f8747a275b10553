import type { ConnectOptions } from '../../types/client.js'
import { EventStreamError } from './event-stream-error.js'

const DEFAULTS = {
  method: 'GET',
  text: [] as readonly string[],
  final: [] as readonly string[],
  maxRetries: Infinity,
  retryMs: 2_000,
  maxRetryMs: 30_000,
  staleAfterMs: 45_000,
  maxEventLength: 16 * 1024 * 1024
}

/** Options with every default in place. */
export type CheckedOptions = ConnectOptions & Readonly<typeof DEFAULTS> & { readonly url: string, readonly reconnect: boolean }

/** @throws EventStreamError FST_ERR_SSE_CLIENT_OPTION, for what would otherwise fail with every attempt. */
export function checkOptions (url: string | URL, options: ConnectOptions): CheckedOptions {
  const given = options as Record<string, unknown>
  const defaults = Object.entries(DEFAULTS).map(([name, fallback]) => {
    const value = given[name] ?? fallback
    if (typeof value !== typeof fallback || Number.isNaN(value) || value as number < 0) throw wrong(name, value)
    return [name, value]
  })
  const checked = { ...options, ...Object.fromEntries(defaults) as typeof DEFAULTS, url: resolve(url) }
  const isGet = checked.method === 'GET'
  if (isGet && options.body !== undefined) throw wrong('method', 'GET, which has no body')
  return { ...checked, reconnect: options.reconnect ?? isGet }
}

function resolve (url: string | URL): string {
  try {
    const resolved = new URL(url, (globalThis as { location?: { href: string } }).location?.href)
    if (resolved.username === '') return resolved.href // fetch refuses others
  } catch {
    // Said below.
  }
  throw wrong('url', url)
}

function wrong (name: string, received: unknown): EventStreamError {
  return new EventStreamError('OPTION', `${name} can't be '${String(received)}'`)
}
