import t from 'tap'
import { resolveOptions } from '../../lib/options.js'
import { Watch, watchEveryMs } from '../../lib/stream/watch.js'
import type { ResolvedStreamOptions } from '../../types/options.js'

const OPTIONS: ResolvedStreamOptions = resolveOptions({ heartbeatMs: 100 }, 0)

/** A stream and its watch, at the time 0. */
function watched (options: Partial<ResolvedStreamOptions> = {}, kind = { isPulled: true, mayExpire: true }) {
  const stream = { writtenBytes: 0, queuedBytes: 0, get bytes () { return this.writtenBytes } }
  return { stream, watch: new Watch(stream, { ...OPTIONS, ...options }, kind, 0) }
}

t.test('a heartbeat is due after heartbeatMs without a write', async t => {
  const { stream, watch } = watched()
  t.equal(watch.due(74), undefined)
  t.equal(watch.due(75), 'heartbeat', 'a look earlier, since the next would be too late')
  stream.writtenBytes = 10
  t.equal(watch.due(80), undefined, 'what was written since')
  t.equal(watch.due(154), undefined)
  t.equal(watch.due(155), 'heartbeat')
})

t.test('a heartbeat is no more than a second early', async t => {
  const { watch } = watched({ heartbeatMs: 15_000 })
  t.equal(watch.due(13_999), undefined)
  t.equal(watch.due(14_000), 'heartbeat')
  t.equal(watched({ heartbeatMs: Infinity }).watch.due(1e9), undefined)
})

t.test('a heartbeat is not due while bytes wait, which are sign enough', async t => {
  const { stream, watch } = watched()
  stream.writtenBytes = stream.queuedBytes = 10
  t.equal(watch.due(1_000), undefined)
})

t.test('a stream has stalled when what waits has not moved', async t => {
  for (const [kind, timeoutMs] of [[true, 300_000], [false, 30_000]] as const) {
    const { stream, watch } = watched({}, { isPulled: kind, mayExpire: false })
    stream.writtenBytes = stream.queuedBytes = 10
    t.equal(watch.due(timeoutMs - 1), undefined)
    t.equal(watch.due(timeoutMs), 'stalled')
  }
})

t.test('what waits is not looked at while nothing was written and nothing waited', async t => {
  const { stream, watch } = watched({ heartbeatMs: 1_000 })
  t.equal(watch.due(10), undefined)
  let looks = 0
  Object.defineProperty(stream, 'queuedBytes', { get: () => { looks++; return 0 } })
  t.equal(watch.due(500), undefined)
  t.equal(watch.due(900), 'heartbeat')
  t.equal(looks, 0)
  stream.writtenBytes = 10
  t.equal(watch.due(910), undefined)
  t.ok(looks > 0)
})

t.test('every byte that leaves is progress', async t => {
  const { stream, watch } = watched({ stallTimeoutMs: 50 })
  stream.writtenBytes = stream.queuedBytes = 10
  t.equal(watch.due(40), undefined)
  stream.queuedBytes = 9
  t.equal(watch.due(80), undefined)
  t.equal(watch.due(129), undefined)
  t.equal(watch.due(130), 'stalled')
})

t.test('further writes are no progress, nor is what the response adds to them', async t => {
  const { stream, watch } = watched({ stallTimeoutMs: 50 })
  stream.writtenBytes = stream.queuedBytes = 10
  t.equal(watch.due(10), undefined)
  stream.writtenBytes += 10
  stream.queuedBytes += 14
  t.equal(watch.due(49), undefined)
  t.equal(watch.due(50), 'stalled')
})

t.test('a stream with nothing to write has not stalled', async t => {
  const { stream, watch } = watched({ stallTimeoutMs: 50, heartbeatMs: Infinity })
  stream.writtenBytes = 10
  t.equal(watch.due(1_000), undefined)
  stream.writtenBytes = 15
  stream.queuedBytes = 5
  t.equal(watch.due(1_049), undefined)
  t.equal(watch.due(1_050), 'stalled')
})

t.test('a stream that may expire does so in the last tenth of maxAgeMs', async t => {
  const { random } = Math
  t.teardown(() => { Math.random = random })
  for (const [chance, expiresAtMs] of [[0, 1_000], [0.5, 950], [1, 900]] as const) {
    Math.random = () => chance
    const { watch } = watched({ maxAgeMs: 1_000, heartbeatMs: Infinity })
    t.equal(watch.due(expiresAtMs - 1), undefined)
    t.equal(watch.due(expiresAtMs), 'max-age')
  }
  t.equal(watched({ maxAgeMs: 1_000, heartbeatMs: Infinity }, { isPulled: true, mayExpire: false }).watch.due(5_000), undefined)
})

t.test('a stream is watched four times within the shortest of its times', async t => {
  t.equal(watchEveryMs({ ...OPTIONS, stallTimeoutMs: 80, maxAgeMs: 200 }), 20)
  t.equal(watchEveryMs({ ...OPTIONS, stallTimeoutMs: 80, maxAgeMs: 40 }), 10)
  t.equal(watchEveryMs(OPTIONS), 25)
})
