import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { Type } from '@sinclair/typebox'
import fc from 'fast-check'
import { resolveChannelOptions } from '../../lib/channel/channel-options.js'
import { ownerOf } from '../../lib/channel/owner.js'
import { PositionTimer } from '../../lib/channel/position-timer.js'
import { resolveSubscribeOptions } from '../../lib/channel/subscribe-options.js'
import { eventStream } from '../../lib/index.js'
import { resolveDrainOptions, resolveOptions, resolveRouteOptions } from '../../lib/options.js'
import type { Run } from './run.js'
import { anything, isCoded, type Make, objectOf, prototypes } from './values.js'

const ticks = eventStream({ tick: Type.Integer() })
const scope = resolveOptions({}, 10_000)

/** Values that are right somewhere, so that others are looked at beside them. */
const right = fc.constantFrom<Make>(
  () => undefined, () => true, () => false, () => 0, () => 1, () => 1_000, () => Infinity, () => () => {}, () => ({}), () => [], () => 'stop', () => 'reconnect', () => 'info', () => ({ slow: 'silent' }),
  () => ({ encodings: ['gzip'], level: 1 }), () => ({ maxEvents: 5, maxBytes: 5, maxAgeMs: 5 }), () => 'latest', () => ['a'], () => 'start', () => ({ position: 'a.1' }), () => new Date(), () => ({ secret: 'x'.repeat(32) }),
  () => ({ open () {}, close () {} }), () => new AbortController().signal, () => 'a.1', () => ['tick']
)

/** An object with some of these names, and values of any kind; or any value in its place. */
function optionsOf (...names: string[]): fc.Arbitrary<Make> {
  const name = fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'prefix', 'unknown', '') })
  const value = fc.oneof({ weight: 3, arbitrary: right }, { weight: 1, arbitrary: anything })
  return fc.oneof({ weight: 12, arbitrary: objectOf(name, value, 3) }, { weight: 1, arbitrary: anything })
}

const STREAM = ['heartbeatMs', 'retryMs', 'commitAfterMs', 'maxBufferedBytes', 'stallTimeoutMs', 'maxAgeMs', 'onComplete', 'onStreamError', 'onClose', 'closeLogLevel', 'maxStreams', 'maxStreamsPerKey', 'streamKey', 'fastPaths', 'validate', 'compress']

/** What is checked when it is given, and how. */
const GIVEN: ReadonlyArray<readonly [options: fc.Arbitrary<Make>, take: (options: never) => unknown]> = [
  [optionsOf(...STREAM, 'closeTimeoutMs', 'closeSpreadMs', 'broker', 'replayConcurrency', 'maxWaitingReplays', 'ajv'), options => resolveOptions(options, 10_000)],
  [optionsOf(...STREAM), options => resolveRouteOptions('GET /', options, scope)],
  [optionsOf('overMs'), options => resolveDrainOptions(options)],
  [optionsOf('history', 'retain', 'key', 'maxKeys', 'snapshot', 'snapshotTimeoutMs', 'identity', 'idempotencyWindowMs', 'signIds'), options => resolveChannelOptions('ticks', ticks, options)],
  [anything, name => resolveChannelOptions(name, ticks, {})],
  [anything, stream => resolveChannelOptions('ticks', stream, {})],
  [optionsOf('topics', 'filter', 'from', 'expiresAt'), options => resolveSubscribeOptions(options)],
  [optionsOf('lastEventId', 'signal', 'identity', 'scope'), subscriber => ownerOf(subscriber, { carrierOf: () => undefined, maxBufferedBytes: 1, timer: new PositionTimer(1_000) })],
  [optionsOf('tick', 'done', 'stream-x', '', 'a\nb'), schemas => eventStream(schemas)],
  [optionsOf('final', 'description'), options => eventStream({ tick: Type.Integer() }, options)]
]

/** Options of any kind are taken, or refused by an error of this plugin; they are not changed, and nothing else is. */
export async function giveOptions (run: Run): Promise<void> {
  const before = prototypes()
  const kinds = GIVEN.map(([options, take], kind) => options.map(make => ({ make, kind, take })))
  fc.assert(fc.property(fc.oneof(...kinds), ({ make, take }) => {
    const options = make()
    const keys = keysOf(options)
    try {
      take(options as never)
    } catch (error) {
      ok(isCoded(error), String((error as Error).stack))
    }
    deepStrictEqual(keysOf(options), keys)
    equal(prototypes(), before)
  }), run)
}

function keysOf (value: unknown): unknown {
  try {
    return typeof value === 'object' && value !== null ? Reflect.ownKeys(value) : undefined
  } catch {
    return undefined // it does not want to be looked at
  }
}
