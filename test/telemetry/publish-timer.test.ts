import t, { type Test } from 'tap'
import { PublishTimer, type Timing } from '../../lib/telemetry/publish-timer.js'

const at = (offset: number, epoch = 'e') => ({ epoch, offset })

/** A timer, the live end that it looks at, and the time. */
function setting (t: Test) {
  const clock = { nowMs: 0, looks: 0 }
  t.intercept(performance, 'now', {
    value: () => {
      clock.looks++
      return clock.nowMs
    }
  })
  const timed: number[] = []
  const timer = new PublishTimer(seconds => { timed.push(seconds) })
  const live = { head: at(0) as ReturnType<typeof at> | undefined, settled: 0 }
  const write = (offset: number): void => {
    live.head = at(offset)
    live.settled = offset
    timer.settle(live)
  }
  return { clock, timed, timer, live, write, begin: () => timer.begin(live) as Timing }
}

t.test('times an event until it was written', async t => {
  const { clock, timed, timer, live, write, begin } = setting(t)
  clock.nowMs = 1_000
  const timing = begin()
  clock.nowMs = 1_005
  timer.store(timing, at(1), live)
  t.strictSame(timed, [])
  clock.nowMs = 1_020
  write(1)
  t.strictSame(timed, [0.02])
  write(2)
  t.strictSame(timed, [0.02], 'once')
  t.match(timer.histogram.read(), { count: 1, sum: 0.02 })
})

t.test('times one at a time, and looks at no clock for the others', async t => {
  const { clock, timer, live, write, begin } = setting(t)
  const timing = begin()
  t.equal(begin(), undefined)
  timer.store(timing, at(1), live)
  t.equal(begin(), undefined)
  t.equal(clock.looks, 1)
  write(2)
  t.not(begin(), undefined)
})

t.test('an event may be written before the broker has said where it stands', async t => {
  const { clock, timed, timer, live, write, begin } = setting(t)
  const timing = begin()
  write(1)
  t.strictSame(timed, [])
  clock.nowMs = 5
  timer.store(timing, at(1), live)
  t.strictSame(timed, [0.005])
})

t.test('what was written before it does not count', async t => {
  const { timed, timer, live, write, begin } = setting(t)
  timer.store(begin(), at(3), live)
  write(2)
  t.strictSame(timed, [])
  write(3)
  t.strictSame(timed, [0])
})

t.test('nothing is timed where nobody follows', async t => {
  const { live, timer } = setting(t)
  live.head = undefined
  t.equal(timer.begin(live), undefined)
})

t.test('an event that could not be stored is not timed, and the next one is', async t => {
  const { timed, timer, write, begin } = setting(t)
  begin()
  timer.cancel()
  write(1)
  t.strictSame(timed, [])
  t.not(begin(), undefined)
})

t.test('an event that will not be written is forgotten with the next one', async t => {
  const { timed, timer, live, begin } = setting(t)
  t.test('those who followed have gone, and others have come after it', async t => {
    timer.store(begin(), at(1), live)
    live.head = at(4)
    live.settled = 4
    const next = begin()
    t.not(next, undefined)
    timer.store(next, at(5), live)
  })
  t.test('its epoch is over', async t => {
    live.head = at(9, 'f')
    live.settled = 9
    timer.settle(live)
    t.strictSame(timed, [])
    t.not(begin(), undefined)
  })
})
