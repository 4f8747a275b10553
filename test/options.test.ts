import t from 'tap'
import { memoryBroker } from '../lib/brokers/memory.js'
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

t.test('a broker should have its methods, and pages are read at least one at a time', async t => {
  for (const broker of [null, {}, { open () {} }, 5]) {
    t.throws(() => resolveOptions({ broker: broker as never }, 0), { code: 'FST_ERR_SSE_OPTION_INVALID', message: /^option broker should be a broker: an object with open and close methods, instead got/ })
  }
  t.doesNotThrow(() => resolveOptions({ broker: memoryBroker(), replayConcurrency: 1 }, 0))
  for (const replayConcurrency of [0, -1, 1.5, Infinity, '4']) {
    t.throws(() => resolveOptions({ replayConcurrency: replayConcurrency as never }, 0), { code: 'FST_ERR_SSE_OPTION_INVALID', message: /^option replayConcurrency should be a whole number above 0/ })
  }
})

t.test('ajv should be an object', async t => {
  for (const ajv of [null, 5]) {
    t.throws(() => resolveOptions({ ajv: ajv as never }, 0), { code: 'FST_ERR_SSE_OPTION_INVALID', message: /^option ajv should be an object, instead got/ })
  }
  t.doesNotThrow(() => resolveOptions({ ajv: {} }, 0))
})
