import zlib from 'node:zlib'
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

t.test('a limit may be absent, or as high as can be', async t => {
  t.equal(resolveOptions({}, 0).maxStreams, undefined)
  const streamKey = (): string => 'all'
  t.match(resolveOptions({ maxStreams: 1, maxStreamsPerKey: Infinity, streamKey }, 0), { maxStreams: 1, maxStreamsPerKey: Infinity, streamKey })
  t.doesNotThrow(() => resolveRouteOptions('GET /', { maxStreams: Infinity, maxStreamsPerKey: 2 ** 40, streamKey }, resolveOptions({}, 0)))
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

t.test('nobody, so many or everybody may wait for the history', async t => {
  for (const maxWaitingReplays of [0, 5, Infinity]) t.match(resolveOptions({ maxWaitingReplays }, 0), { maxWaitingReplays })
  for (const maxWaitingReplays of [-1, 1.5, NaN, '4']) {
    t.throws(() => resolveOptions({ maxWaitingReplays: maxWaitingReplays as never }, 0), { code: 'FST_ERR_SSE_OPTION_INVALID', message: /^option maxWaitingReplays should be a whole number, 0 or more, or Infinity, instead got/ })
  }
})

t.test('ajv should be an object', async t => {
  for (const ajv of [null, 5]) {
    t.throws(() => resolveOptions({ ajv: ajv as never }, 0), { code: 'FST_ERR_SSE_OPTION_INVALID', message: /^option ajv should be an object, instead got/ })
  }
  t.doesNotThrow(() => resolveOptions({ ajv: {} }, 0))
})

t.test('nothing is compressed unless that is asked for', async t => {
  t.equal(resolveOptions({}, 0).compress, false)
  t.equal(resolveOptions({ compress: false }, 0).compress, false)
  t.strictSame(resolveOptions({ compress: true }, 0).compress, resolveOptions({ compress: {} }, 0).compress)
})

t.test('compression is by the encodings that Node.js has, in the order that is asked for', async t => {
  const zstd = 'createZstdCompress' in zlib ? ['zstd'] : []
  t.strictSame(resolveOptions({ compress: true }, 0).compress, { encodings: [...zstd, 'gzip', 'br'], level: undefined })
  const encodings = Object.freeze(['br', 'zstd', 'gzip'] as const)
  const { compress } = resolveOptions({ compress: { encodings, level: 9 } }, 0)
  t.strictSame(compress, { encodings: ['br', ...zstd, 'gzip'], level: 9 })
  t.ok(Object.isFrozen(compress))
  t.strictSame(encodings, ['br', 'zstd', 'gzip'], 'what was given is as it was')
})

t.test('a route has the compression of its scope, or its own whole', async t => {
  const scope = resolveOptions({ compress: { encodings: ['gzip'], level: 1 } }, 0)
  t.equal(resolveRouteOptions('GET /', { retryMs: 1 }, scope).compress, scope.compress)
  t.equal(resolveRouteOptions('GET /', { compress: false }, scope).compress, false)
  t.match(resolveRouteOptions('GET /', { compress: { encodings: ['br'] } }, scope).compress, { encodings: ['br'], level: undefined })
})

t.test('what compression should be', async t => {
  const list = 'an array of one or more of zstd, gzip, br'
  const cases: Array<[compress: unknown, problem: string]> = [
    ['gzip', "should be a boolean, or an object with encodings and level, instead got 'gzip'"],
    [null, "should be a boolean, or an object with encodings and level, instead got 'null'"],
    [['gzip'], "should be a boolean, or an object with encodings and level, instead got 'Array'"],
    [{ encoding: 'gzip' }, ": encoding should be one of encodings, level, instead got 'encoding'"],
    [{ encodings: 'gzip' }, `: encodings should be ${list}, instead got 'gzip'`],
    [{ encodings: [] }, `: encodings should be ${list}, instead got 'Array'`],
    [{ encodings: ['gzip', 'deflate'] }, `: encodings should be ${list}, instead got 'Array'`],
    ...[0, 10, 1.5, '6', Infinity].map((level): [unknown, string] => [{ level }, `: level should be a whole number from 1 to 9, instead got '${level}'`])
  ]
  for (const [compress, problem] of cases) {
    const end = problem.startsWith(':') ? problem : ` ${problem}`
    const expected = { code: 'FST_ERR_SSE_OPTION_INVALID' }
    t.throws(() => resolveOptions({ compress: compress as never }, 0), { ...expected, message: `option compress${end}` })
    t.throws(() => resolveRouteOptions('GET /', { compress: compress as never }, resolveOptions({}, 0)), { ...expected, message: `GET /: option compress${end}` })
  }
})

t.test('an encoding that Node.js does not have is not enough', async t => {
  const ask = (): unknown => resolveOptions({ compress: { encodings: ['zstd'] } }, 0).compress
  if ('createZstdCompress' in zlib) t.match(ask(), { encodings: ['zstd'] })
  else {
    t.throws(ask, {
      code: 'FST_ERR_SSE_OPTION_INVALID',
      message: "option compress: encodings should be one or more that this version of Node.js has (gzip, br), instead got 'zstd'"
    })
  }
})

t.test('close records have a level for each reason, by the route, its scope, or default', async t => {
  const none = resolveOptions({}, 0)
  t.match(none.closeLogLevel, { complete: 'info', client: 'info', shutdown: 'info', 'max-age': 'info', expired: 'info', slow: 'warn', overloaded: 'info', stalled: 'warn', error: 'info' })
  const scope = resolveOptions({ closeLogLevel: { client: 'debug', slow: undefined } as never }, 0)
  t.strictSame(scope.closeLogLevel, { ...none.closeLogLevel, client: 'debug' })
  t.strictSame(resolveRouteOptions('GET /', { retryMs: 1 }, scope).closeLogLevel, scope.closeLogLevel)
  t.strictSame(resolveRouteOptions('GET /', { closeLogLevel: { error: 'fatal' } }, scope).closeLogLevel, { ...scope.closeLogLevel, error: 'fatal' })
  t.strictSame(new Set(Object.values(resolveRouteOptions('GET /', { closeLogLevel: 'silent' }, scope).closeLogLevel)), new Set(['silent']))
})
