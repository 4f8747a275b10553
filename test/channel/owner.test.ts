import t from 'tap'
import { type OwnerScope, ownerOf } from '../../lib/channel/owner.js'
import { PositionTimer } from '../../lib/channel/position-timer.js'
import type { Carrier } from '../../lib/stream/carrier.js'

const timer = new PositionTimer(1_000)
const carrier = { resumesFrom: 'e.7' } as unknown as Carrier
const request = { raw: {}, id: 'request' }
const scope: OwnerScope = { carrierOf: asked => asked === request ? carrier : undefined, maxBufferedBytes: 100, timer }

t.test('a request is answered by its carrier, which knows where it resumes', async t => {
  t.strictSame(ownerOf(request, scope), { carrier, signal: undefined, lastEventId: 'e.7', maxBufferedBytes: 100, timer })
})

t.test('others say where they resume, and how they are ended', async t => {
  const { signal } = new AbortController()
  t.strictSame(ownerOf({ lastEventId: 'e.3', signal }, scope), { carrier: undefined, signal, lastEventId: 'e.3', maxBufferedBytes: 100, timer })
  for (const nothing of [{}, { lastEventId: '' }, { lastEventId: undefined, signal: undefined, identity: 'Ann' }]) {
    t.strictSame(ownerOf(nothing, scope), { carrier: undefined, signal: undefined, lastEventId: undefined, maxBufferedBytes: 100, timer })
  }
})

t.test('anything else is refused', async t => {
  for (const [subscriber, problem] of [
    [undefined, "a request, or { lastEventId, signal, identity, scope }, instead got 'undefined'"],
    [null, "a request, or { lastEventId, signal, identity, scope }, instead got 'null'"],
    ['e.7', "a request, or { lastEventId, signal, identity, scope }, instead got 'string'"],
    [7, "a request, or { lastEventId, signal, identity, scope }, instead got '7'"],
    [{ raw: {} }, "a request that has got to its handler, of an app with this plugin, instead got 'Object'"],
    [{ signal: null }, "one whose signal is an AbortSignal, instead got 'null'"],
    [{ signal: new AbortController() }, "one whose signal is an AbortSignal, instead got 'AbortController'"],
    [{ lastEventId: 7 }, "one whose lastEventId is a string, instead got '7'"],
    [{ lastEventId: null }, "one whose lastEventId is a string, instead got 'null'"],
    [{ lastEventID: 'e.3' }, "a request, or { lastEventId, signal, identity, scope }, instead got one with 'lastEventID'"],
    [{ id: 'e.3', headers: {} }, "a request, or { lastEventId, signal, identity, scope }, instead got one with 'id'"]
  ] as const) {
    t.throws(() => ownerOf(subscriber, scope), { code: 'FST_ERR_SSE_SUBSCRIBE_INVALID', message: `subscribe(): the subscriber should be ${problem}` })
  }
})
