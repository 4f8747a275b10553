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
  const live = { head: at(0) as ReturnType<typeof at> | undefined, settled: 0, generation: 1 }
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
  const timing = begin()
  timer.cancel(timing)
  write(1)
  t.strictSame(timed, [])
  const next = begin()
  timer.cancel(timing)
  t.equal(begin(), undefined, 'the next one is not cancelled with it')
  timer.store(next, at(2), { head: at(2), settled: 2, generation: 1 })
  t.strictSame(timed, [0])
})

t.test('an event for which nobody is there any more is not timed', async t => {
  /** All who followed leave, and others come when more has been published. */
  const others = ({ live }: ReturnType<typeof setting>, epoch = 'e'): void => {
    live.head = at(4, epoch)
    live.settled = 4
    live.generation++
  }

  t.test('when something else is written to those who have come since', async t => {
    const all = setting(t)
    const { timed, timer, live, begin } = all
    timer.store(begin(), at(1), live)
    others(all)
    timer.settle(live)
    t.strictSame(timed, [])
  })

  t.test('when something else is published, which is timed in its place', async t => {
    const all = setting(t)
    const { timed, timer, live, write, begin } = all
    timer.store(begin(), at(1), live)
    others(all)
    timer.store(begin(), at(5), live)
    write(5)
    t.strictSame(timed, [0])
  })

  t.test('when the broker says late where it stands', async t => {
    const all = setting(t)
    const { timed, timer, live, begin } = all
    const timing = begin()
    others(all)
    const next = begin()
    t.not(next, undefined)
    timer.store(timing, at(1), live)
    t.strictSame(timed, [])
    timer.store(next, at(4), live)
    t.strictSame(timed, [0])
  })

  t.test('nor is one of an epoch that they do not follow', async t => {
    const { timed, timer, live, write, begin } = setting(t)
    timer.store(begin(), at(1, 'f'), live)
    write(2)
    t.strictSame(timed, [])
    t.not(begin(), undefined)
  })
})
