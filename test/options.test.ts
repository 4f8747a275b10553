import t from 'tap'
import { resolveOptions, resolveRouteOptions } from '../lib/options.js'

t.test('options that are given as undefined are not given, and none is mutated', async t => {
  const given = Object.freeze({ heartbeatMs: undefined, retryMs: 0, prefix: '/x' })
  const resolved = resolveOptions(given as never, 10_000)
  t.equal(resolved.heartbeatMs, 15_000)
  t.equal(resolved.retryMs, 0)
  t.ok(Object.isFrozen(resolved))
})

t.test('a route has the options of its scope, but for its own', async t => {
  const scope = resolveOptions({ retryMs: 1, heartbeatMs: 2 }, 0)
  t.equal(resolveRouteOptions('GET /', undefined, scope), scope)
  t.match(resolveRouteOptions('GET /', { retryMs: 3 }, scope), { retryMs: 3, heartbeatMs: 2 })
})

t.test('ajv should be an object', async t => {
  for (const ajv of [null, 5]) {
    t.throws(() => resolveOptions({ ajv: ajv as never }, 0), { code: 'FST_ERR_SSE_OPTION_INVALID', message: /^option ajv should be an object, instead got/ })
  }
  t.doesNotThrow(() => resolveOptions({ ajv: {} }, 0))
})
