import { mock } from 'node:test'
import t from 'tap'
import { PositionTimer } from '../../lib/channel/position-timer.js'

const subscriber = () => ({ told: 0, tellPosition () { this.told++ } })

t.beforeEach(() => { mock.timers.enable({ apis: ['setInterval'] }) })
t.afterEach(() => { mock.timers.reset() })

t.test('tells all of its subscribers from time to time, by one timer that rests with the last', async t => {
  const timer = new PositionTimer(1_000)
  const [first, second] = [subscriber(), subscriber()]
  timer.add(first)
  mock.timers.tick(500)
  timer.add(second)
  t.equal(timer.size, 2)
  mock.timers.tick(500)
  t.strictSame([first.told, second.told], [1, 1])
  timer.delete(first)
  mock.timers.tick(1_000)
  t.strictSame([first.told, second.told], [1, 2])
  timer.delete(second)
  timer.delete(second)
  t.equal(timer.size, 0)
  mock.timers.tick(10_000)
  t.strictSame([first.told, second.told], [1, 2])
  timer.add(first)
  mock.timers.tick(1_000)
  t.equal(first.told, 2)
  timer.delete(first)
})

t.test('tells many in several turns, which do not overlap', async t => {
  const timer = new PositionTimer(1_000)
  const all = Array.from({ length: 1_200 }, subscriber)
  for (const each of all) timer.add(each)
  const told = (): number => all.reduce((sum, each) => sum + each.told, 0)
  mock.timers.tick(1_000)
  t.equal(told(), 500)
  mock.timers.tick(1_000)
  t.equal(told(), 500, 'not before the first are told')
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  t.equal(told(), 1_200)
  mock.timers.tick(1_000)
  t.equal(told(), 1_700)
  for (const each of all) timer.delete(each)
})

t.test('its interval is 5 ms at least, and 15 s at most', async t => {
  for (const [given, taken] of [[0, 5], [5, 5], [6, 6], [15_000, 15_000], [60_000, 15_000], [Infinity, 15_000]] as const) {
    const timer = new PositionTimer(given)
    const only = subscriber()
    timer.add(only)
    mock.timers.tick(taken - 1)
    t.equal(only.told, 0, `${given}`)
    mock.timers.tick(1)
    t.equal(only.told, 1, `${given}`)
    timer.delete(only)
  }
})

t.test('does not keep the process', async t => {
  mock.timers.reset()
  const before = process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const timer = new PositionTimer(1_000)
  const only = subscriber()
  timer.add(only)
  t.equal(process.getActiveResourcesInfo().filter(name => name === 'Timeout').length, before)
  timer.delete(only)
})
