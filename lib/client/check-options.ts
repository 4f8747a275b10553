import type { ConnectOptions } from '../../types/client.js'
import { EventStreamError } from './event-stream-error.js'

const DEFAULTS = {
  text: [] as readonly string[],
  final: [] as readonly string[],
  maxRetries: Infinity,
  retryMs: 2_000,
  maxRetryMs: 30_000,
  staleAfterMs: 45_000,
  maxEventLength: 16 * 1024 * 1024
}

/** Options with every default in place. */
export type CheckedOptions = ConnectOptions & Readonly<typeof DEFAULTS> & { readonly url: string, readonly method: string, readonly reconnect: boolean }

/** @throws EventStreamError FST_ERR_SSE_CLIENT_OPTION, for what would otherwise fail with every attempt. */
export function checkOptions (url: string | URL, options: ConnectOptions): CheckedOptions {
  const checked: Record<string, unknown> = { ...options }
  for (const [name, fallback] of Object.entries(DEFAULTS)) {
    const value = checked[name] ??= fallback
    if (typeof value !== typeof fallback || Number.isNaN(value) || value as number < 0) throw new EventStreamError('OPTION', `${name} can't be '${String(value)}'`)
  }
  const { url: resolved, method } = makeRequest(url, options)
  return { ...checked, url: resolved, method, reconnect: options.reconnect ?? method === 'GET' } as CheckedOptions
}

/** The platform knows best what it can't fetch, and what a relative URL is relative to. */
function makeRequest (url: string | URL, { method, credentials, headers, body }: ConnectOptions): Request {
  try {
    // Of functions nothing is known yet, of a body all that matters is whether the method may have one.
    return new Request(url, { method, credentials, headers: typeof headers === 'function' ? {} : headers, body: body && ' ' } as RequestInit)
  } catch (cause) {
    throw new EventStreamError('OPTION', String(cause), cause)
  }
}
