import type { onSendHookHandler } from 'fastify'

/** Nothing is loaded from elsewhere, nothing runs that is not a file of the page, and nothing may show it in a frame. */
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store, no-transform'
}

/** The last to be set, so that they stand whatever the app sets for all of its routes: @fastify/helmet, for one. */
export const secure: onSendHookHandler = (_request, reply, payload, done) => {
  reply.headers(HEADERS)
  done(null, payload)
}
